//! What pods that don't start don't say themselves: the cluster's events about them, and the last
//! words of containers that failed.

use std::time::{Duration, Instant};

use futures::future::join_all;
use k8s_openapi::api::core::v1::{Event as ClusterEvent, Pod};
use kube::api::LogParams;

use super::observed::Observed;
use super::pod_messages::{cluster_events, explains, time};
use crate::event::WaitingReason;
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::client::{Cluster, age};
use crate::runtime::kubernetes::follow::watch::{
    FailedStart, PodFacts, RunFacts, Waiting, last_words,
};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;

/// The containers of a pod are made within this time, or its events may say what is in the way.
const USUAL_CREATION: Duration = Duration::from_secs(4);
/// The pause between two requests for the events of pods that don't get further.
const POD_EVENTS_PACE: Duration = Duration::from_secs(10);
/// Of how many pods events and logs are asked for at once. People are shown no more.
const PODS_ASKED: usize = 5;
/// How many lines of the log of a container that failed are told.
const LAST_LINES: i64 = 5;
/// The log of a container that failed has come within this time, or its exit code must do.
const LOG_LIMIT: Duration = Duration::from_secs(5);

/// What a kubelet says of a pod whose volumes and network are there: warnings from before that don't
/// count any more.
const GETS_FURTHER: [&str; 4] = ["Pulling", "Pulled", "Created", "Started"];

/// Completes what is known of pods that don't start by what only the cluster's events and the logs of
/// their containers say.
pub(crate) fn explain(
    session: &Session,
    observed: &mut Observed,
    submission: &Submission,
    facts: &mut RunFacts,
) -> Result<(), RuntimeError> {
    ask_for_warnings(session, observed, submission, facts)?;
    ask_for_words(session, observed, submission, facts)?;
    for pod in facts.pods.values_mut() {
        if is_being_made(pod)
            && let Some(warning) = observed.warnings.get(&pod.uid)
        {
            pod.waiting = Some(warning.clone());
        }
        if let Some(failed) = &mut pod.failed_start
            && let Some(words) = observed.words.get(&pod.uid)
        {
            failed.words.clone_from(words);
            pod.waiting = Some(failed.waiting());
        }
    }
    Ok(())
}

/// A node has taken the pod on and says no more of it.
fn is_being_made(pod: &PodFacts) -> bool {
    pod.waiting.as_ref().is_some_and(|waiting| waiting.reason.is_progress())
}

/// The newest pods of the replicas, in their order.
fn newest<'a>(
    submission: &'a Submission,
    facts: &'a RunFacts,
) -> impl Iterator<Item = &'a PodFacts> {
    let replicas = submission.layout.jobs.iter().flat_map(|job| &job.replicas);
    replicas.filter_map(|replica| facts.pod_of(&submission.layout, replica))
}

/// Asks now and then for the events of pods that a node took on and that don't get further.
fn ask_for_warnings(
    session: &Session,
    observed: &mut Observed,
    submission: &Submission,
    facts: &RunFacts,
) -> Result<(), RuntimeError> {
    if observed.asked_for_warnings.is_some_and(|at| at.elapsed() < POD_EVENTS_PACE) {
        return Ok(());
    }
    let now = session.server_time();
    let is_slow = |pod: &&PodFacts| {
        let since = pod.started.or(pod.created);
        pod.lives() && is_being_made(pod) && age(now, since).is_some_and(|age| age > USUAL_CREATION)
    };
    let slow: Vec<&PodFacts> = newest(submission, facts).filter(is_slow).take(PODS_ASKED).collect();
    if slow.is_empty() {
        return Ok(());
    }
    observed.asked_for_warnings = Some(Instant::now());
    for pod in slow {
        let events = cluster_events(session, &format!("involvedObject.uid={}", pod.uid))?;
        match warning(&events) {
            Some(warning) => observed.warnings.insert(pod.uid.clone(), warning),
            None => observed.warnings.remove(&pod.uid),
        };
    }
    Ok(())
}

