//! When a run has ended for good, so that what is left of it is saved: the pods go, and their logs with them.

use std::time::Duration;

use jiff::Timestamp;

use super::save::save;
use crate::event::{Event, EventKind};
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::cancel;
use crate::runtime::kubernetes::client::age;
use crate::runtime::kubernetes::follow::observe::remember_end;
use crate::runtime::kubernetes::follow::watch::{PodFacts, RunFacts};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::runtime::kubernetes::submit::write_verdict;
use crate::store::RunPaths;

/// A pod whose containers have all ended says so within this time after the last one.
const HELD_AFTER: Duration = Duration::from_secs(5);

/// Does what is due once the end of a run of this user has been observed: writes the verdict into the run's
/// record, for other users and machines, and deletes Jobs that would still wait for room. `last` is
/// the last event. Failures are passed over: a user who may not write there has still seen the end,
/// and it will be seen again by others.
pub(crate) fn at_end(session: &Session, run: &RunPaths, last: Option<&Event>) {
    let Some(Event { kind: EventKind::Finished { verdict, .. }, .. }) = last else { return };
    if run.is_adopted() {
        return;
    }
    let Ok(cluster) = session.cluster() else { return };
    let _ = session.block_on(write_verdict(&cluster, &run.run, verdict));
    remember_end(session, run, verdict);
    let _ = cancel::delete_unplaced(session, run);
    // Whoever follows the logs saves them once the rest has been read.
    if !session.spools.has(&run.run) {
        let _ = is_gone(session, run);
    }
}

/// Whether nothing of the run lives any more. Once it is so, its logs, termination messages and
/// events are saved into the run's folder, because the pods will be deleted.
pub(crate) fn is_gone(session: &Session, run: &RunPaths) -> Result<bool, RuntimeError> {
    is_over(session, run, false)
}

/// The same of a run whose commands have all ended after its verdict: agents may still wait for the
/// cluster to learn of each other's end, which nobody else has to wait for.
pub(crate) fn is_settled(session: &Session, run: &RunPaths) -> Result<bool, RuntimeError> {
    is_over(session, run, true)
}

fn is_over(session: &Session, run: &RunPaths, stopped: bool) -> Result<bool, RuntimeError> {
    let Some(mut submission) = session.submission(run)? else { return Ok(true) };
    if submission.archived {
        return Ok(true);
    }
    let followed = session.is_followed(&run.run);
    let Some(facts) = session.facts(run, followed)? else { return Ok(false) };
    let decided = facts.jobs.values().all(|job| job.gone || job.end.is_some());
    // Something else that a patch or a webhook has put into a pod outlives its agent, and with it the
    // pod, its place and its Job: once the gang itself has said how it ended, that ends too.
    let is_held = !submission.tasks && is_held(&submission, &facts, session.server_time());
    let mut living = facts.pods.values().filter(|pod| pod.lives()).peekable();
    let has_ended = decided && living.peek().is_none();
    let is_leaving = |pod: &PodFacts| pod.has_started() && !pod.shared && !pod.deleting;
    let is_settled = stopped && !submission.tasks && facts.is_known() && living.all(is_leaving);
    if !is_held && !has_ended && !is_settled {
        return Ok(false);
    }
    // What followers have kept is saved even where all objects of the run were deleted.
    if !facts.is_known() && !run.kept_logs().exists() {
        return Ok(true);
    }
    let cluster = session.cluster()?;
    session.block_on(save(&cluster, run, &submission, &facts))?;
    if is_held && !run.is_adopted() {
        // Who may not do it leaves it to the next one who looks.
        let _ = cancel::delete_jobs(session, run);
    }
    submission.archived = true;
    submission.write(run)?;
    // All of it is in the saved logs. What can't be removed goes with the run.
    let _ = fs_err::remove_dir_all(run.kept_logs());
    session.unfollow(&run.run);
    Ok(true)
}

/// Every agent has ended, one of those that lead with a verdict, and a pod lives on without its agent.
fn is_held(submission: &Submission, facts: &RunFacts, now: Option<Timestamp>) -> bool {
    let has_verdict = |pod: &PodFacts| {
        let message = pod.ended.as_ref().and_then(|ended| ended.message.as_ref());
        message.is_some_and(|message| message.verdict.is_some())
    };
    let mut leaders = submission.leaders().filter_map(|id| facts.pod_of(&submission.layout, id));
    let mut living = facts.pods.values().filter(|pod| pod.lives()).peekable();
    let is_left = |pod: &PodFacts| {
        let end = pod.ended.as_ref().and_then(|ended| ended.at);
        age(now, end).is_some_and(|age| age > HELD_AFTER)
    };
    leaders.any(has_verdict) && living.peek().is_some() && living.all(is_left)
}
