//! The end of a run of which no log tells.

use std::time::Duration;

use jiff::Timestamp;

use super::cause::{cause, on_node};
use super::tasks::decided_by_all;
use crate::gang::{
    Attempt, Exit, ExitStatus, FailureClass, FirstFailure, Outcome, ReplicaId, TerminationMessage,
    Verdict, verdict_that_counts,
};
use crate::plan::ClusterLayout;
use crate::runtime::kubernetes::client::age;
use crate::runtime::kubernetes::follow::watch::{FailedStart, JobEnd, PodFacts, RunFacts};
use crate::runtime::kubernetes::submit::Submission;

/// A primary that still runs has written its verdict within this time after its Job was decided, or
/// it never will.
const PRIMARY_VERDICT_LIMIT: Duration = Duration::from_secs(90);

/// A pod that runs is reported within this time.
const PRIMARY_REPORT_LIMIT: Duration = Duration::from_secs(20);

/// A verdict, and for people where it comes from.
pub(crate) type Inferred = (Verdict, String);

/// The end of a run of which the logs of those who lead have not told; `None` while they may still do
/// so. `now` is the server's time.
pub(crate) fn infer(
    submission: &Submission,
    facts: &RunFacts,
    now: Option<Timestamp>,
) -> Option<Inferred> {
    let layout = &submission.layout;
    let mut leaders = submission.leaders().filter_map(|leader| facts.pod_of(layout, leader));
    let end = end_of(facts);
    let is_fresh = !submission.tasks && has_fresh_verdict(facts, now);
    let may_report = leaders
        .any(|pod| !pod.node_lost && (pod.running && !pod.gone || is_fresh && pod.is_starting()));
    let since_end = age(now, end.and_then(|end| end.at));
    let waited = since_end.is_some_and(|age| age > PRIMARY_VERDICT_LIMIT);
    if may_report && !waited {
        return None;
    }
    let is_new = since_end.is_some_and(|age| age < PRIMARY_REPORT_LIMIT);
    if is_new && end.is_some_and(|end| is_ahead(submission, facts, end)) {
        return None;
    }
    let told = if submission.tasks {
        end.and_then(|end| decided_by_all(layout, facts, end))
    } else {
        from_messages(facts)
    };
    if let Some(verdict) = told {
        return Some((verdict, "a termination message".into()));
    }
    let end = end?;
    let from = if end.message.is_empty() {
        format!("the Job says {}", end.reason)
    } else {
        format!("the Job says {}: {}", end.reason, end.message)
    };
    Some((from_job(layout, facts, end), from))
}

/// The Job has been seen to end, and a pod that leads has not, though it must have: Jobs and pods come by two
/// watches, of which one may be behind the other. What the pod has told is still to come.
fn is_ahead(submission: &Submission, facts: &RunFacts, end: &JobEnd) -> bool {
    let is_stuck = |pod: &PodFacts| {
        pod.deleting || pod.waiting.as_ref().is_some_and(|waiting| !waiting.reason.is_progress())
    };
    let is_open = |pod: &PodFacts| pod.ended.is_none() && !pod.over && !pod.gone && !pod.node_lost;
    submission.leaders().any(|leader| match facts.pod_of(&submission.layout, leader) {
        Some(pod) => is_open(pod) && (end.succeeded || !is_stuck(pod)),
        // A task that has succeeded may be gone already.
        None => end.succeeded && !submission.tasks,
    })
}

/// Some agent has ended with a verdict so lately that its primary's pod may not be seen to run yet: each
/// node reports its own pods, some later than others.
fn has_fresh_verdict(facts: &RunFacts, now: Option<Timestamp>) -> bool {
    let ends = facts.pods.values().filter_map(|pod| pod.ended.as_ref());
    let judged = ends.filter(|end| end.message.as_ref().is_some_and(|one| one.verdict.is_some()));
    let last = judged.filter_map(|end| end.at).max();
    age(now, last).is_some_and(|age| age < PRIMARY_REPORT_LIMIT)
}

/// The end of a run's Jobs: a failed one, or success once all have it.
fn end_of(facts: &RunFacts) -> Option<&JobEnd> {
    let ends: Vec<&JobEnd> = facts.jobs.values().filter_map(|job| job.end.as_ref()).collect();
    let failed = ends.iter().filter(|end| !end.succeeded).min_by_key(|end| end.at);
    failed.or(ends.first().filter(|_| ends.len() == facts.jobs.len())).copied()
}

/// The verdict that an agent left in its termination message, if one did.
fn from_messages(facts: &RunFacts) -> Option<Verdict> {
    verdict_that_counts(messages(facts)).cloned()
}

/// The termination messages of all pods that have left one.
fn messages(facts: &RunFacts) -> impl Iterator<Item = &TerminationMessage> {
    facts.pods.values().filter_map(|pod| pod.ended.as_ref()?.message.as_ref())
}