/// The newest warning that explains why a pod which has a node doesn't start; `None` when it has got
/// further since.
fn warning(events: &[ClusterEvent]) -> Option<Waiting> {
    let reason = |event: &ClusterEvent| event.reason.clone().unwrap_or_default();
    let further = events.iter().filter(|event| GETS_FURTHER.contains(&reason(event).as_str()));
    let further = further.filter_map(time).max();
    let counts = |event: &&ClusterEvent| {
        event.type_.as_deref() == Some("Warning")
            && reason(event) != "FailedScheduling"
            && event.message.as_deref().is_some_and(explains)
            && further.is_none_or(|further| time(event).is_some_and(|at| at >= further))
    };
    let newest = events.iter().filter(counts).max_by_key(|event| time(event))?;
    Some(Waiting {
        reason: WaitingReason::from(reason(newest).as_str()),
        message: last_words(newest.message.as_deref().unwrap_or_default()),
    })
}

/// Reads the ends of the logs of containers that failed and left no message, each once.
fn ask_for_words(
    session: &Session,
    observed: &mut Observed,
    submission: &Submission,
    facts: &RunFacts,
) -> Result<(), RuntimeError> {
    let replicas = submission.layout.jobs.iter().flat_map(|job| &job.replicas);
    let pods = replicas.flat_map(|replica| facts.pods_of(&submission.layout, replica));
    let silent = pods.filter_map(|pod| {
        let failed = pod.failed_start.as_ref()?;
        let is_asked = observed.words.contains_key(&pod.uid);
        // Of a process that was never started there is no log.
        (failed.is_init && failed.words.is_empty() && !pod.gone && !is_asked)
            .then_some((pod, failed))
    });
    let silent: Vec<_> = silent.take(PODS_ASKED).collect();
    if silent.is_empty() {
        return Ok(());
    }
    let cluster = session.cluster()?;
    let asked = silent.iter().map(|(pod, failed)| words(&cluster, pod, failed));
    let found = session.block_on(async { join_all(asked).await });
    let found = silent.iter().zip(found).map(|((pod, _), words)| (pod.uid.clone(), words));
    observed.words.extend(found.collect::<Vec<_>>());
    Ok(())
}

/// The last lines of the log of a container that failed; empty where it can't be read.
async fn words(cluster: &Cluster, pod: &PodFacts, failed: &FailedStart) -> String {
    let params = LogParams {
        container: Some(failed.container.clone()),
        tail_lines: Some(LAST_LINES),
        ..LogParams::default()
    };
    let api = cluster.api::<Pod>();
    let read = tokio::time::timeout(LOG_LIMIT, api.logs(&pod.name, &params)).await;
    last_words(&read.ok().and_then(Result::ok).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: &str, reason: &str, message: &str, second: u32) -> ClusterEvent {
        serde_json::from_value(json!({
            "metadata": {}, "involvedObject": {}, "type": kind, "reason": reason,
            "message": message, "lastTimestamp": format!("2026-01-01T00:00:{second:02}Z"),
        }))
        .unwrap()
    }

    #[test]
    fn the_newest_warning_that_explains_is_told() {
        let mut events = vec![
            event("Warning", "FailedScheduling", "0/2 nodes are available", 1),
            event("Normal", "Scheduled", "Successfully assigned", 2),
            event("Warning", "FailedAttachVolume", "Multi-Attach error for volume \"v\"", 3),
            event("Warning", "FailedMount", "MountVolume.SetUp failed: \"nope\" not found", 4),
        ];
        let told = warning(&events).unwrap();
        assert_eq!(told.reason.as_str(), "FailedMount");
        assert!(told.message.contains("\"nope\" not found"), "{}", told.message);
        events.push(event("Normal", "Pulling", "Pulling image \"large\"", 5));
        assert_eq!(warning(&events), None, "the volume is there by now");
        events.push(event("Warning", "Failed", "Error: ErrImagePull", 6));
        assert_eq!(warning(&events), None, "the pod's status says more");
        events.push(event("Warning", "Failed", "Error: secret \"nope\" not found", 7));
        assert!(warning(&events).is_some_and(|told| told.message.contains("nope")));
        assert_eq!(warning(&events[..2]), None, "a node has taken it since");
    }
}
