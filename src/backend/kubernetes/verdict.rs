//! How a gang ended, when its own log doesn't say: from termination messages, the state of Jobs and
//! what the cluster did to pods.

use std::time::Duration;

use jiff::Timestamp;

use super::watch::{JobEnd, PodFacts, RunFacts};
use crate::gang::{
    AgentExit, Exit, ExitStatus, FailureClass, FirstFailure, Outcome, ReplicaId,
    TerminationMessage, Verdict,
};
use crate::plan::ClusterLayout;

/// A primary that still runs this long after its Job was decided won't say anything any more.
const LAST_WORD: Duration = Duration::from_secs(90);

/// A verdict and where it comes from.
pub(super) type Inferred = (Verdict, String);

/// The end of a run of which the primary's log has not told; `None` while it may still do so.
pub(super) fn infer(layout: &ClusterLayout, facts: &RunFacts, now: Timestamp) -> Option<Inferred> {
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

/// The verdict of the highest (generation, attempt); a real one outranks none, and on equal epochs
/// anything outranks "could not start".
fn from_messages(facts: &RunFacts) -> Option<Verdict> {
    let messages = messages(facts).filter(|message| message.verdict.is_some());
    let best = messages.max_by_key(|message| {
        let outcome = message.verdict.as_ref().map(|verdict| verdict.outcome);
        (message.epoch, outcome != Some(Outcome::CouldNotStart))
    });
    best.and_then(|message| message.verdict.clone())
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
pub(super) fn waiting(layout: &ClusterLayout, facts: &RunFacts) -> Option<String> {
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

/// What the cluster did to a pod, if it did something.
fn cause(pod: &PodFacts) -> Option<(FailureClass, String)> {
    if pod.node_lost && pod.lives() {
        return Some((FailureClass::Infrastructure, node_lost(pod)));
    }
    let node = pod.node.as_deref().unwrap_or("its node");
    if let Some(words) = &pod.disruption {
        let said =
            if words.message.is_empty() { String::new() } else { format!(" ({})", words.message) };
        return Some(match words.reason.as_str() {
            "EvictionByEvictionAPI" => (
                FailureClass::Preemption,
                format!("its pod was evicted, as when {node} is drained{said}"),
            ),
            "PreemptionByScheduler" | "PreemptionByKueue" | "Preempting" => (
                FailureClass::Preemption,
                format!("its pod made room for one of higher priority{said}"),
            ),
            "DeletionByTaintManager" => (
                FailureClass::Infrastructure,
                format!("{node} was tainted and its pods were deleted: the node went away{said}"),
            ),
            "DeletionByPodGC" => (
                FailureClass::Infrastructure,
                format!("{node} is not in the cluster any more{said}"),
            ),
            "TerminationByKubelet" | "NodeShutdown" | "Shutdown" | "Terminated" => (
                FailureClass::Preemption,
                format!("{node} was shut down, or ran short and ended the pod{said}"),
            ),
            "Evicted" => (
                FailureClass::Infrastructure,
                format!("{node} ran short of a resource and evicted the pod{said}"),
            ),
            other => (FailureClass::Preemption, format!("its pod was disrupted: {other}{said}")),
        });
    }
    if pod.ended.as_ref().is_some_and(|end| end.reason == "OOMKilled") {
        let reason = format!("killed on {node} for its memory: it used more than its limit");
        return Some((FailureClass::OutOfMemory, reason));
    }
    None
}

/// What is known of a pod on a node that went silent, and what helps.
pub(super) fn node_lost(pod: &PodFacts) -> String {
    let node = pod.node.as_deref().unwrap_or("its node");
    format!(
        "nothing is heard of {node}; its pods block their place until the node comes back, is \
         deleted, or is tainted: kubectl taint node {node} \
         node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"
    )
}

fn on(pod: &PodFacts) -> String {
    pod.node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default()
}

/// Says what the cluster knows of a failure that the gang could only see from inside.
pub(super) fn refine(layout: &ClusterLayout, facts: &RunFacts, failure: &mut FirstFailure) {
    let vague = matches!(
        failure.class,
        FailureClass::Infrastructure
            | FailureClass::Preemption
            | FailureClass::TransientSignal
            | FailureClass::OutOfMemory
    );
    if !vague {
        return;
    }
    // An agent that was lost said nothing; its pod may.
    if failure.exit.is_none()
        && let Some((pod, code)) = died(layout, facts, &failure.replica)
    {
        let FirstFailure { replica, reason, .. } = failure;
        let reason = reason.strip_prefix(&replica.to_string()).unwrap_or(reason).trim();
        failure.reason =
            format!("{replica}{}: {reason}; its container ended with exit code {code}", on(pod));
    }
    let known = disrupted(layout, facts, &failure.replica);
    if let Some((pod, (class, reason))) = known {
        failure.class = class;
        failure.reason = format!("{}{}: {reason}", failure.replica, on(pod));
    }
}

/// The newest pod of a replica whose container was ended by a signal, and how.
fn died<'a>(
    layout: &ClusterLayout,
    facts: &'a RunFacts,
    replica: &ReplicaId,
) -> Option<(&'a PodFacts, i32)> {
    let pods = facts.pods_of(layout, replica);
    pods.into_iter().rev().find_map(|pod| {
        let code = pod.ended.as_ref()?.code;
        (code > 128 && code != i32::from(AgentExit::Terminated.code())).then_some((pod, code))
    })
}

/// The pod of a replica that the cluster did something to: the newest such.
fn disrupted<'a>(
    layout: &ClusterLayout,
    facts: &'a RunFacts,
    replica: &ReplicaId,
) -> Option<(&'a PodFacts, (FailureClass, String))> {
    let pods = facts.pods_of(layout, replica);
    pods.into_iter().rev().find_map(|pod| Some((pod, cause(pod)?)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::watch::{Ended, JobFacts, Words};
    use super::*;
    use crate::gang::TerminationState;
    use crate::plan::JobLayout;

    fn layout() -> ClusterLayout {
        let replicas = vec![ReplicaId::new("worker", 0), ReplicaId::new("worker", 1)];
        let job = JobLayout { name: "r".into(), replicas };
        ClusterLayout { service: "r".into(), jobs: vec![job] }
    }

    fn pod(index: usize) -> PodFacts {
        PodFacts {
            uid: format!("u{index}"),
            job: "r".into(),
            index,
            node: Some("node2".into()),
            ..PodFacts::default()
        }
    }

    fn ended(code: i32, reason: &str, message: Option<TerminationMessage>) -> Option<Ended> {
        let at = Some(Timestamp::UNIX_EPOCH);
        Some(Ended { code, reason: reason.into(), message, text: String::new(), at })
    }

    fn facts(pods: Vec<PodFacts>, end: Option<(bool, &str)>) -> RunFacts {
        let end = end.map(|(succeeded, reason)| JobEnd {
            succeeded,
            words: Words { reason: reason.into(), message: "m".into() },
            at: Some(Timestamp::UNIX_EPOCH),
        });
        let job = JobFacts { name: "r".into(), end, ..JobFacts::default() };
        RunFacts {
            jobs: BTreeMap::from([("r".into(), job)]),
            pods: pods.into_iter().map(|pod| (pod.uid.clone(), pod)).collect(),
        }
    }

    fn message(epoch: (u32, u32), outcome: Option<Outcome>) -> TerminationMessage {
        TerminationMessage {
            run: "r".into(),
            replica: ReplicaId::new("worker", 0),
            pod_uid: "u0".into(),
            generation: epoch.0,
            epoch,
            state: TerminationState::Exiting,
            terminated_from_outside: false,
            verdict: outcome.map(|outcome| Verdict {
                outcome,
                attempt: epoch.1,
                first_failure: None,
                reason: String::new(),
            }),
            first_failure: None,
            exit: None,
            reason: String::new(),
        }
    }

    #[test]
    fn a_real_verdict_of_the_highest_epoch_counts() {
        let over = |index, message| PodFacts {
            over: true,
            ended: ended(41, "Error", Some(message)),
            ..pod(index)
        };
        let known = facts(
            vec![over(0, message((1, 3), None)), over(1, message((0, 2), Some(Outcome::Failed)))],
            None,
        );
        let (verdict, from) = infer(&layout(), &known, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((verdict.outcome, verdict.attempt), (Outcome::Failed, 2));
        assert_eq!(from, "a termination message");
    }

    #[test]
    fn a_primary_that_speaks_is_waited_for() {
        let running = PodFacts { running: true, ..pod(0) };
        let known = facts(vec![running.clone()], Some((false, "PodFailurePolicy")));
        assert!(infer(&layout(), &known, Timestamp::UNIX_EPOCH).is_none());
        let lost = PodFacts { node_lost: true, ..running };
        let known = facts(vec![lost], Some((false, "PodFailurePolicy")));
        assert!(infer(&layout(), &known, Timestamp::UNIX_EPOCH).is_some());
    }

    #[test]
    fn pods_without_an_agent_end_by_their_jobs() {
        let done = PodFacts { over: true, succeeded: true, ..pod(0) };
        let known = facts(vec![done], Some((true, "CompletionsReached")));
        let (verdict, _) = infer(&layout(), &known, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(verdict.outcome, Outcome::Succeeded);
    }

    #[test]
    fn a_gang_that_was_never_placed_could_not_start() {
        let words = Words { reason: "Unschedulable".into(), message: "0/2 nodes".into() };
        let waiting = PodFacts { waiting: Some(words), ..pod(0) };
        let known = facts(vec![waiting], Some((false, "DeadlineExceeded")));
        let (verdict, _) = infer(&layout(), &known, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(verdict.outcome, Outcome::CouldNotStart);
        assert_eq!(verdict.reason, "its pods never ran: worker-0: Unschedulable: 0/2 nodes");
    }

    #[test]
    fn the_cluster_knows_better_why_a_replica_went() {
        let mut failure = FirstFailure {
            attempt: 1,
            replica: ReplicaId::new("worker", 1),
            class: FailureClass::Infrastructure,
            exit: None,
            reason: "lost".into(),
        };
        let killed = PodFacts { over: true, ended: ended(137, "OOMKilled", None), ..pod(1) };
        refine(&layout(), &facts(vec![killed], None), &mut failure);
        assert_eq!(failure.class, FailureClass::OutOfMemory);
        assert!(failure.reason.starts_with("worker-1 on node2: killed"), "{}", failure.reason);
        let words = Words { reason: "EvictionByEvictionAPI".into(), message: String::new() };
        let drained = PodFacts { gone: true, disruption: Some(words), ..pod(1) };
        failure.class = FailureClass::Preemption;
        refine(&layout(), &facts(vec![drained], None), &mut failure);
        assert!(failure.reason.contains("drained"), "{}", failure.reason);
    }
}
