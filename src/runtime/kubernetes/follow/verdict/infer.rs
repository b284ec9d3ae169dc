//! The end of a run of which no log tells.

use std::time::Duration;

use jiff::Timestamp;

use super::cause::{cause, on};
use crate::gang::{
    Exit, ExitStatus, FailureClass, FirstFailure, Outcome, TerminationMessage, Verdict,
    verdict_that_counts,
};
use crate::plan::ClusterLayout;
use crate::runtime::kubernetes::follow::watch::{JobEnd, RunFacts};

/// A primary that still runs this long after its Job was decided won't say anything any more.
const LAST_WORD: Duration = Duration::from_secs(90);

/// A verdict and where it comes from.
pub(crate) type Inferred = (Verdict, String);

/// The end of a run of which the primary's log has not told; `None` while it may still do so.
pub(crate) fn infer(layout: &ClusterLayout, facts: &RunFacts, now: Timestamp) -> Option<Inferred> {
    let primary = layout.jobs.first().and_then(|job| job.replicas.first());
    let primary = primary.and_then(|primary| facts.pod_of(layout, primary));
    let end = end_of(facts);
    let speaks = primary.is_some_and(|pod| pod.running && !pod.gone && !pod.node_lost);
    let waited = end
        .and_then(|end| end.at)
        .is_some_and(|at| now.duration_since(at).unsigned_abs() > LAST_WORD);
    if speaks && !waited {
        return None;
    }
    if let Some(verdict) = from_messages(facts) {
        return Some((verdict, "a termination message".into()));
    }
    let end = end?;
    let from = if end.words.message.is_empty() {
        format!("the Job says {}", end.words.reason)
    } else {
        format!("the Job says {}: {}", end.words.reason, end.words.message)
    };
    Some((from_job(layout, facts, end), from))
}

/// The end of a run's Jobs: a failed one, or success once all have it.
fn end_of(facts: &RunFacts) -> Option<&JobEnd> {
    let ends: Vec<&JobEnd> = facts.jobs.values().filter_map(|job| job.end.as_ref()).collect();
    let failed = ends.iter().filter(|end| !end.succeeded).min_by_key(|end| end.at);
    failed.or(ends.first().filter(|_| ends.len() == facts.jobs.len())).copied()
}

fn from_messages(facts: &RunFacts) -> Option<Verdict> {
    verdict_that_counts(messages(facts)).cloned()
}

fn messages(facts: &RunFacts) -> impl Iterator<Item = &TerminationMessage> {
    facts.pods.values().filter_map(|pod| pod.ended.as_ref()?.message.as_ref())
}

fn from_job(layout: &ClusterLayout, facts: &RunFacts, end: &JobEnd) -> Verdict {
    let attempt = messages(facts).map(|message| message.epoch.1).max().unwrap_or(0);
    if end.succeeded {
        let reason = "all pods that count have succeeded".into();
        return Verdict { outcome: Outcome::Succeeded, attempt, first_failure: None, reason };
    }
    let started = attempt > 0 || facts.pods.values().any(|pod| pod.running || pod.ended.is_some());
    let first_failure = first_failure(layout, facts, attempt);
    let (outcome, reason) = match (end.words.reason.as_str(), &first_failure) {
        ("DeadlineExceeded", _) if started => {
            (Outcome::TimedOut, "the deadline behind `timeout` is over".into())
        }
        ("DeadlineExceeded", _) => {
            let waiting = waiting(layout, facts);
            let waiting = waiting.map(|text| format!(": {text}")).unwrap_or_default();
            (Outcome::CouldNotStart, format!("its pods never ran{waiting}"))
        }
        (_, Some(failure)) => (Outcome::Failed, failure.reason.clone()),
        (reason, None) => (Outcome::Failed, format!("{reason}: {}", end.words.message)),
    };
    Verdict { outcome, attempt, first_failure, reason }
}

/// What a replica that never started waits for, in the cluster's words.
pub(crate) fn waiting(layout: &ClusterLayout, facts: &RunFacts) -> Option<String> {
    let replicas = layout.jobs.iter().flat_map(|job| &job.replicas);
    let mut waiting = replicas.filter_map(|replica| {
        let words = facts.pod_of(layout, replica)?.waiting.clone()?;
        Some(format!("{replica}: {}: {}", words.reason, words.message))
    });
    waiting.next()
}

/// Whose failure was the first: as the agents remember it, or the pod that failed first.
fn first_failure(layout: &ClusterLayout, facts: &RunFacts, attempt: u32) -> Option<FirstFailure> {
    let remembered = messages(facts)
        .filter(|message| message.first_failure.is_some())
        .max_by_key(|message| message.epoch);
    if let Some(failure) = remembered.and_then(|message| message.first_failure.clone()) {
        return Some(failure);
    }
    let failed = facts.pods.values().filter(|pod| pod.over && !pod.succeeded);
    let first = failed.min_by_key(|pod| (pod.ended.as_ref().and_then(|end| end.at), pod.age()))?;
    let replica = layout.replica(&first.job, first.index)?.clone();
    let code = first.ended.as_ref().map(|end| end.code);
    let (class, reason) = match (cause(first), code) {
        (Some(cause), _) => cause,
        (None, Some(code @ (126..=128))) => {
            (FailureClass::Startup, format!("its agent could not be started (exit code {code})"))
        }
        (None, Some(code)) => (FailureClass::UserError, format!("exit code {code}")),
        (None, None) => (FailureClass::Infrastructure, "its pod failed".into()),
    };
    let exit = first.ended.as_ref().map(|end| Exit {
        status: ExitStatus::Code(end.code),
        class: Some(class),
        peer_loss: false,
        killed_by_gang: false,
        reason: format!("exit code {}", end.code),
        last_lines: Vec::new(),
    });
    let reason = format!("{replica}{}: {reason}", on(first));
    Some(FirstFailure { attempt, replica, class, exit, reason })
}
