//! What has happened to a local gang: the agents' own lines, and what is left when they are gone.

use std::io::Write;

use jiff::Timestamp;

use super::launch::{Launched, launched, release};
use super::process;
use super::tasks;
use crate::agent::read_termination;
use crate::event::Cursor;
use crate::event::{Event, EventKind};
use crate::gang::{FailureClass, FirstFailure, Outcome, ReplicaId, Verdict, verdict_that_counts};
use crate::runtime::RuntimeError;
use crate::runtime::log_files::{has_told, tell};
use crate::store::{NewFile, RunPaths, takes_nothing};

/// All events since the cursor, and the end when there is nothing left.
pub(crate) fn observe(run: &RunPaths, cursor: &mut Cursor) -> Result<Vec<Event>, RuntimeError> {
    if cursor.is_finished {
        return Ok(Vec::new());
    }
    let Some(launched) = launched(run) else {
        return Ok(never_started(run, cursor));
    };
    if launched.tasks {
        return tasks::observe(run, &launched, cursor);
    }
    // Who submits is asked first: it records agents until it is done. Agents are asked before the logs
    // are read: whatever one that is dead now has written is in its log, so no last event is missed.
    let submitting = process::is_submitting(run);
    let living: Vec<bool> =
        launched.replicas.iter().map(|replica| process::agent_lives(run, replica)).collect();
    let mut events = Vec::new();
    for replica in &launched.replicas {
        events.extend(tail(run, &launched.nonce, replica, cursor)?);
    }
    // The sort is stable, so events of one log keep their order where times are equal.
    events.sort_by_key(|event| event.time);
    let end = events.iter().position(|event| matches!(event.kind, EventKind::Finished { .. }));
    if let Some(end) = end {
        let last = events.remove(end);
        cursor.has_verdict = true;
        events.push(last);
    }
    let all_gone = !submitting && living.iter().all(|lives| !lives);
    if all_gone {
        process::sweep(run);
        if !cursor.has_verdict {
            events.push(inferred(run, &launched, &events));
        }
        release(run);
        cursor.is_finished = true;
    }
    Ok(events)
}

/// The events that have come from the agent of a replica.
pub(super) fn tail(
    run: &RunPaths,
    nonce: &str,
    replica: &ReplicaId,
    cursor: &mut Cursor,
) -> Result<Vec<Event>, RuntimeError> {
    Ok(tell(run, nonce, replica, cursor.logs.entry(replica.to_string()).or_default())?)
}

/// The events of a run whose launch was never recorded: its mlctl was killed before it started
/// anything, or is just about to start it.
fn never_started(run: &RunPaths, cursor: &mut Cursor) -> Vec<Event> {
    if process::anything_lives(run) || is_young(run) {
        return Vec::new();
    }
    release(run);
    cursor.is_finished = true;
    vec![unstarted(run)]
}

/// The end of a run of which nothing has ever run.
fn unstarted(run: &RunPaths) -> Event {
    let verdict = Verdict {
        outcome: Outcome::CouldNotStart,
        attempt: 0,
        first_failure: None,
        reason: "mlctl ended before it had started the replicas".into(),
    };
    finished(run, verdict, "nothing of the run was ever started")
}

/// A run folder this new may belong to an mlctl that is still writing it.
fn is_young(run: &RunPaths) -> bool {
    let made = fs_err::metadata(&run.dir).and_then(|meta| meta.modified());
    made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age.as_secs() < 5))
}

/// The verdict of a gang whose agents are all gone: from a termination message if one has it.
fn inferred(run: &RunPaths, launched: &Launched, news: &[Event]) -> Event {
    let messages: Vec<_> = launched
        .replicas
        .iter()
        .filter_map(|replica| read_termination(&run.termination(replica)))
        .collect();
    if let Some(verdict) = verdict_that_counts(&messages) {
        return finished(run, verdict.clone(), "a termination message");
    }
    let attempt = messages.iter().map(|message| message.epoch.1).max().unwrap_or(0);
    if messages.iter().any(|message| message.terminated_from_outside) {
        let verdict = Verdict {
            outcome: Outcome::Failed,
            attempt,
            first_failure: None,
            reason: "the agents were told to go (SIGTERM) before the gang had decided".into(),
        };
        return finished(run, verdict, "the agents' last words");
    }
    // Each agent says that it has begun before anything else.
    let has_begun = |replica| has_told(run, &launched.nonce, replica);
    if messages.is_empty() && !launched.replicas.iter().any(has_begun) {
        return unstarted(run);
    }
    let (replica, mut reason) = first_lost(run, launched, news);
    if let Some(error) = obstacle(run) {
        reason = format!(
            "the agents are gone, and nothing can be written where they tell what happens, so that it \
             is not known how the run ended: {error}"
        );
    }
    let failure = FirstFailure {
        attempt,
        replica,
        class: FailureClass::Infrastructure,
        exit: None,
        reason: reason.clone(),
    };
    let verdict =
        Verdict { outcome: Outcome::Failed, attempt, first_failure: Some(failure), reason };
    finished(run, verdict, "the agents are gone without a verdict")
}

/// Why agents could not write their last events, if that is so.
fn obstacle(run: &RunPaths) -> Option<std::io::Error> {
    let path = run.logs().join("room");
    let written = NewFile::of(&path).and_then(|mut file| file.write_all(&[0; 4096]));
    let of_path = |error: std::io::Error| {
        std::io::Error::new(error.kind(), format!("{}: {error}", run.logs().display()))
    };
    written.err().filter(takes_nothing).map(of_path)
}

/// The replica whose agent vanished first: of those without a termination message, the one that was
/// heard of last the longest ago. With it goes a sentence about what happened.
fn first_lost(run: &RunPaths, launched: &Launched, news: &[Event]) -> (ReplicaId, String) {
    let has_ended_itself = |replica: &ReplicaId| {
        read_termination(&run.termination(replica))
            .is_some_and(|message| message.state == crate::gang::TerminationState::Exiting)
    };
    let silent: Vec<&ReplicaId> =
        launched.replicas.iter().filter(|replica| !has_ended_itself(replica)).collect();
    let last_sign = |replica: &ReplicaId| {
        let in_news = news.iter().filter(|event| event.replica.as_ref() == Some(replica));
        let written = |path| fs_err::metadata(path).and_then(|meta| meta.modified()).ok();
        let last = written(run.log(replica)).max(written(run.own_events(replica)));
        (last, in_news.map(|event| event.time).max())
    };
    let first = silent.iter().min_by_key(|replica| last_sign(replica));
    match first {
        Some(replica) => (
            (**replica).clone(),
            format!("the agent of {replica} was killed or its machine went down"),
        ),
        None => {
            (launched.replicas[0].clone(), "the agents lost each other before a verdict".into())
        }
    }
}

fn finished(run: &RunPaths, verdict: Verdict, from: &str) -> Event {
    Event::inferred_end(&run.run, Timestamp::now(), verdict, from)
}
