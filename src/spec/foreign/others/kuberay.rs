//! KubeRay: clusters of Ray, and what runs on them.

use super::documents::{Refused, below, refused, roles};
use crate::spec::foreign::common::fields::{Table, Use};
use crate::spec::kinds::{Converted, ForeignContext};
use crate::spec::syntax::Node;

const KINDS: [Refused; 4] = [
    ("RayJob", "a RayJob of KubeRay", job),
    ("RayCluster", "a RayCluster of KubeRay", cluster),
    ("RayService", "a RayService of KubeRay", service),
    ("RayCronJob", "a RayCronJob of KubeRay", job),
];

const SPEC: Table = &[
    ("entrypoint", Use::Refused("`command` of a TrainJob")),
    ("runtimeEnvYAML", Use::Refused("`setup.python.requirements`, `env` and `code`")),
    (
        "workerGroupSpecs",
        Use::Refused("`roles: {worker: {replicas: N}}`, with the group's image and resources"),
    ),
    ("headGroupSpec", Use::Refused("nothing: the first replica is the one that others meet at")),
    ("activeDeadlineSeconds", Use::Refused("`timeout`")),
    ("backoffLimit", Use::Refused("`retries: {userError: N}`")),
    ("ttlSecondsAfterFinished", Use::Refused("nothing: `mlctl cleanup` removes finished runs")),
    (
        "serveConfigV2",
        Use::Refused("`revisions` of an Endpoint, each with `model`, `server` and `replicas`"),
    ),
];

pub(in crate::spec::foreign) const TABLES: &[(&str, Table)] =
    &[("spec of a RayJob, RayCluster, RayService", SPEC)];

/// Refuses KubeRay's documents.
pub(in crate::spec::foreign) fn recognise(
    node: &Node,
    _context: &ForeignContext<'_>,
) -> Option<Converted> {
    refused(node, "ray.io/", &KINDS, true)
}

/// The workers of a cluster, wherever the document has it.
fn workers(node: &Node) -> String {
    let places = [
        &["spec", "rayClusterSpec", "workerGroupSpecs"][..],
        &["spec", "rayClusterConfig", "workerGroupSpecs"],
        &["spec", "workerGroupSpecs"],
    ];
    let groups = places.iter().find_map(|keys| below(node, keys));
    let roles = roles(groups, "groupName", "worker");
    roles.unwrap_or_else(|| "roles: {worker: {replicas: N}}".to_owned())
}

fn job(node: &Node) -> String {
    format!(
        "mlctl runs no cluster of Ray. Write a TrainJob: `entrypoint` becomes `command`, the groups of workers \
         `{}`; Ray Train's trainer becomes torchrun with `framework: pytorch`, Ray Tune's a TuneJob",
        workers(node)
    )
}

fn cluster(node: &Node) -> String {
    format!(
        "mlctl runs no cluster of Ray. Write a TrainJob for what is started on it, with `{}`: replicas get the \
         groups' image and resources, and meet without Ray",
        workers(node)
    )
}

fn service(_node: &Node) -> String {
    "mlctl runs no cluster of Ray. Write an Endpoint: `revisions: [{name: v1, model: hf://org/name, server: openai}]` \
     serves a model as Ray Serve's LLM application does, `server: custom` with `command` your own program"
        .to_owned()
}
