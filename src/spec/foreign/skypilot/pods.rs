//! `config`: of it all, what it says of pods.

use indexmap::IndexMap;

use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::syntax::Spans;

pub(super) const CONFIG: Table = &[
    ("kubernetes", Use::Within),
    ("docker", Use::Left("an image runs as a pod does: `podPatch`")),
    ("hooks", Use::Left("a run has no hooks: write them into `run`")),
    ("aws", Use::Left("mlctl makes no machines of a cloud")),
    ("gcp", Use::Left("mlctl makes no machines of a cloud")),
    ("azure", Use::Left("mlctl makes no machines of a cloud")),
    ("nvidia_gpus", Use::Left("mlctl makes no machines of a cloud")),
];
pub(super) const KUBERNETES: Table = &[
    ("pod_config", Use::Kept("podPatch")),
    ("custom_metadata", Use::Left("write it below `podPatch.metadata`")),
    ("enable_docker", Use::Left("pods of a run build no images")),
    ("remote_identity", Use::Left("`serviceAccount` says as whom pods run")),
    ("provision_timeout", Use::Left("`startTimeout` says how long pods are waited for")),
    ("kueue", Use::Left("write `queue`")),
];

/// Reads the patch of the pods.
pub(super) fn config(
    findings: &mut Findings,
    top: &Fields<'_>,
    spans: &mut Spans,
) -> IndexMap<String, serde_json::Value> {
    let Some(config) = top.get("config") else { return IndexMap::new() };
    let fields = findings.fields(config, "config", CONFIG);
    let Some(kubernetes) = fields.get("kubernetes") else { return IndexMap::new() };
    let fields = findings.fields(kubernetes, "config.kubernetes", KUBERNETES);
    let Some(entry) = fields.entry("pod_config") else { return IndexMap::new() };
    spans.insert("podPatch", Located::new((), entry).place);
    let serde_json::Value::Object(mut patch) = entry.value.to_json() else {
        findings.wrong_type(&entry.value, "config.kubernetes.pod_config", "a mapping");
        return IndexMap::new();
    };
    // There it is the only container, whatever it is called; here it is `main`.
    let first = patch.get_mut("spec").and_then(|spec| spec.get_mut("containers")?.get_mut(0));
    if let Some(serde_json::Value::Object(container)) = first {
        container.insert("name".to_owned(), "main".into());
    }
    patch.into_iter().collect()
}
