//! `volumes`: a network volume is the claim of its name, an instance volume a folder of the node.

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::name::dns_name;
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::train::Volume;
use crate::spec::syntax::{Entry, KeyedSpan, Node, Spans, index_path};

pub(super) const VOLUME: Table = &[
    ("name", Use::Changed("`volumes`: the PersistentVolumeClaim of this name")),
    ("instance_path", Use::Changed("`volumes`: a `hostPath` of the node")),
    ("path", Use::Kept("volumes.mountPath")),
    ("optional", Use::Changed("a node without the folder gets an empty one")),
];

/// Reads `volumes`; `before` are those that are there already.
pub(super) fn volumes(
    findings: &mut Findings,
    entry: Option<&Entry>,
    before: Option<Volume>,
    spans: &mut Spans,
) -> Vec<Volume> {
    let mut volumes: Vec<Volume> = before.into_iter().collect();
    let Some(entry) = entry else { return volumes };
    for item in items(&entry.value) {
        let Some((from, path)) = parts(findings, item) else { continue };
        if from.contains("${{") {
            let message = "a volume of its own for each node is not mounted".to_owned();
            let help = "name one volume that all nodes mount, or let each node write to its part of a bucket: `output`";
            findings.refuse(item, message, help);
            continue;
        }
        if from.starts_with('~') {
            findings.wrong_type(item, "volumes[]", "`NAME:/path`, or `/path/of/the/node:/path`");
            continue;
        }
        let is_folder = from.starts_with('/');
        let name = dns_name(&from).unwrap_or_else(|| "volume".to_owned());
        let source = if is_folder {
            ("hostPath", serde_json::json!({"path": from, "type": "DirectoryOrCreate"}))
        } else {
            ("persistentVolumeClaim", serde_json::json!({"claimName": from}))
        };
        let same = volumes.iter().filter(|other| other.name.starts_with(&name)).count();
        let name = if same > 0 { format!("{name}-{}", same + 1) } else { name };
        let place = KeyedSpan { key: None, value: item.span };
        spans.insert(index_path("volumes", volumes.len()), place);
        volumes.push(Volume {
            name,
            mount_path: path,
            sub_path: None,
            read_only: false,
            source: [(source.0.to_owned(), source.1)].into_iter().collect(),
        });
    }
    volumes
}

/// What is mounted, and where.
fn parts(findings: &mut Findings, item: &Node) -> Option<(String, String)> {
    if let Some(text) = item.as_text() {
        let parts =
            text.split_once(':').filter(|(from, path)| !from.is_empty() && path.starts_with('/'));
        if parts.is_none() {
            findings.wrong_type(item, "volumes[]", "`NAME:/path`, or `/path/of/the/node:/path`");
        }
        return parts.map(|(from, path)| (from.to_owned(), path.to_owned()));
    }
    let fields = findings.fields(item, "volumes[]", VOLUME);
    item.as_map()?;
    let Some(path) = fields.get("path") else {
        findings.missing(item, "volumes[].path");
        return None;
    };
    let path = findings.text(path, "volumes[].path")?.to_owned();
    let from = if let Some(node) = fields.get("name").or_else(|| fields.get("instance_path")) {
        let names = items(node);
        if names.len() > 1 {
            let message = "the first of several volumes is mounted".to_owned();
            findings.instead(node, message, "a claim is reached from every node that can mount it");
        }
        findings.text(names.first()?, "volumes[].name")?.to_owned()
    } else {
        findings.missing(item, "volumes[].name");
        return None;
    };
    Some((from, path))
}
