//! Which documents are dstack's, and what becomes of those that run nothing.

use super::service::service;
use super::task::task;
use crate::spec::foreign::common::converted::converted;
use crate::spec::foreign::common::fields::{Findings, System};
use crate::spec::kinds::{Converted, ForeignContext};
use crate::spec::syntax::Node;

static DSTACK: System = System::of(
    "dstack",
    &[
        ("gpu", "resources"),
        ("memory", "resources"),
        ("cpu", "resources"),
        ("disk", "resources"),
        ("shm_size", "resources"),
        ("on_events", "retry"),
        ("metric", "scaling"),
        ("target", "scaling"),
        ("min_gpu_utilization", "utilization_policy"),
        ("time_window", "utilization_policy"),
        ("image", "the configuration, beside `type`"),
        ("commands", "the configuration, beside `type`"),
        ("port", "the configuration of a service, beside `type`"),
        ("ports", "the configuration, beside `type`"),
        ("replicas", "the configuration of a service, beside `type`"),
    ],
);

/// Configurations that run nothing by themselves: their type, what they are, and what to do instead.
const OTHERS: [(&str, &str, &str); 6] = [
    (
        "dev-environment",
        "a dev environment is a machine to work on, which mlctl doesn't keep",
        "write a task with `commands: [sleep 8h]`: `mlctl exec RUN -- bash` opens a shell beside it",
    ),
    (
        "preset",
        "mlctl keeps no presets, so a preset becomes nothing",
        "write a service with the `commands` and `resources` that it has found",
    ),
    (
        "endpoint",
        "an endpoint of dstack looks for a preset, which mlctl doesn't keep",
        "write a service with `commands`, `port` and `resources`",
    ),
    (
        "fleet",
        "mlctl makes no machines, so a fleet becomes nothing",
        "runs are on this machine, or on the nodes of the cluster that `--context` names",
    ),
    (
        "volume",
        "mlctl makes no volumes, so a volume becomes nothing",
        "apply a PersistentVolumeClaim of this name with kubectl: tasks and services that mount the volume find it",
    ),
    (
        "gateway",
        "mlctl makes no gateways, so a gateway becomes nothing",
        "`expose` of an Endpoint says what a cluster shows: an Ingress, a Gateway or a load balancer",
    ),
];

/// The converter of dstack's files: `None` when the document is none of them.
pub(in crate::spec::foreign) fn recognise(
    node: &Node,
    context: &ForeignContext<'_>,
) -> Option<Converted> {
    let name = type_of(node)?;
    let mut findings = Findings::of(&DSTACK);
    let document = match name {
        "task" => task(&mut findings, node, context),
        "service" => service(&mut findings, node, context),
        other => {
            let (_, message, help) = OTHERS.iter().find(|(name, ..)| *name == other)?;
            let at = node.get("type").unwrap_or(node);
            // Beside something that runs it is only left out.
            if context.siblings.iter().any(|one| matches!(type_of(one), Some("task" | "service"))) {
                findings.instead(at, (*message).to_owned(), help);
            } else {
                findings.refuse(at, (*message).to_owned(), help);
            }
            None
        }
    };
    Some(converted(findings, document))
}

/// The type of a configuration. Documents of Kubernetes and of ours may have such a field too.
fn type_of(node: &Node) -> Option<&str> {
    if node.get("apiVersion").is_some() || node.get("kind").is_some() {
        return None;
    }
    node.get("type")?.as_text()
}
