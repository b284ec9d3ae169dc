//! `runPolicy` and `restartPolicy`: when a job ends, and what happens to a replica that fails.

use super::kinds::Restarts;
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::kinds::train::Retries;
use crate::spec::syntax::{Node, Spans};
use crate::text::Span;

/// How often a gang starts again where the file sets no limit: the operator has none.
const WITHOUT_LIMIT: u32 = 10;

pub(in crate::spec::foreign) const RUN_POLICY: Table = &[
    ("activeDeadlineSeconds", Use::Kept("timeout")),
    ("backoffLimit", Use::Changed("`retries`: so often the whole gang starts again")),
    ("cleanPodPolicy", Use::Left("all replicas end with their gang, and their logs are kept")),
    ("ttlSecondsAfterFinished", Use::Left("`mlctl cleanup` removes finished runs")),
    ("schedulingPolicy", Use::Within),
    ("suspend", Use::Left("a run starts when it is submitted")),
    ("managedBy", Use::Left("nothing in the cluster manages a run")),
];

pub(in crate::spec::foreign) const SCHEDULING: Table = &[
    ("queue", Use::Left("`queue` names a queue of Kueue; a gang starts when all of it can")),
    ("priorityClass", Use::Kept("priorityClass")),
    ("minAvailable", Use::Left("a gang starts when all of it can")),
    ("minResources", Use::Left("a gang starts when all of it can")),
    ("scheduleTimeoutSeconds", Use::Kept("startTimeout")),
];

/// What a `runPolicy` says.
#[derive(Default)]
pub(super) struct Policy {
    pub(super) timeout: Option<Span>,
    pub(super) start_timeout: Option<Span>,
    pub(super) priority_class: Option<String>,
    /// How often a failed replica is started again; `None` where there is no limit.
    pub(super) backoff: Option<u32>,
}

/// Reads a job's policies; some files have their fields beside `runPolicy`, where older versions had them.
pub(super) fn policy(
    findings: &mut Findings,
    spec: &Fields<'_>,
    node: Option<&Node>,
    spans: &mut Spans,
) -> Policy {
    let own = node.map(|node| findings.fields(node, "runPolicy", RUN_POLICY)).unwrap_or_default();
    let mut policy = Policy::default();
    let entry = |name: &str| own.entry(name).or_else(|| spec.entry(name));
    if let Some(entry) = entry("activeDeadlineSeconds") {
        spans.insert("timeout", Located::new((), entry).place);
        policy.timeout = seconds(findings, &entry.value, "activeDeadlineSeconds");
    }
    if let Some(entry) = entry("backoffLimit") {
        spans.insert("retries", Located::new((), entry).place);
        policy.backoff = findings.count(&entry.value, "backoffLimit");
    }
    if let Some(scheduling) = own.get("schedulingPolicy") {
        let fields = findings.fields(scheduling, "schedulingPolicy", SCHEDULING);
        if let Some(entry) = fields.entry("priorityClass") {
            spans.insert("priorityClass", Located::new((), entry).place);
            let name = findings.text(&entry.value, "priorityClass");
            policy.priority_class = name.filter(|name| !name.is_empty()).map(str::to_owned);
        }
        if let Some(entry) = fields.entry("scheduleTimeoutSeconds") {
            spans.insert("startTimeout", Located::new((), entry).place);
            policy.start_timeout = seconds(findings, &entry.value, "scheduleTimeoutSeconds");
        }
    }
    policy
}

/// A time that is none where it is zero.
fn seconds(findings: &mut Findings, node: &Node, path: &str) -> Option<Span> {
    let seconds = findings.count(node, path)?;
    Some(Span(std::time::Duration::from_secs(seconds.into()))).filter(|_| seconds > 0)
}

/// A `restartPolicy` as it is written; `None` where it is no policy, which is told.
pub(super) fn restarts(findings: &mut Findings, node: &Node) -> Option<Restarts> {
    match findings.text(node, "restartPolicy")? {
        "Never" => Some(Restarts::Never),
        "OnFailure" | "Always" => Some(Restarts::OnFailure),
        "ExitCode" => Some(Restarts::ExitCode),
        _ => {
            findings.wrong_type(node, "restartPolicy", "Never, OnFailure, Always or ExitCode");
            None
        }
    }
}

impl Restarts {
    /// The budgets by which the gang starts again as its replicas would. What the cluster does to a pod (evictions,
    /// lost nodes) has its own usual budgets, which cost no failure of the code.
    pub(super) fn retries(self, limit: Option<u32>) -> Retries {
        let count = limit.unwrap_or(WITHOUT_LIMIT);
        let (user_error, out_of_memory, transient_signal) = match self {
            Self::Never => (0, 0, 0),
            Self::OnFailure => (count, count, count),
            // 137 is what the kernel ends a process with that takes too much memory.
            Self::ExitCode => (0, count, count),
        };
        Retries { user_error, out_of_memory, transient_signal, ..Retries::default() }
    }
}
