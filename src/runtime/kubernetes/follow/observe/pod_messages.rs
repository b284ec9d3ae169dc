//! What only the cluster's own events say of pods: why some are refused, and what was wrong with
//! some that are gone.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event as ClusterEvent;

use super::observed::Observed;
use super::run_events::waiting_event;
use super::states::is_news;
use crate::event::Cursor;
use crate::event::{Event, WaitingReason};
use crate::runtime::ClusterError;
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::client::age;
use crate::runtime::kubernetes::client::refusal::{is_for_good, short};
use crate::runtime::kubernetes::follow::watch::{RunFacts, Waiting};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::store::RunPaths;

/// The pause between two requests for the cluster's events of a Job whose pods are missing.
const CLUSTER_EVENTS_PACE: Duration = Duration::from_secs(10);
/// A Job controller makes the pods of a new Job within this time, or it is kept from it.
const POD_CREATION_LIMIT: Duration = Duration::from_secs(3);

/// Says why a Job has fewer pods than it wants: a quota or an admission refuses them, and only the
/// cluster's events name it. Empty when no pod is missing, or when the same was told last.
pub(crate) fn refused_pods(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
    observed: &mut Observed,
    facts: &RunFacts,
) -> Result<Vec<Event>, RuntimeError> {
    let now = session.server_time();
    let incomplete = facts.jobs.values().find(|job| {
        age(now, job.started).is_some_and(|age| age > POD_CREATION_LIMIT)
            && job.pods < job.wanted
            && job.end.is_none()
            && !job.suspended
            && !job.gone
    });
    let Some(job) = incomplete else { return Ok(Vec::new()) };
    if observed.asked_for_events.is_some_and(|at| at.elapsed() < CLUSTER_EVENTS_PACE) {
        return Ok(Vec::new());
    }
    observed.asked_for_events = Some(Instant::now());
    let reason = WaitingReason::FailedCreate;
    let refusals =
        cluster_events(session, &format!("involvedObject.uid={},reason={reason}", job.uid))?;
    let newest = refusals.into_iter().max_by_key(time);
    let Some(message) = newest.and_then(|event| event.message) else {
        return Ok(Vec::new());
    };
    let stays = is_for_good(&message, &facts.needs());
    observed.refused_for_good = stays.then(|| short(&message));
    let waiting = Waiting { reason, message };
    if is_news(cursor, "pods", &waiting) {
        return Ok(vec![waiting_event(session, run, None, waiting)]);
    }
    Ok(Vec::new())
}

/// Says what kept pods from starting that a Job has deleted since: the last warning about each
/// replica's pods, where it differs from what was told last.
pub(crate) fn last_warnings(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
    submission: &Submission,
) -> Result<Vec<Event>, RuntimeError> {
    let mut warnings = cluster_events(session, "involvedObject.kind=Pod,type=Warning")?;
    warnings.sort_by_key(time);
    let mut events = Vec::new();
    for replica in submission.layout.jobs.iter().flat_map(|job| &job.replicas) {
        let Some((job, index)) = submission.layout.place(replica) else { continue };
        let name_start = format!("{}-{index}-", job.name);
        let last = warnings.iter().rev().find(|event| {
            let pod = event.involved_object.name.as_deref().unwrap_or_default();
            pod.starts_with(&name_start) && event.message.as_deref().is_some_and(explains)
        });
        let Some(last) = last else { continue };
        let reason = WaitingReason::from(last.reason.as_deref().unwrap_or_default());
        let waiting = Waiting { reason, message: last.message.clone().unwrap_or_default() };
        if is_news(cursor, &replica.to_string(), &waiting) {
            events.push(waiting_event(session, run, Some(replica), waiting));
        }
    }
    Ok(events)
}

/// A warning such as `Error: ErrImagePull` only repeats what the one before it explains.
pub(super) fn explains(message: &str) -> bool {
    message.strip_prefix("Error: ").is_none_or(|rest| rest.contains(' '))
}

/// The cluster's own events that these field selectors match. A user who may not read events
/// follows a run all the same, so there are none for them.
pub(super) fn cluster_events(
    session: &Session,
    fields: &str,
) -> Result<Vec<ClusterEvent>, RuntimeError> {
    let cluster = session.cluster()?;
    match session.block_on(cluster.list("", fields)) {
        Ok(events) => Ok(events),
        Err(ClusterError::Forbidden { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// When an event happened last; `None` when it doesn't say.
pub(super) fn time(event: &ClusterEvent) -> Option<Timestamp> {
    // The scheduler writes events of a newer form, which have one time only.
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    last.or(event.event_time.as_ref().map(|time| time.0))
}