/// A verdict from how a Job ended, when no agent has left one.
fn from_job(layout: &ClusterLayout, facts: &RunFacts, end: &JobEnd) -> Verdict {
    let attempt = messages(facts).map(|message| message.epoch.1).max().unwrap_or(0);
    if end.succeeded {
        let reason = "all pods that count have succeeded".into();
        return Verdict { outcome: Outcome::Succeeded, attempt, first_failure: None, reason };
    }
    let primary = layout.jobs.first().and_then(|job| job.replicas.first());
    let primary_ran = primary
        .is_some_and(|primary| facts.pods_of(layout, primary).iter().any(|pod| pod.has_log()));
    let others_told = messages(facts).any(|message| Some(&message.replica) != primary);
    let never_began = attempt == 0 && others_told && !primary_ran && !end.is_deadline();
    // The others have given their places back, and none of them has failed.
    if let Some(primary) = primary.filter(|_| never_began) {
        let waiting = waiting(layout, facts);
        let said =
            || messages(facts).map(|message| message.reason.clone()).find(|said| !said.is_empty());
        let why = waiting.or_else(said).map(|text| format!(": {text}")).unwrap_or_default();
        let reason = format!("{primary} never ran{why}");
        return Verdict { outcome: Outcome::CouldNotStart, attempt, first_failure: None, reason };
    }
    let started = attempt > 0 || facts.pods.values().any(PodFacts::has_started);
    let evicted = || evicted(layout, attempt).filter(|_| end.is_evicted());
    let first_failure = first_failure(layout, facts, attempt).or_else(evicted);
    let before_start = attempt == 0
        && first_failure.as_ref().is_some_and(|failure| failure.class == FailureClass::Startup);
    let (outcome, reason) = match &first_failure {
        _ if end.is_deadline() && started => {
            (Outcome::TimedOut, "the deadline behind `timeout` is over".into())
        }
        _ if end.is_deadline() => {
            let waiting = waiting(layout, facts);
            let waiting = waiting.map(|text| format!(": {text}")).unwrap_or_default();
            (Outcome::CouldNotStart, format!("its pods never ran{waiting}"))
        }
        Some(failure) if before_start => (Outcome::CouldNotStart, failure.reason.clone()),
        Some(failure) => (Outcome::Failed, failure.reason.clone()),
        None => (Outcome::Failed, format!("{}: {}", end.reason, end.message)),
    };
    Verdict { outcome, attempt, first_failure, reason }
}

/// What the exit code of a primary whose pod is gone tells.
fn evicted(layout: &ClusterLayout, attempt: Attempt) -> Option<FirstFailure> {
    let replica = layout.jobs.first()?.replicas.first()?.clone();
    let class = FailureClass::Preemption;
    let reason = "a pod was evicted, preempted or drained, and no retry for that was left".into();
    Some(FirstFailure { attempt, replica, class, exit: None, reason })
}

/// What the first replica that doesn't run waits for, in the cluster's words; `None` when no pod
/// says that it waits.
pub(crate) fn waiting(layout: &ClusterLayout, facts: &RunFacts) -> Option<String> {
    let replicas = layout.jobs.iter().flat_map(|job| &job.replicas);
    let mut waiting = replicas.filter_map(|replica| {
        let waiting = facts.waiting_of(layout, replica)?;
        Some(format!("{replica}: {}: {}", waiting.reason, waiting.message))
    });
    waiting.next()
}

/// The first failure of the last attempt: as an agent remembers it in its termination message, else
/// that of the pod that failed first. `None` when no pod has failed, or when it is no replica's.
fn first_failure(layout: &ClusterLayout, facts: &RunFacts, attempt: u32) -> Option<FirstFailure> {
    let remembered = messages(facts)
        .filter(|message| message.first_failure.is_some())
        .max_by_key(|message| message.epoch);
    if let Some(failure) = remembered.and_then(|message| message.first_failure.clone()) {
        return Some(failure);
    }
    let failed = facts.pods.values().filter(|pod| pod.over && !pod.succeeded);
    let first = failed.min_by_key(|pod| (pod.ended.as_ref().and_then(|end| end.at), pod.age()))?;
    let replica = layout.replica(&first.job, first.index?)?.clone();
    if let Some(failed) = &first.failed_start {
        return Some(failure_to_start(first, failed, replica, attempt));
    }
    let code = first.ended.as_ref().map(|end| end.code);
    let (class, reason) = match (cause(first), code) {
        (Some(cause), _) => cause,
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
    let reason = format!("{replica}{}: {reason}", on_node(first));
    Some(FirstFailure { attempt, replica, class, exit, reason })
}

/// The failure of a pod in which no agent was ever started. `attempt` is the run's last one.
pub(super) fn failure_to_start(
    pod: &PodFacts,
    failed: &FailedStart,
    replica: ReplicaId,
    attempt: Attempt,
) -> FirstFailure {
    let class = FailureClass::Startup;
    let exit = Exit {
        status: ExitStatus::Code(failed.code),
        class: Some(class),
        peer_loss: false,
        killed_by_gang: false,
        reason: format!("exit code {}", failed.code),
        last_lines: Vec::new(),
    };
    let reason = format!("{replica}{}: {failed}", on_node(pod));
    FirstFailure { attempt, replica, class, exit: Some(exit), reason }
}
