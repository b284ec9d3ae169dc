//! Everything that has happened to a gang in a cluster since it was observed last.

use super::explain::explain;
use super::hopeless::hopeless;
use super::leader_logs::{logs_are_read, read_logs};
use super::observed::Observed;
use super::pod_messages::{last_warnings, refused_pods};
use super::remember::remember;
use super::run_events::finished;
use super::sights::sight_events;
use super::states::{placed_events, waiting_events};
use super::unfinished::{
    finish_submission, killed_for_memory, settle_unfinished, start_timeout, without_document,
    without_jobs,
};
use super::unmet::warnings_of_others;
use crate::event::Cursor;
use crate::event::{Event, EventKind};
use crate::gang::Outcome;
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::follow::archive;
use crate::runtime::kubernetes::follow::verdict::{decide, infer, refine, waiting};
use crate::runtime::kubernetes::follow::watch::{PodFacts, RunFacts};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::runtime::kubernetes::submit::{Submitting, record};
use crate::store::RunPaths;

/// All events since the cursor, in order; moves the cursor behind them. The last one is `Finished`
/// when the run has ended, and after that there are none.
pub(crate) fn observe(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
) -> Result<Vec<Event>, RuntimeError> {
    if cursor.is_finished {
        return Ok(Vec::new());
    }
    let mut observed = session.take_observed(&run.run);
    let events = new_events(session, run, cursor, &mut observed);
    observed.observations += 1;
    session.keep_observed(&run.run, observed);
    let mut events = events?;
    if let Some(end) = end_of(&events) {
        // The log may go on while the agents end their commands; that is not part of the run any
        // more.
        events.truncate(end + 1);
        cursor.is_finished = true;
        archive::at_end(session, run, events.last());
        session.forget(&run.run);
    }
    Ok(events)
}

/// The same, with what this process has seen of the run before. Events behind the end may follow
/// it.
fn new_events(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
    observed: &mut Observed,
) -> Result<Vec<Event>, RuntimeError> {
    match Submitting::lives(run) {
        Some(true) => return Ok(Vec::new()),
        Some(false) => return settle_unfinished(session, run),
        None => {}
    }
    let Some(submission) = session.submission(run)? else {
        return without_document(session, run);
    };
    let following = observed.observations > 0;
    let Some(mut facts) = session.facts(run, following)? else { return Ok(Vec::new()) };
    explain(session, observed, &submission, &mut facts)?;
    if !facts.jobs.values().any(|job| !job.gone) {
        let pods_live = facts.pods.values().any(PodFacts::lives);
        if !pods_live {
            let mut events =
                read_logs(session, run, cursor, observed, &submission, &facts, following)?;
            if !has_end(&events) {
                events.extend(without_jobs(session, run, &submission, &facts)?);
            }
            return Ok(events);
        }
    }
    if facts.jobs.values().any(|job| job.suspended && job.queue.is_none() && !job.gone) {
        finish_submission(session, run)?;
    }
    let mut events = placed_events(session, run, cursor, &submission, &facts);
    events.extend(read_logs(session, run, cursor, observed, &submission, &facts, following)?);
    if !has_end(&events) {
        remember(session, run, observed, &submission, &events);
    }
    if submission.tasks
        && let Some(verdict) = decide(&submission.layout, &facts, &events)
    {
        let attempt = verdict.attempt;
        let kind = EventKind::Finished { verdict, inferred: None, unsubmitted: false };
        events.push(Event { attempt, ..Event::new(&run.run, session.now(), kind) });
    }
    if let Some(end) = end_of(&events) {
        // The agents know who is missing, and only the cluster why.
        if could_not_start(&events[end]) {
            let reasons = why_missing(session, run, cursor, &submission, &facts)?;
            events.splice(end..end, reasons);
        }
        return Ok(events);
    }
    events.extend(sight_events(session, run, cursor, &submission, &facts)?);
    events.extend(waiting_events(session, run, cursor, &submission, &facts));
    events.extend(refused_pods(session, run, cursor, observed, &facts)?);
    if logs_are_read(cursor, observed, &submission, &facts, following)
        && let Some((mut verdict, from)) = infer(&submission, &facts, session.server_time())
    {
        if let Some(failure) = &mut verdict.first_failure {
            refine(&submission.layout, &facts, failure);
        }
        if verdict.outcome == Outcome::CouldNotStart {
            events.extend(why_missing(session, run, cursor, &submission, &facts)?);
        }
        // Another mlctl may have seen the end when more of the run was there: its verdict counts.
        let cluster = session.cluster()?;
        let recorded =
            session.block_on(record(&cluster, &run.run))?.and_then(|record| record.verdict);
        events.push(match recorded {
            Some(verdict) => finished(session, run, verdict, "the run's record"),
            None => finished(session, run, verdict, &from),
        });
    } else if let Some(event) =
        killed_for_memory(session, run, &submission, &facts, has_start(&events))?
    {
        events.push(event);
    } else if let Some(event) =
        hopeless(session, run, observed, &submission, &facts, has_start(&events))?
    {
        events.push(event);
    } else if following
        && let Some(event) = start_timeout(session, run, &submission, &facts, has_start(&events))?
    {
        // Only who follows the run ends it: a look changes nothing.
        events.push(event);
    }
    Ok(events)
}

/// The first attempt starts in these events.
fn has_start(events: &[Event]) -> bool {
    events.iter().any(|event| event.kind == EventKind::AttemptStarted)
}

fn has_end(events: &[Event]) -> bool {
    end_of(events).is_some()
}

/// Where the end of the run is in these events.
fn end_of(events: &[Event]) -> Option<usize> {
    events.iter().position(|event| matches!(event.kind, EventKind::Finished { .. }))
}

fn could_not_start(event: &Event) -> bool {
    matches!(&event.kind, EventKind::Finished { verdict, .. } if verdict.outcome == Outcome::CouldNotStart)
}

/// What keeps pods from starting: as they say it themselves or, once they are deleted, as the
/// cluster's events do.
fn why_missing(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
    submission: &Submission,
    facts: &RunFacts,
) -> Result<Vec<Event>, RuntimeError> {
    if waiting(&submission.layout, facts).is_none() {
        let mut events = last_warnings(session, run, cursor, submission)?;
        events.extend(warnings_of_others(session, run, cursor, submission, facts)?);
        return Ok(events);
    }
    Ok(waiting_events(session, run, cursor, submission, facts))
}
