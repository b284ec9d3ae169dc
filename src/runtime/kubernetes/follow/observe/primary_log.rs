//! The log of the primary's pods: it repeats the gang's events.

use std::collections::HashMap;

use super::look::{Observed, primary};
use crate::agent::stream::{Item, StreamReader};
use crate::event::Cursor;
use crate::event::{Event, EventKind};
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::follow::log::{Line, Position, Tail, fetch};
use crate::runtime::kubernetes::follow::verdict::refine;
use crate::runtime::kubernetes::follow::watch::RunFacts;
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::store::RunPaths;

/// The logs that are being followed, by the pod's uid.
pub(crate) type PrimaryLogs = HashMap<String, PodTail>;

pub(crate) struct PodTail {
    tail: Tail,
    reader: StreamReader,
    position: Position,
}

/// New events from the logs of the primary's pods, refined by what the cluster knows.
pub(crate) fn read_log(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
    observed: &mut Observed,
    submission: &Submission,
    facts: &RunFacts,
    following: bool,
) -> Result<Vec<Event>, RuntimeError> {
    let Some(primary) = primary(submission) else { return Ok(Vec::new()) };
    let cluster = session.cluster()?;
    let mut events = Vec::new();
    for pod in facts.pods_of(&submission.layout, primary) {
        if !pod.has_log() || is_read(cursor, &pod.uid) {
            continue;
        }
        let at = position(cursor, &pod.uid);
        let ended = pod.ended.is_some() || !pod.lives();
        if following && !pod.gone {
            let handle = session.handle();
            let start = || PodTail {
                tail: Tail::start(&handle, cluster.clone(), pod.name.clone(), at),
                reader: StreamReader::new(&submission.nonce),
                position: at,
            };
            let source = observed.tails.entry(pod.uid.clone()).or_insert_with(start);
            if behind(at, source.position) {
                // What was read before has not been kept: it is read again.
                *source = start();
            }
            if ended {
                source.tail.end();
            }
            let finished = source.tail.is_finished();
            let lines = source.tail.take();
            events.extend(source.events(lines, at));
            keep_position(cursor, &pod.uid, source.position);
            if ended && finished {
                cursor.pods.entry(pod.uid.clone()).or_default().is_read = true;
                observed.tails.remove(&pod.uid);
            }
        } else {
            if !pod.gone {
                let lines = session.block_on(fetch(&cluster, &pod.name, at, ended))?;
                let mut reader = StreamReader::new(&submission.nonce);
                let mut position = at;
                events.extend(take(&mut reader, lines, &mut position, at));
                keep_position(cursor, &pod.uid, position);
            }
            if ended {
                cursor.pods.entry(pod.uid.clone()).or_default().is_read = true;
            }
        }
    }
    events.retain(|event| event.run == run.run);
    for event in &mut events {
        match &mut event.kind {
            EventKind::FirstFailure { failure }
            | EventKind::Adopted { failure: Some(failure), .. } => {
                refine(&submission.layout, facts, failure);
            }
            EventKind::Finished { verdict, .. } => {
                if let Some(failure) = &mut verdict.first_failure {
                    refine(&submission.layout, facts, failure);
                }
            }
            _ => {}
        }
    }
    Ok(events)
}

impl PodTail {
    fn events(&mut self, lines: Vec<Line>, from: Position) -> Vec<Event> {
        take(&mut self.reader, lines, &mut self.position, from)
    }
}

fn take(
    reader: &mut StreamReader,
    lines: Vec<Line>,
    position: &mut Position,
    from: Position,
) -> Vec<Event> {
    let mut events = Vec::new();
    if behind(*position, from) {
        // Somebody else has read on, and said so in the cursor.
        *position = from;
    }
    for line in lines {
        if !behind(*position, line.position) {
            continue;
        }
        *position = line.position;
        let mut items = reader.push(&line.bytes);
        items.extend(reader.push(b"\n"));
        events.extend(items.into_iter().filter_map(|item| match item {
            Item::Event(event) => Some(event),
            Item::Line(_) => None,
        }));
    }
    events
}

fn behind(one: Position, other: Position) -> bool {
    (one.nanos, one.count) < (other.nanos, other.count)
}

fn position(cursor: &Cursor, uid: &str) -> Position {
    let pod = cursor.pods.get(uid).copied().unwrap_or_default();
    Position { nanos: pod.nanos, count: pod.lines }
}

fn is_read(cursor: &Cursor, uid: &str) -> bool {
    cursor.pods.get(uid).is_some_and(|pod| pod.is_read)
}

fn keep_position(cursor: &mut Cursor, uid: &str, position: Position) {
    if position.nanos > 0 {
        let pod = cursor.pods.entry(uid.into()).or_default();
        (pod.nanos, pod.lines) = (position.nanos, position.count);
    }
}

/// Nothing more will come from the primary's log.
pub(crate) fn log_is_read(
    cursor: &Cursor,
    observed: &Observed,
    submission: &Submission,
    facts: &RunFacts,
    following: bool,
) -> bool {
    let pod = primary(submission).and_then(|id| facts.pod_of(&submission.layout, id));
    let Some(pod) = pod else { return true };
    let read = is_read(cursor, &pod.uid);
    let ended = pod.ended.is_some() || !pod.lives();
    !following || read || !ended || !pod.has_log() || !observed.tails.contains_key(&pod.uid)
}
