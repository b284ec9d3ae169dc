//! The logs of the pods that lead: the primary's repeats the gang's events, and each task tells its own.

use super::observed::Observed;
use super::pod_tail::{PodTail, events_in};
use super::run_events::waiting_event;
use super::states::is_news;
use crate::agent::stream::StreamReader;
use crate::event::Cursor;
use crate::event::{Event, EventKind, WaitingReason};
use crate::runtime::kubernetes::follow::log::{Position, fetch};
use crate::runtime::kubernetes::follow::verdict::refine;
use crate::runtime::kubernetes::follow::watch::{PodFacts, RunFacts, Waiting};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::runtime::{ClusterError, RuntimeError};
use crate::store::RunPaths;

/// The events that have come in the logs of the pods that lead, refined by what the cluster knows,
/// and moves the cursor behind them. `following` keeps a stream open for the next call.
pub(crate) fn read_logs(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
    observed: &mut Observed,
    submission: &Submission,
    facts: &RunFacts,
    following: bool,
) -> Result<Vec<Event>, RuntimeError> {
    let mut events = Vec::new();
    for leader in submission.leaders() {
        for pod in facts.pods_of(&submission.layout, leader) {
            let told = read_log(session, cursor, observed, &submission.nonce, pod, following);
            let told = match told {
                Err(RuntimeError::Cluster(ClusterError::Node(why))) => {
                    let waiting = unread(why);
                    let is_new = !pod.node_lost && is_news(cursor, &leader.to_string(), &waiting);
                    let event = || waiting_event(session, run, Some(leader), waiting);
                    is_new.then(event).into_iter().collect()
                }
                told => told?,
            };
            let of = |event: Event| if submission.tasks { event.of_task(leader) } else { event };
            events.extend(told.into_iter().map(of));
        }
    }
    if submission.tasks {
        // The sort is stable, so events of one log keep their order where times are equal.
        events.sort_by_key(|event| event.time);
    }
    events.retain(|event| event.run == run.run);
    for event in &mut events {
        match &mut event.kind {
            EventKind::FirstFailure { failure }
            | EventKind::Adopted { failure: Some(failure), .. } => {
                refine(&submission.layout, facts, failure);
            }
            EventKind::Finished { verdict, .. } | EventKind::TaskEnded { verdict, .. } => {
                if let Some(failure) = &mut verdict.first_failure {
                    refine(&submission.layout, facts, failure);
                }
            }
            _ => {}
        }
    }
    Ok(events)
}

/// The events that have come in the log of one pod; moves the cursor behind them.
fn read_log(
    session: &Session,
    cursor: &mut Cursor,
    observed: &mut Observed,
    nonce: &str,
    pod: &PodFacts,
    following: bool,
) -> Result<Vec<Event>, RuntimeError> {
    let mut events = Vec::new();
    if !pod.has_log() || is_read(cursor, &pod.uid) {
        return Ok(events);
    }
    let cluster = session.cluster()?;
    let at = position(cursor, &pod.uid);
    let ended = pod.ended.is_some() || !pod.lives();
    if following && !pod.gone {
        let handle = session.handle();
        let start = || PodTail::start(&handle, cluster.clone(), &pod.name, at, nonce);
        let source = observed.tails.entry(pod.uid.clone()).or_insert_with(start);
        if at.is_before(source.position) {
            // The caller could not keep what was read before, so it is read again.
            *source = start();
        }
        if ended {
            source.tail.end();
        }
        let finished = source.tail.is_finished();
        events.extend(source.events(at));
        keep_position(cursor, &pod.uid, source.position);
        if ended && finished {
            // What a silent node has kept may be read once it answers again.
            let is_read = source.tail.unread().is_none();
            cursor.pods.entry(pod.uid.clone()).or_default().is_read = is_read;
            observed.tails.remove(&pod.uid);
        }
    } else {
        if pod.node_lost {
            // It would be waited for, and there is nothing to be had.
            return Ok(events);
        }
        if !pod.gone {
            let mut reader = StreamReader::new(nonce);
            let mut position = at;
            session.block_on(fetch(&cluster, &pod.name, at, ended, |line| {
                events.extend(events_in(&mut reader, [line], &mut position, at));
            }))?;
            keep_position(cursor, &pod.uid, position);
        }
        if ended {
            cursor.pods.entry(pod.uid.clone()).or_default().is_read = true;
        }
    }
    Ok(events)
}

/// What is told of a replica whose log is on a node that doesn't answer.
fn unread(why: String) -> Waiting {
    let message =
        format!("what it has told since can't be read, since its node doesn't answer: {why}");
    Waiting { reason: WaitingReason::Other("LogUnreadable".into()), message }
}

/// How far the events of a pod have been kept.
fn position(cursor: &Cursor, uid: &str) -> Position {
    let pod = cursor.pods.get(uid).copied().unwrap_or_default();
    Position { nanos: pod.nanos, count: pod.lines }
}

/// The log of a pod has been read to its end.
fn is_read(cursor: &Cursor, uid: &str) -> bool {
    cursor.pods.get(uid).is_some_and(|pod| pod.is_read)
}

/// Writes into the cursor how far a pod has been read. Before the first line there is nothing to
/// keep.
fn keep_position(cursor: &mut Cursor, uid: &str, position: Position) {
    if position.nanos > 0 {
        let pod = cursor.pods.entry(uid.into()).or_default();
        (pod.nanos, pod.lines) = (position.nanos, position.count);
    }
}

/// Nothing more will come from the logs of those who lead, so that a verdict may be inferred from what else
/// is known.
pub(crate) fn logs_are_read(
    cursor: &Cursor,
    observed: &Observed,
    submission: &Submission,
    facts: &RunFacts,
    following: bool,
) -> bool {
    submission.leaders().filter_map(|id| facts.pod_of(&submission.layout, id)).all(|pod| {
        let read = is_read(cursor, &pod.uid);
        let ended = pod.ended.is_some() || !pod.lives();
        !following || read || !ended || !pod.has_log() || !observed.tails.contains_key(&pod.uid)
    })
}
