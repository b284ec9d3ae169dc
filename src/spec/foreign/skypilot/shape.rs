//! What a task looks like: it says no kind, so that its fields must tell.

use super::task::TASK;
use crate::spec::foreign::common::fields::fold;
use crate::spec::syntax::{Meaning, Node};

/// What of `resources` others don't have: a limit of Docker's, or a request of Kubernetes', is called otherwise.
const OF_RESOURCES: [&str; 19] = [
    "accelerators",
    "cpus",
    "cloud",
    "infra",
    "region",
    "zone",
    "instance_type",
    "use_spot",
    "image_id",
    "disk_size",
    "disk_tier",
    "network_tier",
    "any_of",
    "ordered",
    "ports",
    "autostop",
    "job_recovery",
    "spot_recovery",
    "accelerator_args",
];

/// Fields by which a document is somebody else's, or ours.
const OF_OTHERS: [&str; 22] = [
    "kind",
    "apiVersion",
    "commands",
    "command",
    "services",
    "jobs",
    "steps",
    "stages",
    "on",
    "image",
    "entrypoint",
    "nodes",
    "fleets",
    "trial",
    "revisions",
    "framework",
    "roles",
    "entry_point",
    "code",
    "components",
    "compute",
    "tasks",
];

/// What the document of a pipeline's own has, before its tasks.
pub(super) const HEADER: [&str; 5] =
    ["name", "execution", "primary_tasks", "termination_delay", "placement"];

/// A task, also one that has mistakes.
pub(super) fn is_task(node: &Node) -> bool {
    let Some(entries) = node.as_map() else { return false };
    let has = |name: &str| node.get(name).is_some();
    if OF_OTHERS.iter().any(|name| has(name)) || is_of_dstack(node) {
        return false;
    }
    let known = |entry: &&crate::spec::syntax::Entry| {
        TASK.iter().any(|(name, _)| fold(name) == fold(&entry.key.text))
    };
    let count = entries.iter().filter(known).count();
    // One or two may be misspelt, or newer than this table.
    if count == 0 || entries.len() - count > count {
        return false;
    }
    let is_script = |name: &str| {
        let scalar = node.get(name).and_then(Node::as_scalar);
        scalar.is_some_and(|scalar| matches!(scalar.meaning(), Meaning::Text | Meaning::Null))
    };
    let of_resources = node.get("resources").and_then(Node::as_map).unwrap_or_default();
    let asks = of_resources.iter().any(|entry| OF_RESOURCES.contains(&entry.key.text.as_str()));
    let serves = node.get("service").is_some_and(|service| {
        ["readiness_probe", "replica_policy", "load_balancing_policy"]
            .iter()
            .any(|name| service.get(name).is_some())
    });
    let is_pool = node.get("pool").is_some_and(|pool| {
        pool.as_map().is_some_and(|pool| {
            pool.iter().any(|entry| ["workers", "min_workers"].contains(&entry.key.text.as_str()))
        })
    });
    asks || serves
        || is_pool
        || has("num_nodes")
        || has("file_mounts")
        || has("envs") && (is_script("run") || is_script("setup"))
        || has("workdir") && (is_script("run") || is_script("setup"))
        || is_script("run")
            && node.get("run").is_some_and(|run| !run.is_null())
            && count == entries.len()
}

/// Configurations of dstack say their type.
fn is_of_dstack(node: &Node) -> bool {
    const TYPES: [&str; 6] = ["task", "service", "dev-environment", "fleet", "volume", "gateway"];
    node.get("type").and_then(Node::as_text).is_some_and(|text| TYPES.contains(&text))
}

/// The first document of a pipeline, which names it and has no task of its own.
pub(super) fn is_header(node: &Node, siblings: &[Node]) -> bool {
    let Some(entries) = node.as_map() else { return false };
    node.get("name").is_some()
        && entries.iter().all(|entry| HEADER.contains(&entry.key.text.as_str()))
        && siblings.iter().any(is_task)
}
