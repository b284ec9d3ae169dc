//! What has happened to an endpoint since it was observed last: as long as its routers are there, it runs.

use std::collections::HashMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::DeleteParams;

use super::there::{self, part};
use crate::event::{Cursor, Event, EventKind, RunState, WaitingReason};
use crate::gang::{Attempt, RunId};
use crate::plan::Plan;
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::client::age;
use crate::runtime::kubernetes::deployed::failure_of;
use crate::runtime::kubernetes::follow::{
    NEW_RUN_LIMIT, PodFacts, SUBMISSION_LIMIT, Waiting, cancelled, deleted, event, finished,
    is_news, never_submitted, waiting_event,
};
use crate::runtime::kubernetes::objects::endpoint::{PART, ROUTER};
use crate::runtime::kubernetes::objects::label;
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::{Submitting, record, write_verdict};
use crate::store::RunPaths;

/// An endpoint goes on in its first attempt for ever: its pods come and go by themselves.
const ATTEMPT: Attempt = 1;

/// All events since the cursor; moves the cursor behind them. The last one is `Finished` when the routers
/// are gone for good, and after that there are none.
pub(crate) fn observe(
    session: &Session,
    run: &RunPaths,
    plan: &Plan,
    cursor: &mut Cursor,
) -> Result<Vec<Event>, RuntimeError> {
    if cursor.is_finished {
        return Ok(Vec::new());
    }
    let events = new_events(session, run, plan, cursor)?;
    if let Some(Event { kind: EventKind::Finished { verdict, .. }, .. }) = events.last() {
        cursor.is_finished = true;
        if !run.is_adopted() {
            let cluster = session.cluster()?;
            // A user who may not write there has still seen the end, and others will see it again.
            let _ = session.block_on(write_verdict(&cluster, &run.run, verdict));
        }
    }
    Ok(events)
}

fn new_events(
    session: &Session,
    run: &RunPaths,
    plan: &Plan,
    cursor: &mut Cursor,
) -> Result<Vec<Event>, RuntimeError> {
    let submitting = Submitting::lives(run);
    if submitting == Some(true) {
        return Ok(Vec::new());
    }
    let cluster = session.cluster()?;
    let routers: Option<Deployment> = session.block_on(cluster.find(&run.run))?;
    let Some(routers) = routers.filter(|found| there::is_own(&found.metadata, &run.run)) else {
        return without_routers(session, run, cursor, submitting.is_some());
    };
    if submitting.is_some() {
        // It goes on by what it was told before; who applies it again tells it everything.
        Submitting::end(run);
    }
    let uid = routers.metadata.uid.clone().unwrap_or_default();
    let told = cursor.pods.entry(uid).or_default();
    if told.is_placed {
        return Ok(Vec::new());
    }
    if available(&routers) > 0 {
        told.is_placed = true;
        let in_attempt = |event: Event| Event { attempt: ATTEMPT, ..event };
        let primary = plan.gang().primary();
        return Ok(vec![
            in_attempt(event(session, run, None, EventKind::AttemptStarted)),
            in_attempt(event(session, run, Some(primary), EventKind::ReplicaRunning)),
        ]);
    }
    let pods = session.block_on(there::pods(&cluster, &run.run))?;
    let waiting = why_waiting(&routers, &pods);
    let waiting = waiting.filter(|waiting| is_news(cursor, ROUTER, waiting));
    Ok(waiting.map(|waiting| waiting_event(session, run, None, waiting)).into_iter().collect())
}

/// How many routers can be asked.
fn available(routers: &Deployment) -> i32 {
    routers.status.as_ref().and_then(|status| status.available_replicas).unwrap_or(0)
}

/// What keeps the routers from starting; `None` while they go their usual way.
fn why_waiting(routers: &Deployment, pods: &[Pod]) -> Option<Waiting> {
    let of_routers = pods.iter().filter(|pod| part(&pod.metadata) == Some(ROUTER));
    // That a container is begun again later says nothing about why it has ended.
    let waiting = of_routers.filter_map(|pod| {
        let waiting = PodFacts::of(pod).waiting?;
        Some(match failure_of(pod) {
            Some(message) => Waiting { message, ..waiting },
            None => waiting,
        })
    });
    let refused = || {
        let status = routers.status.as_ref()?;
        let mut conditions = status.conditions.iter().flatten();
        let failed =
            conditions.find(|one| one.type_ == "ReplicaFailure" && one.status == "True")?;
        let message = failed.message.clone().unwrap_or_default();
        Some(Waiting { reason: WaitingReason::FailedCreate, message })
    };
    waiting.into_iter().find(|waiting| !waiting.reason.is_progress()).or_else(refused)
}

/// What became of an endpoint that has no routers: its record may say why. `died` says that the mlctl of
/// this machine that applied it has died.
fn without_routers(
    session: &Session,
    run: &RunPaths,
    cursor: &Cursor,
    died: bool,
) -> Result<Vec<Event>, RuntimeError> {
    let made = fs_err::metadata(&run.dir).and_then(|meta| meta.modified());
    if made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age < NEW_RUN_LIMIT)) {
        return Ok(Vec::new());
    }
    let has_run = cursor.pods.values().any(|told| told.is_placed);
    let end = |verdict, from: &str| Ok(vec![finished(session, run, verdict, from)]);
    let cluster = session.cluster()?;
    let Some(record) = session.block_on(record(&cluster, &run.run))? else {
        Submitting::end(run);
        let verdict = if has_run { deleted() } else { never_submitted() };
        return end(verdict, "nothing of it is in the cluster");
    };
    if let Some(verdict) = record.verdict.clone() {
        return end(verdict, "the endpoint's record");
    }
    if let Some(by) = &record.cancelled_by {
        return end(cancelled(by), "its Deployments were deleted to end it");
    }
    if has_run {
        return end(deleted(), "its routers are gone, and nothing says how it ended");
    }
    let is_young =
        age(session.server_time(), record.created).is_none_or(|age| age < SUBMISSION_LIMIT);
    // Another machine may be at it just now.
    if !died && is_young {
        return Ok(Vec::new());
    }
    if run.is_adopted() {
        return Ok(Vec::new());
    }
    session.block_on(cluster.delete::<ConfigMap>(&run.run, &DeleteParams::background()))?;
    Submitting::end(run);
    end(never_submitted(), "the submission was not finished; what it had made is deleted")
}

/// The states of endpoints by their routers alone. Those without routers are not in it.
pub(crate) fn states(
    session: &Session,
    endpoints: &[RunId],
) -> Result<HashMap<RunId, RunState>, RuntimeError> {
    if endpoints.is_empty() {
        return Ok(HashMap::new());
    }
    let cluster = session.cluster()?;
    let selector = format!("{PART}={ROUTER},{} in ({})", label::RUN, endpoints.join(","));
    let found: Vec<Deployment> = session.block_on(cluster.list(&selector, ""))?;
    let state = |routers: &Deployment| {
        let run = endpoints.iter().find(|run| *there::name(&routers.metadata) == ***run)?;
        let state = if available(routers) > 0 { RunState::Running } else { RunState::Pending };
        there::is_own(&routers.metadata, run).then(|| (run.clone(), state))
    };
    Ok(found.iter().filter_map(state).collect())
}
