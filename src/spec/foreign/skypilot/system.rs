//! What findings about SkyPilot's files are called, and its converter.

use super::{chain, shape, task};
use crate::spec::foreign::common::converted::converted;
use crate::spec::foreign::common::fields::{Findings, System};
use crate::spec::kinds::{Converted, ForeignContext};
use crate::spec::syntax::Node;

static SKYPILOT: System = System::of(
    "SkyPilot",
    &[
        ("accelerators", "resources"),
        ("instance_type", "resources"),
        ("use_spot", "resources"),
        ("cpus", "resources"),
        ("memory", "resources"),
        ("image_id", "resources"),
        ("disk_size", "resources"),
        ("disk_tier", "resources"),
        ("infra", "resources"),
        ("cloud", "resources"),
        ("region", "resources"),
        ("any_of", "resources"),
        ("readiness_probe", "service"),
        ("replica_policy", "service"),
        ("replicas", "service"),
        ("min_replicas", "replica_policy"),
        ("max_replicas", "replica_policy"),
        ("target_qps_per_replica", "replica_policy"),
        ("initial_delay_seconds", "readiness_probe"),
        ("post_data", "readiness_probe"),
        ("num_nodes", "the task itself"),
        ("file_mounts", "the task itself"),
        ("workdir", "the task itself"),
        ("envs", "the task itself"),
        ("setup", "the task itself"),
        ("run", "the task itself"),
        ("service", "the task itself"),
    ],
);

/// The converter of tasks: `None` when the document is none.
pub(in crate::spec::foreign) fn recognise(
    node: &Node,
    context: &ForeignContext<'_>,
) -> Option<Converted> {
    let mut findings = Findings::of(&SKYPILOT);
    if shape::is_header(node, context.siblings) {
        chain::header(&mut findings, node, context);
        return Some(converted(findings, None));
    }
    if !shape::is_task(node) {
        return None;
    }
    chain::order(&mut findings, node, context);
    let document = task::convert(&mut findings, node, context);
    Some(converted(findings, document))
}
