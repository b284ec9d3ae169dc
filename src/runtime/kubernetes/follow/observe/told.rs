//! What only the cluster's events say: pods that are refused, and pods that are gone.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event as ClusterEvent;

use super::look::Observed;
use super::states::{is_news, waiting_event};
use crate::event::Cursor;
use crate::event::Event;
use crate::runtime::ClusterError;
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::follow::watch::{Reason, RunFacts};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::store::RunPaths;

/// The cluster's events of a Job that lacks pods are asked for this often.
const EVENTS_PACE: Duration = Duration::from_secs(10);
/// A Job has made its pods within this time, or can't.
const PODS_LIMIT: Duration = Duration::from_secs(3);

/// A Job that has fewer pods than it wants: a quota or an admission refuses them, and only the
/// cluster's events say which.
pub(crate) fn refused_pods(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
    observed: &mut Observed,
    facts: &RunFacts,
) -> Result<Vec<Event>, RuntimeError> {
    let now = Timestamp::now();
    let lacking = facts.jobs.values().find(|job| {
        let old = job.started.is_some_and(|at| now.duration_since(at).unsigned_abs() > PODS_LIMIT);
        old && job.pods < job.wanted && job.end.is_none() && !job.suspended && !job.gone
    });
    let Some(job) = lacking else { return Ok(Vec::new()) };
    if observed.asked.is_some_and(|asked| asked.elapsed() < EVENTS_PACE) {
        return Ok(Vec::new());
    }
    observed.asked = Some(Instant::now());
    let said = said(session, &format!("involvedObject.uid={},reason=FailedCreate", job.uid))?;
    let Some(message) = said.into_iter().max_by_key(time).and_then(|event| event.message) else {
        return Ok(Vec::new());
    };
    let words = Reason { reason: "FailedCreate".into(), message };
    if is_news(cursor, "pods", &words) {
        return Ok(vec![waiting_event(run, None, words)]);
    }
    Ok(Vec::new())
}

/// What kept pods from starting that a Job has deleted since: by replica, and only what is news.
pub(crate) fn last_words(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
    submission: &Submission,
) -> Result<Vec<Event>, RuntimeError> {
    let mut said = said(session, "involvedObject.kind=Pod,type=Warning")?;
    said.sort_by_key(time);
    let mut events = Vec::new();
    for replica in submission.layout.jobs.iter().flat_map(|job| &job.replicas) {
        let Some((job, index)) = submission.layout.place(replica) else { continue };
        let of_it = format!("{}-{index}-", job.name);
        let last = said.iter().rev().find(|event| {
            let pod = event.involved_object.name.as_deref().unwrap_or_default();
            // `Error: ErrImagePull` only repeats what the one before it explains.
            let explains = |message: &String| !message.starts_with("Error: ");
            pod.starts_with(&of_it) && event.message.as_ref().is_some_and(explains)
        });
        let Some(last) = last else { continue };
        let reason = last.reason.clone().unwrap_or_default();
        let words = Reason { reason, message: last.message.clone().unwrap_or_default() };
        if is_news(cursor, &replica.to_string(), &words) {
            events.push(waiting_event(run, Some(replica), words));
        }
    }
    Ok(events)
}

fn said(session: &Session, fields: &str) -> Result<Vec<ClusterEvent>, RuntimeError> {
    let cluster = session.cluster()?;
    match session.block_on(cluster.list("", fields)) {
        Ok(said) => Ok(said),
        // Whoever may not read events still follows the run.
        Err(ClusterError::Forbidden { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn time(event: &ClusterEvent) -> Option<Timestamp> {
    // The scheduler writes events of the newer form.
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    last.or(event.event_time.as_ref().map(|time| time.0))
}
