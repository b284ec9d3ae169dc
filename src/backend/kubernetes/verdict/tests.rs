use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::watch::{Ended, JobEnd, JobFacts, PodFacts, RunFacts, Words};
use super::{infer, refine};
use crate::gang::{
    FailureClass, FirstFailure, Outcome, ReplicaId, TerminationMessage, TerminationState, Verdict,
};
use crate::plan::{ClusterLayout, JobLayout};

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

fn ended(code: i32, reason: &str, message: Option<TerminationMessage>) -> Ended {
    let at = Some(Timestamp::UNIX_EPOCH);
    Ended { code, reason: reason.into(), message, text: String::new(), at }
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
        ended: Some(ended(41, "Error", Some(message))),
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
    let killed = PodFacts { over: true, ended: Some(ended(137, "OOMKilled", None)), ..pod(1) };
    refine(&layout(), &facts(vec![killed], None), &mut failure);
    assert_eq!(failure.class, FailureClass::OutOfMemory);
    assert!(failure.reason.starts_with("worker-1 on node2: killed"), "{}", failure.reason);
    let words = Words { reason: "EvictionByEvictionAPI".into(), message: String::new() };
    let drained = PodFacts { gone: true, disruption: Some(words), ..pod(1) };
    failure.class = FailureClass::Preemption;
    refine(&layout(), &facts(vec![drained], None), &mut failure);
    assert!(failure.reason.contains("drained"), "{}", failure.reason);
}
