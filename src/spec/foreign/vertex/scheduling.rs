//! `scheduling`: how long a job may take and how often it starts again.

use std::time::Duration;

use crate::spec::kinds::train::Retries;
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{Entry, Node};
use crate::text::Span;

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;

pub(super) const SCHEDULING: Table = &[
    ("timeout", Use::Kept("timeout")),
    ("restartJobOnWorkerRestart", Use::Changed("`retries`: the whole gang restarts")),
    (
        "strategy",
        Use::Changed("a priority of machines; spot is told, since nodes are the cluster's"),
    ),
    ("disableRetries", Use::Changed("`retries` with no restarts")),
    ("maxWaitDuration", Use::Kept("startTimeout")),
];

const SPOT_HELP: &str = "nothing picks spot nodes by itself: add nodeSelector and tolerations for \
                         those of the cluster";

/// What a job's `scheduling` says, in the words of our specs.
#[derive(Default)]
pub(super) struct Scheduling {
    pub(super) timeout: Option<Located<Span>>,
    pub(super) start_timeout: Option<Located<Span>>,
    /// `None`: the default budgets, which are Vertex AI's own: each class of failure has its count,
    /// signals and infrastructure 3, preemption 6, the user's errors and lack of memory none.
    pub(super) retries: Option<Located<Retries>>,
}

/// Reads a `scheduling`.
pub(super) fn scheduling(findings: &mut Findings, node: &Node, replicas: u32) -> Scheduling {
    let fields = findings.fields(node, "scheduling", SCHEDULING);
    let timeout = duration(findings, fields.entry("timeout"), "scheduling.timeout");
    let wait = duration(findings, fields.entry("maxWaitDuration"), "scheduling.maxWaitDuration");
    if let Some(entry) = fields.entry("restartJobOnWorkerRestart")
        && findings.flag(&entry.value, "restartJobOnWorkerRestart") == Some(false)
        && replicas > 1
    {
        findings.add(
            Diagnostic::warning(Code::VertexWholeGang, "replicas always restart together")
                .at(entry.value.span, "")
                .help("one lost replica restarts all of them, from the last checkpoint"),
        );
    }
    if let Some(entry) = fields.entry("strategy") {
        strategy(findings, &entry.value);
    }
    let retries = fields
        .entry("disableRetries")
        .filter(|entry| findings.flag(&entry.value, "disableRetries") == Some(true))
        .map(|entry| Located::new(NO_RETRIES, entry));
    // Zero means "wait for ever" there; a start that never comes should be told to somebody.
    let for_ever = wait.as_ref().is_some_and(|wait| wait.value.0.is_zero());
    if let (true, Some(entry)) = (for_ever, fields.entry("maxWaitDuration")) {
        findings.left("maxWaitDuration: 0", entry, "set startTimeout to wait longer than usual");
    }
    let start_timeout = wait.filter(|_| !for_ever);
    let timeout = timeout.filter(|timeout| !timeout.value.0.is_zero());
    Scheduling { timeout, start_timeout, retries }
}

const NO_RETRIES: Retries = Retries {
    user_error: 0,
    out_of_memory: 0,
    transient_signal: 0,
    startup: 0,
    infrastructure: 0,
    preemption: 0,
};

fn strategy(findings: &mut Findings, node: &Node) {
    let Some(name) = findings.text(node, "scheduling.strategy") else { return };
    let left = |message: &str, help: &str| {
        Diagnostic::warning(Code::VertexStrategy, message).at(node.span, "").help(help)
    };
    match name.to_ascii_uppercase().replace('-', "_").as_str() {
        "STANDARD" | "ON_DEMAND" | "ONDEMAND" | "STRATEGY_UNSPECIFIED" => {}
        "SPOT" => findings.add(left("spot machines are left out", SPOT_HELP)),
        "LOW_COST" => findings.add(left("LOW_COST (spot machines) is left out", SPOT_HELP)),
        "FLEX_START" => findings.add(left(
            "FLEX_START is left out",
            "the run waits for its nodes as long as startTimeout says; a queue waits longer",
        )),
        _ => findings.add(
            Diagnostic::error(Code::VertexStrategy, format!("there is no strategy `{name}`"))
                .at(node.span, "")
                .help("write STANDARD, SPOT or FLEX_START"),
        ),
    }
}

/// The API's `3600s`; also a plain number of seconds, and what our own specs take.
pub(super) fn duration(
    findings: &mut Findings,
    entry: Option<&Entry>,
    path: &str,
) -> Option<Located<Span>> {
    let entry = entry?;
    let text = findings.text(&entry.value, path)?.trim();
    let seconds = text.parse::<f64>().ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
    let span = seconds.map(Span).or_else(|| text.parse().ok());
    if span.is_none() {
        findings.wrong_type(&entry.value, path, "a duration in seconds, for example 3600s");
    }
    span.map(|span| Located::new(span, entry))
}
