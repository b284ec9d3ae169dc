//! What has happened to local tasks: each agent tells of its own one, and the run follows from them.

use jiff::Timestamp;
use rustix::process::Signal;

use super::launch::{Launched, release};
use super::observe::tail;
use super::process;
use crate::agent::{self, read_termination};
use crate::event::{Cursor, Event, EventKind};
use crate::gang::{FailureClass, FirstFailure, Outcome, ReplicaId, TaskEnd, Verdict, decide_tasks};
use crate::runtime::RuntimeError;
use crate::store::RunPaths;
use crate::sys;

/// Who ends tasks that have nothing left to do.
const COMPLETE: &str = "mlctl, since all work is done";

/// All events since the cursor. The run's end comes as soon as the tasks' ends decide it.
pub(super) fn observe(
    run: &RunPaths,
    launched: &Launched,
    cursor: &mut Cursor,
) -> Result<Vec<Event>, RuntimeError> {
    // In this order for the reasons that a gang's observation has.
    let submitting = process::is_submitting(run);
    let living: Vec<&ReplicaId> =
        launched.replicas.iter().filter(|task| process::agent_lives(run, task)).collect();
    let mut events = Vec::new();
    for task in &launched.replicas {
        let told = tail(run, &launched.nonce, task, cursor)?;
        events.extend(told.into_iter().map(|event| event.of_task(task)));
    }
    events.sort_by_key(|event| event.time);
    for event in &events {
        if let (EventKind::TaskEnded { .. }, Some(task)) = (&event.kind, &event.replica) {
            cursor.ends.entry(task.to_string()).or_insert(milliseconds(event.time));
        }
    }
    for task in launched.replicas.iter().filter(|task| !submitting && !living.contains(task)) {
        let now = Timestamp::now();
        if cursor.ends.contains_key(&task.to_string()) {
            continue;
        }
        cursor.ends.insert(task.to_string(), milliseconds(now));
        let verdict = verdict(run, task);
        let from = "its agent is gone without a verdict";
        let kinds = [
            EventKind::ReplicaLost { reason: verdict.reason.clone() },
            EventKind::TaskEnded { verdict: verdict.clone(), inferred: Some(from.into()) },
        ];
        events.extend(kinds.map(|kind| Event {
            attempt: verdict.attempt,
            replica: Some(task.clone()),
            ..Event::new(&run.run, now, kind)
        }));
    }
    if !cursor.has_verdict
        && let Some(verdict) = decide_tasks(launched.replicas.len(), &ends(run, cursor, &events))
    {
        cursor.has_verdict = true;
        let attempt = verdict.attempt;
        let kind = EventKind::Finished { verdict, inferred: None, unsubmitted: false };
        events.push(Event { attempt, ..Event::new(&run.run, Timestamp::now(), kind) });
        let is_left = |task: &ReplicaId| {
            living.contains(&task) && !cursor.ends.contains_key(&task.to_string())
        };
        end(run, launched, is_left);
    }
    if !submitting && living.is_empty() {
        process::sweep(run);
        release(run);
        cursor.is_finished = true;
    }
    Ok(events)
}

/// The ends of tasks that have been told so far, the earliest first. What an earlier observation has
/// told is read again from what the agents have left.
fn ends(run: &RunPaths, cursor: &Cursor, news: &[Event]) -> Vec<TaskEnd> {
    let mut ends: Vec<(u64, TaskEnd)> = Vec::new();
    for (name, at) in &cursor.ends {
        let Ok(replica) = name.parse::<ReplicaId>() else { continue };
        let fresh = news.iter().find_map(|event| match &event.kind {
            EventKind::TaskEnded { verdict, .. } if event.replica.as_ref() == Some(&replica) => {
                Some(verdict.clone())
            }
            _ => None,
        });
        let verdict = fresh.unwrap_or_else(|| verdict(run, &replica));
        ends.push((*at, TaskEnd { replica, verdict }));
    }
    ends.sort_by_key(|(at, _)| *at);
    ends.into_iter().map(|(_, end)| end).collect()
}

/// How a task whose agent is gone has ended: by its last words, or else it was lost.
fn verdict(run: &RunPaths, task: &ReplicaId) -> Verdict {
    let message = read_termination(&run.termination(task));
    let attempt = message.as_ref().map_or(0, |message| message.epoch.1);
    if let Some(verdict) = message.as_ref().and_then(|message| message.verdict.clone()) {
        return verdict;
    }
    let told_to_go = message.is_some_and(|message| message.terminated_from_outside);
    let (class, reason) = if told_to_go {
        (FailureClass::Preemption, format!("the agent of {task} was told to go (SIGTERM)"))
    } else {
        let reason = format!("the agent of {task} was killed or its machine went down");
        (FailureClass::Infrastructure, reason)
    };
    let replica = task.clone();
    let first = FirstFailure { attempt, replica, class, exit: None, reason: reason.clone() };
    Verdict { outcome: Outcome::Failed, attempt, first_failure: Some(first), reason }
}

/// The run is decided: tasks that are left would do again what is done.
fn end(run: &RunPaths, launched: &Launched, is_left: impl Fn(&ReplicaId) -> bool) {
    let Ok(token) = sys::read_own(&run.token()) else { return };
    for (task, address) in launched.leaders(run) {
        if is_left(&task) && agent::cancel(&address, &token, &run.run, COMPLETE).is_err() {
            process::signal(run, &task, Signal::TERM);
        }
    }
}

/// Since 1970; a clock that stands before that counts as there.
fn milliseconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_millisecond()).unwrap_or_default()
}
