//! Argo's workflows.

use super::documents::{Refused, below, refused};
use crate::spec::foreign::common::fields::{Table, Use};
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::{Converted, ForeignContext};
use crate::spec::syntax::Node;
use crate::text::list_of;

const KINDS: [Refused; 4] = [
    ("Workflow", "a Workflow of Argo", workflow),
    ("CronWorkflow", "a CronWorkflow of Argo", cron_workflow),
    ("WorkflowTemplate", "a WorkflowTemplate of Argo", workflow),
    ("ClusterWorkflowTemplate", "a ClusterWorkflowTemplate of Argo", workflow),
];

const SPEC: Table = &[
    ("templates", Use::Refused("a TrainJob for each template that runs a container")),
    ("entrypoint", Use::Refused("nothing: each file is a run by itself")),
    ("arguments", Use::Refused("`args`, or `--set args.NAME=VALUE`")),
    ("schedule", Use::Refused("your scheduler, which starts `mlctl train`")),
    ("activeDeadlineSeconds", Use::Refused("`timeout`")),
    (
        "volumeClaimTemplates",
        Use::Refused("`output` and `data`, which hand files on from run to run"),
    ),
];
const TEMPLATE: Table = &[
    ("container", Use::Refused("image, command, args and env of a TrainJob")),
    ("script", Use::Refused("`command`: the interpreter and the script in a file of `code`")),
    (
        "dag",
        Use::Refused(
            "a line of your scheduler or CI for each task, which waits for the run before",
        ),
    ),
    (
        "steps",
        Use::Refused(
            "a line of your scheduler or CI for each step, which waits for the run before",
        ),
    ),
    ("retryStrategy", Use::Refused("`retries`")),
    ("nodeSelector", Use::Refused("`nodeSelector`")),
    ("resource", Use::Refused("the object that it makes, where mlctl knows it")),
];

pub(in crate::spec::foreign) const TABLES: &[(&str, Table)] =
    &[("spec of a Workflow", SPEC), ("spec.templates[]", TEMPLATE)];

/// Refuses Argo's documents.
pub(in crate::spec::foreign) fn recognise(
    node: &Node,
    _context: &ForeignContext<'_>,
) -> Option<Converted> {
    refused(node, "argoproj.io/", &KINDS, true)
}

/// The templates that run something, by their names.
fn running(node: &Node) -> String {
    let places = [&["spec", "templates"][..], &["spec", "workflowSpec", "templates"]];
    let templates = places.iter().find_map(|keys| below(node, keys)).map(items).unwrap_or_default();
    let runs = |one: &&Node| one.get("container").is_some() || one.get("script").is_some();
    let names = templates.iter().filter(runs).filter_map(|one| one.get("name")?.as_text());
    let names: Vec<String> = names.take(4).map(|name| format!("`{name}`")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if names.is_empty() { "the step that trains".to_owned() } else { list_of(&names, "or") }
}

fn workflow(node: &Node) -> String {
    format!(
        "mlctl runs no workflows. Write a TrainJob for {}: image, command, args and env keep their names; a step of \
         the workflow can run `mlctl train FILE`, which exits as the run does",
        running(node)
    )
}

fn cron_workflow(node: &Node) -> String {
    format!(
        "mlctl runs no workflows and has no clock. Write a TrainJob for {}: image, command, args and env keep their \
         names; cron, a CronJob or the CronWorkflow itself starts `mlctl train FILE`",
        running(node)
    )
}
