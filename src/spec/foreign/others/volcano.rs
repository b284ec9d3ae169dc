//! Volcano's jobs.

use super::documents::{Refused, below, refused, roles};
use crate::spec::foreign::common::fields::{Table, Use};
use crate::spec::kinds::{Converted, ForeignContext};
use crate::spec::syntax::Node;

const BATCH: [Refused; 2] =
    [("Job", "a Job of Volcano", job), ("CronJob", "a CronJob of Volcano", cron_job)];
const SCHEDULING: [Refused; 2] =
    [("Queue", "a Queue of Volcano", queue), ("PodGroup", "a PodGroup of Volcano", pod_group)];

const FLOW: [Refused; 2] =
    [("JobFlow", "a JobFlow of Volcano", flow), ("JobTemplate", "a JobTemplate of Volcano", job)];

const SPEC: Table = &[
    (
        "tasks",
        Use::Refused(
            "`roles` of a TrainJob, each with its `replicas`, image, command and resources",
        ),
    ),
    ("minAvailable", Use::Refused("nothing: a gang starts when all of it can")),
    ("queue", Use::Refused("`queue`, which names a queue of Kueue")),
    ("priorityClassName", Use::Refused("`priorityClass`")),
    ("maxRetry", Use::Refused("`retries: {userError: N}`")),
    ("policies", Use::Refused("`retries` and `completion`: the gang starts again as a whole")),
    ("plugins", Use::Refused("`framework`: replicas find each other without ssh, svc or env")),
    ("ttlSecondsAfterFinished", Use::Refused("nothing: `mlctl cleanup` removes finished runs")),
    ("volumes", Use::Refused("`volumes`")),
    (
        "schedulerName",
        Use::Refused("`podPatch: {spec: {schedulerName: volcano}}`, if it shall place the pods"),
    ),
];

pub(in crate::spec::foreign) const TABLES: &[(&str, Table)] = &[("spec of a Job", SPEC)];

/// Refuses Volcano's documents.
pub(in crate::spec::foreign) fn recognise(
    node: &Node,
    _context: &ForeignContext<'_>,
) -> Option<Converted> {
    refused(node, "batch.volcano.sh/", &BATCH, false)
        .or_else(|| refused(node, "scheduling.volcano.sh/", &SCHEDULING, false))
        .or_else(|| refused(node, "flow.volcano.sh/", &FLOW, false))
}

fn job(node: &Node) -> String {
    let roles = roles(below(node, &["spec", "tasks"]), "name", "worker");
    format!(
        "write a TrainJob with `{}`: image, command, args and env of the tasks keep their names, `minAvailable` is \
         all of them, and `framework` says how they find each other",
        roles.as_deref().unwrap_or("roles: {worker: {replicas: N}}")
    )
}

fn cron_job(_node: &Node) -> String {
    "write a TrainJob with a role for each task, and start it from your scheduler: `mlctl train --detach`".to_owned()
}

fn flow(_node: &Node) -> String {
    "mlctl runs no workflows. Write a TrainJob for each job, and start one after the other: `mlctl train FILE` exits as \
     the run does"
        .to_owned()
}

fn queue(_node: &Node) -> String {
    "apply it with kubectl; `queue` of a TrainJob names a queue of Kueue".to_owned()
}

fn pod_group(_node: &Node) -> String {
    "a gang of mlctl starts when all of it can, without a PodGroup".to_owned()
}
