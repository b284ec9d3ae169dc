//! Flyte's workflows, tasks and launch plans, as its tools write them.

use super::documents::{OTHERS, below};
use crate::spec::foreign::common::converted::converted;
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::kinds::{Converted, ForeignContext};
use crate::spec::syntax::{Entry, Node};

const TASK: Table = &[
    ("container", Use::Refused("image, command, args and env of a TrainJob")),
    ("resources", Use::Refused("`cpu`, `memory` and `accelerators`")),
    ("retries", Use::Refused("`retries`")),
    ("timeout", Use::Refused("`timeout`")),
    ("inputs", Use::Refused("`args`, or `--set args.NAME=VALUE`")),
    ("custom", Use::Refused("`roles` and `framework`, where a plugin starts several replicas")),
];

pub(in crate::spec::foreign) const TABLES: &[(&str, Table)] = &[("a task", TASK)];

/// What launch plans and executions have, and no other document.
const OF_EXECUTIONS: [&str; 4] = ["targetDomain", "targetProject", "kubeServiceAcct", "iamRoleARN"];

/// Refuses Flyte's documents: its object in a cluster, what is registered, and the file of an execution.
pub(in crate::spec::foreign) fn recognise(
    node: &Node,
    _context: &ForeignContext<'_>,
) -> Option<Converted> {
    let (at, what) = told(node)?;
    let mut findings = Findings::of(&OTHERS);
    let help = "mlctl runs no workflows. Write a TrainJob for the task that trains: its container's image, args and \
                env keep their names, `Resources` become `cpu`, `memory` and `accelerators`, Elastic's nodes \
                `framework: pytorch` with `roles: {worker: {replicas: N}}`; a task of the workflow can run `mlctl \
                train FILE`, which exits as the run does";
    findings.refuse(&at.value, format!("{what} of Flyte is not run"), help);
    Some(converted(findings, None))
}

/// What gives a document away, and what it is.
fn told(node: &Node) -> Option<(&Entry, &'static str)> {
    if let Some(version) = node.entry("apiVersion") {
        let is_flyte = version.value.as_text()?.starts_with("flyte.lyft.com/");
        return is_flyte.then_some((node.entry("kind").unwrap_or(version), "a workflow"));
    }
    if let Some(kind) = node.entry("kind") {
        let name = kind.value.as_text()?;
        return name.eq_ignore_ascii_case("flyteworkflow").then_some((kind, "a workflow"));
    }
    for keys in [
        &["id"][..],
        &["template", "id"],
        &["workflow", "id"],
        &["closure", "compiledTask", "template", "id"],
    ] {
        let Some(id) = below(node, keys) else { continue };
        if let Some(entry) = id.entry("resourceType").or_else(|| id.entry("resource_type")) {
            return match entry.value.as_text()? {
                "TASK" | "1" => Some((entry, "a task")),
                "WORKFLOW" | "2" => Some((entry, "a workflow")),
                "LAUNCH_PLAN" | "3" => Some((entry, "a launch plan")),
                _ => None,
            };
        }
    }
    let execution = OF_EXECUTIONS.iter().find_map(|name| node.entry(name))?;
    let runs = node.entry("workflow").or_else(|| node.entry("task"))?;
    runs.value.as_text().map(|_| (execution, "an execution"))
}
