//! Runs that no primary ends: never placed, never wholly submitted, or deleted.

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::DeleteParams;

use super::allowed::if_allowed;
use super::hopeless::has_started;
use super::run_events::finished;
use crate::event::Event;
use crate::gang::{Outcome, Verdict};
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::cancel;
use crate::runtime::kubernetes::client::age;
use crate::runtime::kubernetes::examine::holdings;
use crate::runtime::kubernetes::follow::verdict::{Unwatched, infer, waiting};
use crate::runtime::kubernetes::follow::watch;
use crate::runtime::kubernetes::follow::watch::{PodFacts, RunFacts};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit;
use crate::runtime::kubernetes::submit::Submission;
use crate::runtime::kubernetes::submit::Submitting;
use crate::runtime::kubernetes::submit::record;
use crate::store::{RunPaths, RunRecord};

/// Another machine has finished its submission within this time, or it never will.
pub(crate) const SUBMISSION_LIMIT: Duration = Duration::from_mins(10);

/// This machine has begun to submit a run within this time after it was recorded, or it never will.
pub(crate) const NEW_RUN_LIMIT: Duration = Duration::from_secs(5);

/// The end of a run that has not started within its `startTimeout`, whatever was replaced since; `None`
/// as long as it may still start. A leading agent keeps this limit itself, but where none runs only
/// mlctl can. `starts_now` says that events which are not recorded yet start the first attempt.
pub(crate) fn start_timeout(
    session: &Session,
    run: &RunPaths,
    submission: &Submission,
    facts: &RunFacts,
    starts_now: bool,
) -> Result<Option<Event>, RuntimeError> {
    let mut leaders = submission.leaders().filter_map(|id| facts.pod_of(&submission.layout, id));
    let nobody_decides = !leaders.any(may_decide) && !has_started(run, starts_now);
    if !nobody_decides || facts.jobs.is_empty() || run.is_adopted() {
        return Ok(None);
    }
    let Ok(plan) = run.read_plan() else { return Ok(None) };
    let limit = plan.gang().rules.start_timeout;
    let now = session.server_time();
    let late = facts.jobs.values().all(|job| {
        age(now, job.started).is_some_and(|age| age > limit) && job.end.is_none() && !job.suspended
    });
    if !late {
        return Ok(None);
    }
    let waiting = waiting(&submission.layout, facts);
    if_allowed(cancel::delete_jobs(session, run))?;
    let reason = waiting.unwrap_or_else(|| "the cluster made no pods".into());
    let verdict =
        Verdict { outcome: Outcome::CouldNotStart, attempt: 0, first_failure: None, reason };
    Ok(Some(finished(session, run, verdict, "`startTimeout` is over and no agent has run")))
}

/// The agent of this pod may still end its run, or has done so.
fn may_decide(pod: &PodFacts) -> bool {
    let message = pod.ended.as_ref().and_then(|end| end.message.as_ref());
    let has_judged = message.is_some_and(|message| message.verdict.is_some());
    pod.has_log() && (pod.lives() || has_judged)
}

/// The end of a gang whose agents were killed for their memory so often that its budget is spent;
/// `None` when there is another agent that judges. `starts_now` says that events which are not
/// recorded yet start the first attempt.
pub(crate) fn killed_for_memory(
    session: &Session,
    run: &RunPaths,
    submission: &Submission,
    facts: &RunFacts,
    starts_now: bool,
) -> Result<Option<Event>, RuntimeError> {
    // Of tasks the Job controller counts the pods of each index itself.
    if run.is_adopted() || submission.tasks {
        return Ok(None);
    }
    let read = |path: std::path::PathBuf| crate::sys::read_own(&path).ok();
    let record =
        read(run.record()).and_then(|text| serde_json::from_slice::<RunRecord>(&text).ok());
    let (Ok(plan), Some(record)) = (run.read_plan(), record) else { return Ok(None) };
    let has_started = starts_now || record.started.is_some();
    let gang = Unwatched { layout: &submission.layout, rules: &plan.gang().rules, has_started };
    let Some(verdict) = gang.killed_for_memory(facts, record.attempt) else { return Ok(None) };
    if_allowed(cancel::delete_jobs(session, run))?;
    Ok(Some(finished(
        session,
        run,
        verdict,
        "pods were killed for their memory, and none told more",
    )))
}

