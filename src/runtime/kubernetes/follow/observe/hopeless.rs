//! Runs that would wait in vain: what keeps their pods from starting stays as it is.

use super::allowed::if_allowed;
use super::observed::Observed;
use super::run_events::finished;
use crate::event::{Event, FOR_GOOD};
use crate::gang::{Outcome, Verdict};
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::cancel;
use crate::runtime::kubernetes::follow::verdict::Unwatched;
use crate::runtime::kubernetes::follow::watch::RunFacts;
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::store::{RunPaths, RunRecord};

/// The end of a run that has never started and never will: the cluster refuses its pods for good, or
/// they fail again and again before their agents run. `None` as long as waiting may help.
pub(crate) fn hopeless(
    session: &Session,
    run: &RunPaths,
    observed: &Observed,
    submission: &Submission,
    facts: &RunFacts,
    starts_now: bool,
) -> Result<Option<Event>, RuntimeError> {
    if run.is_adopted() || has_started(run, starts_now) {
        return Ok(None);
    }
    let Ok(plan) = run.read_plan() else { return Ok(None) };
    let layout = &submission.layout;
    let gang = Unwatched { layout, rules: &plan.gang().rules, has_started: false };
    let verdict = match &observed.refused_for_good {
        Some(message) => Some(refused(message)),
        None => gang.never_starts(facts),
    };
    let Some(verdict) = verdict else { return Ok(None) };
    if_allowed(cancel::delete_jobs(session, run))?;
    Ok(Some(finished(
        session,
        run,
        verdict,
        "its pods can't start, and waiting would not change that",
    )))
}

/// The first attempt of a run has started, by its record or by events that are not recorded yet.
pub(crate) fn has_started(run: &RunPaths, starts_now: bool) -> bool {
    let read = || serde_json::from_slice(&crate::sys::read_own(&run.record()).ok()?).ok();
    starts_now || read().is_some_and(|record: RunRecord| record.started.is_some())
}

fn refused(message: &str) -> Verdict {
    Verdict {
        outcome: Outcome::CouldNotStart,
        attempt: 0,
        first_failure: None,
        reason: format!("the cluster refuses its pods: {message}; {FOR_GOOD}"),
    }
}
