use std::collections::BTreeMap;

use jiff::Timestamp;

use super::cause::refine;
use super::infer;
use super::memory::Unwatched;
use super::tasks::decide;
use crate::event::{Event, EventKind, WaitingReason};
use crate::gang::{
    FailureClass, FirstFailure, GangConfig, Outcome, ReplicaId, TerminationMessage,
    TerminationState, Verdict,
};
use crate::plan::{ClusterLayout, JobLayout, PlanContext, RuntimeDefaults};
use crate::runtime::kubernetes::follow::watch::{
    Disruption, DisruptionKind, Ended, JobEnd, JobFacts, PodFacts, RunFacts, Waiting,
};
use crate::runtime::kubernetes::submit::Submission;
use crate::spec::TrainJob;
use crate::work::train::plan;

fn layout() -> ClusterLayout {
    let replicas = vec![ReplicaId::new("worker", 0), ReplicaId::new("worker", 1)];
    let job = JobLayout { name: "r".into(), replicas };
    ClusterLayout { service: "r".into(), jobs: vec![job] }
}

fn submission(tasks: bool) -> Submission {
    Submission {
        nonce: "n".into(),
        layout: layout(),
        jobs: BTreeMap::new(),
        tasks,
        complete: true,
        archived: false,
    }
}

fn pod(index: usize) -> PodFacts {
    PodFacts {
        uid: format!("u{index}"),
        job: "r".into(),
        index: Some(index),
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
        reason: reason.into(),
        message: "m".into(),
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
    let (verdict, from) = infer(&submission(false), &known, Some(Timestamp::UNIX_EPOCH)).unwrap();
    assert_eq!((verdict.outcome, verdict.attempt), (Outcome::Failed, 2));
    assert_eq!(from, "a termination message");
}

#[test]
fn a_primary_that_speaks_is_waited_for() {
    let running = PodFacts { running: true, ..pod(0) };
    let known = facts(vec![running.clone()], Some((false, "PodFailurePolicy")));
    assert!(infer(&submission(false), &known, Some(Timestamp::UNIX_EPOCH)).is_none());
    let lost = PodFacts { node_lost: true, ..running };
    let known = facts(vec![lost], Some((false, "PodFailurePolicy")));
    assert!(infer(&submission(false), &known, Some(Timestamp::UNIX_EPOCH)).is_some());
}

#[test]
fn pods_that_are_seen_later_than_their_job_are_waited_for() {
    let now = |seconds: i64| Timestamp::from_second(seconds).ok();
    let starting = Waiting { reason: WaitingReason::ContainerCreating, message: String::new() };
    let starting = PodFacts { waiting: Some(starting), ..pod(0) };
    for succeeded in [true, false] {
        let known = facts(vec![starting.clone()], Some((succeeded, "PodFailurePolicy")));
        assert!(infer(&submission(false), &known, now(1)).is_none());
        assert!(infer(&submission(false), &known, now(60)).is_some());
    }
    let unseen = facts(Vec::new(), Some((true, "CompletionsReached")));
    assert!(infer(&submission(false), &unseen, now(1)).is_none());
    assert!(infer(&submission(false), &unseen, now(60)).is_some());
    let refused = facts(Vec::new(), Some((false, "DeadlineExceeded")));
    assert!(infer(&submission(false), &refused, now(1)).is_some());
}

#[test]
fn pods_without_an_agent_end_by_their_jobs() {
    let done = PodFacts { over: true, succeeded: true, ..pod(0) };
    let known = facts(vec![done], Some((true, "CompletionsReached")));
    let (verdict, _) = infer(&submission(false), &known, Some(Timestamp::UNIX_EPOCH)).unwrap();
    assert_eq!(verdict.outcome, Outcome::Succeeded);
}

#[test]
fn a_gang_that_was_never_placed_could_not_start() {
    let unplaced = Waiting { reason: WaitingReason::Unschedulable, message: "0/2 nodes".into() };
    let waiting = PodFacts { waiting: Some(unplaced), ..pod(0) };
    let known = facts(vec![waiting], Some((false, "DeadlineExceeded")));
    let (verdict, _) = infer(&submission(false), &known, Some(Timestamp::UNIX_EPOCH)).unwrap();
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
    let eviction =
        Disruption { kind: DisruptionKind::EvictedByRequest, message: String::new(), at: None };
    let drained = PodFacts { gone: true, disruption: Some(eviction), ..pod(1) };
    failure.class = FailureClass::Preemption;
    refine(&layout(), &facts(vec![drained], None), &mut failure);
    assert!(failure.reason.contains("drained"), "{}", failure.reason);
}

fn rules(members: usize, budget: u32) -> GangConfig {
    let mut job: TrainJob = serde_json::from_value(serde_json::json!({
        "apiVersion": "mlctl.dev/v1", "kind": "TrainJob", "name": "a", "command": ["a"],
        "roles": {"worker": {"replicas": members}},
    }))
    .unwrap();
    job.retries.out_of_memory = budget;
    let context = PlanContext {
        run: "r".into(),
        runtime_defaults: RuntimeDefaults::CLUSTER,
        code_base: "/".into(),
    };
    plan(&job, &context).unwrap().gang().rules.clone()
}

/// So many pods of worker-0 that were killed for their memory, agent and all.
fn killed(count: usize) -> RunFacts {
    let pods = (0..count).map(|number| PodFacts {
        uid: format!("u{number}"),
        generation: u32::try_from(number).unwrap(),
        over: true,
        ended: Some(ended(137, "OOMKilled", Some(message((0, 1), None)))),
        ..pod(0)
    });
    facts(pods.collect(), None)
}

#[test]
fn agents_that_are_killed_for_memory_end_a_gang_that_nobody_watches() {
    let layout = layout();
    let end = |members, budget, has_started, facts: &RunFacts| {
        let rules = rules(members, budget);
        let gang = Unwatched { layout: &layout, rules: &rules, has_started };
        gang.killed_for_memory(facts, 1)
    };
    let verdict = end(1, 0, true, &killed(1)).expect("alone, and no budget");
    assert_eq!(verdict.outcome, Outcome::Failed);
    assert!(verdict.reason.starts_with("worker-0: memory ran out"), "{}", verdict.reason);
    let failure = verdict.first_failure.expect("a failure");
    assert_eq!((failure.class, failure.attempt), (FailureClass::OutOfMemory, 1));
    assert!(end(1, 2, true, &killed(2)).is_none(), "the budget allows two");
    assert!(end(1, 2, true, &killed(3)).is_some());
    assert!(end(2, 0, false, &killed(1)).is_some(), "it has never started");
    assert!(end(2, 0, true, &killed(1)).is_none(), "the others judge");
    assert!(end(1, 0, true, &facts(vec![pod(0)], None)).is_none(), "nothing was killed");
    let judged = Some(message((0, 1), Some(Outcome::Failed)));
    let judged = PodFacts { ended: Some(ended(137, "OOMKilled", judged)), over: true, ..pod(0) };
    assert!(end(1, 0, true, &facts(vec![judged], None)).is_none(), "it has said more itself");
    let other = PodFacts { ended: Some(ended(137, "Error", None)), over: true, ..pod(0) };
    assert!(end(1, 0, true, &facts(vec![other], None)).is_none(), "somebody else killed it");
}

/// The pod of a task whose agent has left this verdict.
fn task(index: usize, outcome: Option<Outcome>) -> PodFacts {
    let message = TerminationMessage {
        replica: ReplicaId::new("worker", u32::try_from(index).unwrap()),
        ..message((0, 1), outcome)
    };
    PodFacts { over: true, ended: Some(ended(42, "Error", Some(message))), ..pod(index) }
}

#[test]
fn tasks_are_decided_by_what_each_pod_has_left() {
    let outcome = |pods: Vec<PodFacts>| {
        decide(&layout(), &facts(pods, None), &[]).map(|verdict| verdict.outcome)
    };
    assert_eq!(outcome(vec![task(0, Some(Outcome::Failed)), pod(1)]), None);
    let one = vec![task(0, Some(Outcome::Failed)), task(1, Some(Outcome::Succeeded))];
    assert_eq!(outcome(one), Some(Outcome::Succeeded));
    // A pod that was lost is replaced, and its successor speaks for the task.
    let mut lost = task(1, None);
    (lost.uid, lost.generation) = ("u1-lost".into(), 0);
    let next = PodFacts { generation: 1, ..task(1, Some(Outcome::Failed)) };
    assert_eq!(outcome(vec![task(0, Some(Outcome::Failed)), lost.clone()]), None);
    let all = vec![task(0, Some(Outcome::Failed)), lost, next];
    assert_eq!(outcome(all), Some(Outcome::Failed));
}

#[test]
fn the_log_of_a_task_may_tell_its_end_before_its_pod_has_ended() {
    let running = PodFacts { running: true, ..pod(1) };
    let kind = EventKind::TaskEnded {
        verdict: message((0, 1), Some(Outcome::Succeeded)).verdict.unwrap(),
        inferred: None,
    };
    let replica = Some(ReplicaId::new("worker", 1));
    let event = Event { replica, ..Event::new(&"r".into(), Timestamp::UNIX_EPOCH, kind) };
    let verdict = decide(&layout(), &facts(vec![pod(0), running], None), &[event]).unwrap();
    assert_eq!(verdict.outcome, Outcome::Succeeded);
}

#[test]
fn the_job_decides_over_tasks_that_left_no_word() {
    let end = |pods: Vec<PodFacts>, job: (bool, &str)| {
        let known = facts(pods, Some(job));
        infer(&submission(true), &known, Some(Timestamp::UNIX_EPOCH))
            .map(|(verdict, _)| verdict.outcome)
    };
    let failed = || task(0, Some(Outcome::Failed));
    let silent = || PodFacts { over: true, ended: Some(ended(127, "Error", None)), ..pod(1) };
    assert_eq!(end(vec![failed(), silent()], (false, "FailedIndexes")), Some(Outcome::Failed));
    // Who has succeeded is gone without a word.
    assert_eq!(end(vec![failed()], (true, "SuccessPolicy")), Some(Outcome::Succeeded));
    assert_eq!(end(vec![failed()], (false, "DeadlineExceeded")), Some(Outcome::TimedOut));
    let running = PodFacts { running: true, ..pod(1) };
    assert_eq!(end(vec![failed(), running], (false, "FailedIndexes")), None);
}

/// Nodes report their pods at different times: that of the primary tells more than the others' ends.
#[test]
fn a_primary_whose_node_has_not_reported_it_yet_is_waited_for() {
    let end = Some(ended(0, "Completed", Some(message((1, 2), Some(Outcome::Succeeded)))));
    let known = |primary: PodFacts| {
        facts(vec![primary, PodFacts { over: true, ended: end.clone(), ..pod(1) }], None)
    };
    let at = |second: i64| Timestamp::from_second(second).ok();
    let starting = known(pod(0));
    assert!(infer(&submission(false), &starting, at(2)).is_none());
    assert!(infer(&submission(false), &starting, at(60)).is_some(), "it may never start");
    let unplaced = known(PodFacts { node: None, ..pod(0) });
    assert!(infer(&submission(false), &unplaced, at(2)).is_some());
}