/// What became of a run of which no Job is left: the record may say why.
pub(crate) fn without_jobs(
    session: &Session,
    run: &RunPaths,
    submission: &Submission,
    facts: &RunFacts,
) -> Result<Vec<Event>, RuntimeError> {
    let cluster = session.cluster()?;
    let record = session.block_on(record(&cluster, &run.run))?;
    if let Some(record) = &record {
        if let Some(verdict) = record.verdict.clone() {
            return Ok(vec![finished(session, run, verdict, "the run's record")]);
        }
        if let Some(by) = &record.cancelled_by {
            return Ok(vec![finished(
                session,
                run,
                cancelled(by),
                "its Jobs were deleted to cancel it",
            )]);
        }
    }
    // What the watch has not shown yet is no sign that somebody deleted it.
    if !session.current(run)?.jobs.is_empty() {
        return Ok(Vec::new());
    }
    if facts.is_known()
        && let Some(inferred) = infer(submission, facts, session.server_time())
    {
        return Ok(vec![finished(session, run, inferred.0, &inferred.1)]);
    }
    let may_be_submitted_now = !facts.is_known() && !submission.complete;
    if let Some(record) = record.filter(|record| may_be_submitted_now && record.is_unfinished()) {
        let age = age(session.server_time(), record.created);
        // What may be young must not be deleted.
        if age.is_none_or(|age| age < SUBMISSION_LIMIT) {
            return Ok(Vec::new());
        }
        return settle_unfinished(session, run);
    }
    Ok(vec![finished(session, run, deleted(), "its Jobs are gone, and nothing says how it ended")])
}

/// What became of a run whose `pod.json` is not in the cluster: it was never made, or it was
/// deleted with everything else.
pub(crate) fn without_document(
    session: &Session,
    run: &RunPaths,
) -> Result<Vec<Event>, RuntimeError> {
    let made = fs_err::metadata(&run.dir).and_then(|meta| meta.modified());
    // Its submission may be about to begin.
    let is_new = made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age < NEW_RUN_LIMIT));
    if is_new {
        return Ok(Vec::new());
    }
    let cluster = session.cluster()?;
    let record = session.block_on(record(&cluster, &run.run))?;
    match record {
        Some(record) if record.verdict.is_none() => settle_unfinished(session, run),
        Some(record) => {
            let verdict = record.verdict.unwrap_or_else(deleted);
            Ok(vec![finished(session, run, verdict, "the run's record")])
        }
        // A submission is remembered on its machine before anything is created, so that of a run
        // which is not in the cluster nothing can come any more.
        None => {
            Ok(vec![finished(session, run, never_submitted(), "nothing of it is in the cluster")])
        }
    }
}

/// The verdict of a run that was not wholly submitted.
pub(crate) fn never_submitted() -> Verdict {
    Verdict {
        outcome: Outcome::CouldNotStart,
        attempt: 0,
        first_failure: None,
        reason: "mlctl ended before it had submitted everything".into(),
    }
}

/// The verdict of a run whose objects are gone, and nothing says who deleted them.
pub(crate) fn deleted() -> Verdict {
    Verdict {
        outcome: Outcome::Cancelled,
        attempt: 0,
        first_failure: None,
        reason: "somebody deleted its objects from the cluster".into(),
    }
}

/// The verdict of a run that somebody cancelled by deleting its Jobs.
pub(crate) fn cancelled(by: &str) -> Verdict {
    Verdict {
        outcome: Outcome::Cancelled,
        attempt: 0,
        first_failure: None,
        reason: format!("cancelled by {by}"),
    }
}

/// Settles a submission of this user whose mlctl has died. If the Jobs are there, it had done everything; else
/// what it made is deleted, and the run has ended.
pub(crate) fn settle_unfinished(
    session: &Session,
    run: &RunPaths,
) -> Result<Vec<Event>, RuntimeError> {
    if run.is_adopted() {
        return Ok(Vec::new());
    }
    let cluster = session.cluster()?;
    let facts = session.current(run)?;
    let record = session.block_on(record(&cluster, &run.run))?;
    let several = record.as_ref().is_some_and(|record| record.submitted == Some(false));
    if !facts.jobs.is_empty() && !several {
        Submitting::end(run);
        return Ok(Vec::new());
    }
    let background = DeleteParams::background();
    let mut all = if_allowed(session.block_on(cluster.delete::<ConfigMap>(&run.run, &background)))?;
    for job in facts.jobs.keys() {
        all &= if_allowed(session.block_on(cluster.delete::<Job>(job, &background)))?;
    }
    // The record of a rendered run owns nothing, so that nothing is deleted together with it.
    for holding in holdings::of_run(session, &run.run)?.things {
        if !holding.is_owned && !holding.foreign && holding.going.is_none() {
            all &= if_allowed(holdings::discard(session, &holding))?;
        }
    }
    Submitting::end(run);
    let from = if all {
        "the submission was not finished; what it had made is deleted"
    } else {
        "the submission was not finished; what it had made stays until who may removes it"
    };
    Ok(vec![finished(session, run, never_submitted(), from)])
}

/// Lets several Jobs go whose mlctl has died after it had marked the record as submitted and before
/// it had let all of them go.
pub(crate) fn finish_submission(session: &Session, run: &RunPaths) -> Result<(), RuntimeError> {
    if run.is_adopted() {
        return Ok(());
    }
    let cluster = session.cluster()?;
    let Some(found) = session.block_on(record(&cluster, &run.run))? else { return Ok(()) };
    if found.submitted == Some(true) {
        let selector = watch::selector(&run.run);
        let jobs: Vec<Job> = session.block_on(cluster.list(&selector, ""))?;
        if_allowed(session.block_on(submit::release(&cluster, &found.map, &jobs)))?;
    }
    Ok(())
}
