//! Several tasks in one file: a pipeline, whose tasks SkyPilot starts one after the other, or a group.

use super::shape::{is_header, is_task};
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::kinds::ForeignContext;
use crate::spec::syntax::Node;

pub(super) const PIPELINE: Table = &[
    ("name", Use::Left("each task is a run of its own, with its own name")),
    ("execution", Use::Changed("all tasks of a file start together, as those of a group do")),
    ("primary_tasks", Use::Left("each run ends by itself: `mlctl cancel` ends those that wait")),
    ("termination_delay", Use::Left("each run ends by itself")),
    ("placement", Use::Left("`nodeSelector` and `affinity` say where pods go")),
];

const ONE_BY_ONE: &str = "put each task in a file of its own, and start the next when one has succeeded: \
                          `mlctl train first.yaml && mlctl train second.yaml`";

/// What a pipeline says before its tasks.
pub(super) fn header(findings: &mut Findings, node: &Node, context: &ForeignContext<'_>) {
    let execution = node.get("execution");
    for (name, usage) in PIPELINE {
        if let (Some(entry), Use::Left(advice)) = (node.entry(name), usage)
            && *name != "name"
        {
            findings.left(name, entry, advice);
        }
    }
    let tasks = context.siblings.iter().filter(|one| is_task(one)).count();
    match execution.map(|node| (node, node.as_text().unwrap_or_default())) {
        Some((node, "parallel")) => {
            let message = "the tasks of a group don't know each other's addresses here".to_owned();
            let help = "each is a run of its own: write what must talk to each other as roles of one TrainJob, \
                        which know all hosts";
            findings.instead(node, message, help);
        }
        None | Some((_, "serial")) if tasks > 1 => one_by_one(findings, node),
        None | Some((_, "serial")) => {}
        Some((node, _)) => findings.wrong_type(node, "execution", "serial or parallel"),
    }
}

/// Says of the second task of a file without a header that it waits for nobody.
pub(super) fn order(findings: &mut Findings, node: &Node, context: &ForeignContext<'_>) {
    let siblings = context.siblings;
    // More than two need not be counted, of which a file may have thousands.
    let before = siblings[..context.index].iter().filter(|one| is_task(one)).take(2).count();
    if before == 1 && !siblings.iter().any(|one| is_header(one, siblings)) {
        one_by_one(findings, node);
    }
}

fn one_by_one(findings: &mut Findings, node: &Node) {
    let at = node.entry("name").map_or(node, |entry| &entry.value);
    let message = "SkyPilot starts these tasks one after the other; here they start together";
    findings.instead(at, message.to_owned(), ONE_BY_ONE);
}
