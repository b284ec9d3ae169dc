//! Everything that has happened to a gang in a cluster since the last look.

use std::time::Instant;

use jiff::Timestamp;

use super::primary_log::{PrimaryLogs, log_is_read, read_log};
use super::states::{placed, states};
use super::told::{last_words, refused_pods};
use super::unfinished::{
    finish_submission, killed_for_memory, lost, start_timeout, unfinished, without_jobs,
};
use crate::event::Cursor;
use crate::event::{Event, EventKind};
use crate::gang::{Outcome, ReplicaId, Verdict};
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::follow::archive;
use crate::runtime::kubernetes::follow::verdict::{infer, refine, waiting};
use crate::runtime::kubernetes::follow::watch::{PodFacts, RunFacts};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::runtime::kubernetes::submit::{Submitting, record};
use crate::store::RunPaths;

/// What this process has seen of a run; all of it can be read again.
#[derive(Default)]
pub(crate) struct Observed {
    looks: u32,
    pub(crate) tails: PrimaryLogs,
    pub(crate) asked: Option<Instant>,
}

/// All events since the cursor, and the end when there is one.
pub(crate) fn observe(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
) -> Result<Vec<Event>, RuntimeError> {
    if cursor.is_finished {
        return Ok(Vec::new());
    }
    let mut observed = session.take_observed(&run.run);
    let events = look(session, run, cursor, &mut observed);
    observed.looks += 1;
    session.keep_observed(&run.run, observed);
    let mut events = events?;
    if let Some(end) = end_of(&events) {
        // What the log holds behind it is no part of the story.
        events.truncate(end + 1);
        cursor.is_finished = true;
        archive::at_end(session, run, events.last());
        session.forget(&run.run);
    }
    Ok(events)
}

fn look(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
    observed: &mut Observed,
) -> Result<Vec<Event>, RuntimeError> {
    match Submitting::lives(run) {
        Some(true) => return Ok(Vec::new()),
        Some(false) => return unfinished(session, run),
        None => {}
    }
    let Some(submission) = session.submission(run)? else { return lost(session, run) };
    let following = observed.looks > 0;
    let Some(facts) = session.facts(&run.run, following)? else { return Ok(Vec::new()) };
    if !facts.jobs.values().any(|job| !job.gone) {
        let pods_live = facts.pods.values().any(PodFacts::lives);
        if !pods_live {
            let mut events =
                read_log(session, run, cursor, observed, &submission, &facts, following)?;
            if !has_end(&events) {
                events.extend(without_jobs(session, run, &submission, &facts)?);
            }
            return Ok(events);
        }
    }
    if facts.jobs.values().any(|job| job.suspended && job.queue.is_none() && !job.gone) {
        finish_submission(session, run)?;
    }
    let mut events = placed(session, run, cursor, &submission, &facts);
    events.extend(read_log(session, run, cursor, observed, &submission, &facts, following)?);
    if let Some(end) = end_of(&events) {
        // The agents know who is missing, and only the cluster why.
        if could_not_start(&events[end]) {
            let words = why_missing(session, run, cursor, &submission, &facts)?;
            events.splice(end..end, words);
        }
        return Ok(events);
    }
    events.extend(states(run, cursor, &submission, &facts));
    events.extend(refused_pods(session, run, cursor, observed, &facts)?);
    if log_is_read(cursor, observed, &submission, &facts, following)
        && let Some((mut verdict, from)) = infer(&submission.layout, &facts, Timestamp::now())
    {
        if let Some(failure) = &mut verdict.first_failure {
            refine(&submission.layout, &facts, failure);
        }
        if verdict.outcome == Outcome::CouldNotStart {
            events.extend(why_missing(session, run, cursor, &submission, &facts)?);
        }
        // Whoever saw the end knew more than what is left of it.
        let cluster = session.cluster()?;
        let kept = session.block_on(record(&cluster, &run.run))?.and_then(|record| record.verdict);
        events.push(match kept {
            Some(verdict) => finished(run, verdict, "the run's record"),
            None => finished(run, verdict, &from),
        });
    } else if let Some(event) =
        killed_for_memory(session, run, &submission, &facts, has_start(&events))?
    {
        events.push(event);
    } else if let Some(event) = start_timeout(session, run, &submission, &facts)? {
        events.push(event);
    }
    Ok(events)
}

fn has_start(events: &[Event]) -> bool {
    events.iter().any(|event| event.kind == EventKind::AttemptStarted)
}

fn has_end(events: &[Event]) -> bool {
    end_of(events).is_some()
}

fn end_of(events: &[Event]) -> Option<usize> {
    events.iter().position(|event| matches!(event.kind, EventKind::Finished { .. }))
}

fn could_not_start(event: &Event) -> bool {
    matches!(&event.kind, EventKind::Finished { verdict, .. } if verdict.outcome == Outcome::CouldNotStart)
}

/// What keeps pods from starting, as they or, once they are deleted, the cluster's events say it.
fn why_missing(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
    submission: &Submission,
    facts: &RunFacts,
) -> Result<Vec<Event>, RuntimeError> {
    if waiting(&submission.layout, facts).is_none() {
        return last_words(session, run, cursor, submission);
    }
    Ok(states(run, cursor, submission, facts))
}

pub(crate) fn primary(submission: &Submission) -> Option<&ReplicaId> {
    submission.layout.jobs.first()?.replicas.first()
}

pub(crate) fn event(run: &RunPaths, replica: Option<&ReplicaId>, kind: EventKind) -> Event {
    Event { replica: replica.cloned(), ..Event::new(&run.run, Timestamp::now(), kind) }
}

pub(crate) fn finished(run: &RunPaths, verdict: Verdict, from: &str) -> Event {
    Event::inferred_end(&run.run, Timestamp::now(), verdict, from)
}
