//! One worker pool, and what a pool's position means.

use crate::spec::kinds::train::Volume;
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{Entry, Node};

use super::container::{container_spec, python_package_spec};
use super::machine::machine_spec;
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::pool::{Pool, Program};
use crate::spec::foreign::common::scalars::items;

/// The roles of Vertex AI's pools, by position.
pub(super) const ROLES: [&str; 4] = ["chief", "worker", "ps", "evaluator"];

/// The same in words, for messages.
const TITLES: [&str; 4] = ["primary", "workers", "parameter servers", "evaluators"];

pub(super) const WORKER_POOL_SPEC: Table = &[
    ("containerSpec", Use::Within),
    ("pythonPackageSpec", Use::Within),
    ("machineSpec", Use::Within),
    ("replicaCount", Use::Kept("roles.<role>.replicas")),
    ("nfsMounts", Use::Within),
    ("diskSpec", Use::Left("replicas have their node's disk; mount volumes for more space")),
    ("lustreMounts", Use::Left("mount it as a volume (the Lustre CSI driver)")),
];

pub(super) const NFS_MOUNT: Table = &[
    ("server", Use::Changed("`nfs.server` of a volume")),
    ("path", Use::Changed("`nfs.path` of a volume")),
    ("mountPoint", Use::Kept("volumes[].mountPath")),
];

/// Reads the pool at a position; `None` for a gap, or when its errors are in `findings`.
pub(super) fn pool(findings: &mut Findings, node: &Node, position: usize) -> Option<Pool> {
    if node.is_null() || node.as_map().is_some_and(<[_]>::is_empty) {
        if position == 0 {
            findings.add(
                Diagnostic::error(Code::VertexPrimary, "the first worker pool is empty")
                    .at(node.span, "the primary replica belongs here"),
            );
        }
        return None;
    }
    let path = format!("workerPoolSpecs[{position}]");
    let Some(role) = ROLES.get(position) else {
        findings.add(
            Diagnostic::error(Code::VertexPools, "there are at most four worker pools")
                .at(node.span, "")
                .help("primary, workers, parameter servers, evaluators, in this order"),
        );
        return None;
    };
    let fields = findings.fields(node, &path, WORKER_POOL_SPEC);
    node.as_map()?;
    // Nothing of a pool counts that has no replicas, so that nothing more is said of it.
    let Ok(replicas) = replicas(findings, fields.entry("replicaCount"), node, position) else {
        return None;
    };
    let program = match (fields.entry("containerSpec"), fields.entry("pythonPackageSpec")) {
        (Some(container), None) => container_spec(findings, &container.value),
        (None, Some(package)) => python_package_spec(findings, &package.value),
        (Some(container), Some(package)) => {
            findings.add(
                Diagnostic::error(Code::VertexTwoPrograms, "a pool runs one thing")
                    .at(package.key.span, "this one")
                    .at(container.key.span, "or this one"),
            );
            return None;
        }
        (None, None) => {
            findings.add(
                Diagnostic::error(Code::VertexMissing, format!("`{path}` has nothing to run"))
                    .at(node.span, "")
                    .help("add containerSpec with imageUri, or pythonPackageSpec"),
            );
            Program::default()
        }
    };
    let resources = fields.get("machineSpec").map(|spec| machine_spec(findings, spec));
    let volumes = fields
        .entry("nfsMounts")
        .map(|entry| Located::list(nfs_mounts(findings, &entry.value), entry, &entry.value));
    let volumes = volumes.filter(|list| !list.value.is_empty());
    let reduction_server =
        program.image.as_ref().is_some_and(|image| image.value.contains("reductionserver"));
    if reduction_server {
        let message = format!("{path} is a reduction server: left out");
        findings.add(
            Diagnostic::warning(Code::VertexReductionServer, message).at(node.span, "").help(
                "it only speeds gradients up in Google's network; NCCL does the same work without",
            ),
        );
        return None;
    }
    let replicas = replicas?;
    Some(Pool { role, replicas, program, resources: resources.unwrap_or_default(), volumes })
}

/// A pool without replicas, which has been said.
struct Gap;

/// `replicaCount`: 1 where it is missing; 0 makes a gap of the pool. `None`: its errors are in `findings`.
fn replicas(
    findings: &mut Findings,
    entry: Option<&Entry>,
    pool: &Node,
    position: usize,
) -> Result<Option<Located<u32>>, Gap> {
    let Some(entry) = entry else {
        let place = crate::spec::syntax::KeyedSpan { key: None, value: pool.span };
        return Ok(Some(Located { value: 1, place, items: Vec::new() }));
    };
    let Some(count) = findings.count(&entry.value, "replicaCount") else { return Ok(None) };
    match (position, count) {
        (0, 1) => {}
        (0, _) => {
            let mut finding =
                Diagnostic::error(Code::VertexPrimary, "the first worker pool has one replica")
                    .at(entry.value.span, "");
            if count > 1 {
                finding = finding.help(format!(
                    "write 1, and a second pool with replicaCount {} for the other workers",
                    count - 1
                ));
            }
            findings.add(finding);
            return Ok(None);
        }
        (_, 0) => {
            let message = format!("no replicas: the {} are left out", TITLES[position.min(3)]);
            findings
                .add(Diagnostic::warning(Code::VertexEmptyPool, message).at(entry.value.span, ""));
            return Err(Gap);
        }
        _ => {}
    }
    Ok(Some(Located::new(count, entry)))
}

fn nfs_mounts(findings: &mut Findings, node: &Node) -> Vec<Volume> {
    let mut volumes = Vec::new();
    for (index, item) in items(node).iter().enumerate() {
        let fields = findings.fields(item, "nfsMounts[]", NFS_MOUNT);
        let mut text = |name: &str| {
            let Some(value) = fields.get(name) else {
                if item.as_map().is_some() {
                    let message = format!("`nfsMounts[].{name}` is missing");
                    findings.add(Diagnostic::error(Code::VertexMissing, message).at(item.span, ""));
                }
                return None;
            };
            findings.text(value, name)
        };
        let (server, path, mount_point) = (text("server"), text("path"), text("mountPoint"));
        if let (Some(server), Some(path), Some(mount_point)) = (server, path, mount_point) {
            let source = serde_json::json!({ "server": server, "path": path });
            volumes.push(Volume {
                name: format!("nfs-{index}"),
                mount_path: format!("/mnt/nfs/{}", mount_point.trim_matches('/')),
                sub_path: None,
                read_only: false,
                source: [("nfs".to_owned(), source)].into_iter().collect(),
            });
        }
    }
    volumes
}
