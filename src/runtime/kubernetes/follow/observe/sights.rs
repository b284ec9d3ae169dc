//! Pods that drain, are gone, or whose node is silent: no agent tells that of itself.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event as ClusterEvent;
use sha2::{Digest, Sha256};

use super::pod_messages::{cluster_events, time};
use super::run_events::event;
use crate::event::{Cursor, Event, EventKind, PodState};
use crate::gang::ReplicaId;
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::follow::verdict::{Sight, sight};
use crate::runtime::kubernetes::follow::watch::RunFacts;
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::store::RunPaths;

/// What the cluster's events call the end of a pod that somebody else brings about.
const TELLING: [&str; 5] =
    ["Evicted", "Preempted", "Preempting", "TaintManagerEviction", "NodeShutdown"];
/// What they say of every pod whose containers are stopped.
const KILLING: &str = "Killing";

/// The word for a pod that has done all it had to do, where the cursor has a number for each state.
const OVER: u64 = 4;
/// How many bits of the number that the cursor keeps say which pod it is about.
const UID_BITS: u32 = 49;

/// What the cluster shows of the replicas' pods, as far as it differs from what was told last.
pub(super) fn sight_events(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
    submission: &Submission,
    facts: &RunFacts,
) -> Result<Vec<Event>, RuntimeError> {
    let mut events = Vec::new();
    for replica in submission.layout.jobs.iter().flat_map(|job| &job.replicas) {
        let key = format!("pod/{replica}");
        let told = cursor.reasons.get(&key).copied();
        let seen = sight(&facts.pods_of(&submission.layout, replica));
        let Some((mut sight, mark)) = news(seen, told) else { continue };
        cursor.reasons.insert(key, mark);
        if sight.state == PodState::Seen && told.is_none_or(is_there) {
            continue;
        }
        if sight.state == PodState::Gone && sight.since.is_none() && sight.message.is_empty() {
            (sight.since, sight.message) = departure(session, submission, replica)?;
        }
        let kind = EventKind::PodChanged { state: sight.state, message: sight.message };
        let mut changed = event(session, run, Some(replica), kind);
        changed.time = sight.since.unwrap_or(changed.time);
        events.push(changed);
    }
    Ok(events)
}

/// What is to be told of a replica's pod, and the number by which that is remembered; `None` where the
/// number that was `told` says the same. A pod that was there and of which nothing is left is gone,
/// unless it had done all that it had to do.
fn news(seen: Option<Sight>, told: Option<u64>) -> Option<(Sight, u64)> {
    let (sight, mark) = if let Some(sight) = seen {
        let mark = mark(&sight);
        (sight, mark)
    } else {
        let told = told.filter(|told| told & 7 != OVER)?;
        (Sight::vanished(), told & !7 | number(PodState::Gone))
    };
    (told != Some(mark)).then_some((sight, mark))
}

/// Which pod a sight is of, and what was seen.
fn mark(sight: &Sight) -> u64 {
    let hash = Sha256::digest(&sight.uid).first_chunk().copied().unwrap_or_default();
    let pod = u64::from_be_bytes(hash) >> (u64::BITS - UID_BITS);
    pod << 3 | if sight.is_over { OVER } else { number(sight.state) }
}

fn number(state: PodState) -> u64 {
    match state {
        PodState::Seen => 0,
        PodState::Draining => 1,
        PodState::Gone => 2,
        PodState::Unknown => 3,
    }
}

/// The pod was there when this was told.
fn is_there(told: u64) -> bool {
    matches!(told & 7, 0 | OVER)
}

/// When the last pod of a replica went, and why, by what the cluster's own events still say of it.
fn departure(
    session: &Session,
    submission: &Submission,
    replica: &ReplicaId,
) -> Result<(Option<Timestamp>, String), RuntimeError> {
    let Some((job, index)) = submission.layout.place(replica) else {
        return Ok(Default::default());
    };
    let name_start = format!("{}-{index}-", job.name);
    let mut events = cluster_events(session, "involvedObject.kind=Pod")?;
    events.retain(|event| {
        event.involved_object.name.as_deref().is_some_and(|name| name.starts_with(&name_start))
    });
    Ok(last_words(events))
}

/// What events of a replica's pods say of the end of the last one.
fn last_words(mut events: Vec<ClusterEvent>) -> (Option<Timestamp>, String) {
    let is_telling =
        |event: &ClusterEvent| event.reason.as_deref().is_some_and(|word| TELLING.contains(&word));
    let is_killing = |event: &ClusterEvent| event.reason.as_deref() == Some(KILLING);
    events.retain(|event| is_telling(event) || is_killing(event));
    events.sort_by_key(time);
    let Some(last) = events.last() else { return (None, String::new()) };
    let of_same_pod = |event: &&ClusterEvent| event.involved_object.uid == last.involved_object.uid;
    let telling = events.iter().rev().filter(of_same_pod).find(|event| is_telling(event));
    let message = telling.map_or_else(
        || "its container was stopped".to_owned(),
        |event| {
            let word = event.reason.as_deref().unwrap_or_default();
            format!("{word}: {}", event.message.as_deref().unwrap_or_default())
        },
    );
    (time(last), message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(state: PodState, uid: &str, is_over: bool) -> Sight {
        Sight { state, since: None, message: String::new(), uid: uid.into(), is_over }
    }

    /// What is told of each look at a replica, one after the other.
    fn told(looks: Vec<Option<Sight>>) -> Vec<Option<PodState>> {
        let mut last = None;
        let one = |look| {
            let (sight, mark) = news(look, last)?;
            let is_news = sight.state != PodState::Seen || !last.is_none_or(is_there);
            last = Some(mark);
            is_news.then_some(sight.state)
        };
        looks.into_iter().map(one).collect()
    }

    #[test]
    fn a_pod_that_nobody_shows_any_more_is_gone_until_another_is_there() {
        use PodState::{Draining, Gone, Seen};
        let looks = vec![
            None,
            Some(seen(Seen, "a", false)),
            Some(seen(Draining, "a", false)),
            None,
            None,
            Some(seen(Seen, "b", false)),
            // Both went, and nobody looked while the second one ran.
            Some(seen(Gone, "b", false)),
            Some(seen(Gone, "c", false)),
        ];
        let wanted =
            [None, None, Some(Draining), Some(Gone), None, Some(Seen), Some(Gone), Some(Gone)];
        assert_eq!(told(looks), wanted);
    }

    #[test]
    fn a_pod_that_had_done_its_work_may_go() {
        let looks = vec![
            Some(seen(PodState::Seen, "a", false)),
            Some(seen(PodState::Seen, "a", true)),
            None,
        ];
        assert_eq!(told(looks), [None, None, None]);
    }

    #[test]
    fn every_number_is_one_that_all_readers_of_json_take() {
        assert!(mark(&seen(PodState::Unknown, "a", false)) < 1 << 52);
    }

    #[test]
    fn the_cluster_says_why_the_last_pod_went() {
        let event = |pod: &str, reason: &str, message: &str, second: u32| -> ClusterEvent {
            serde_json::from_value(json!({
                "metadata": {}, "involvedObject": {"uid": pod}, "reason": reason,
                "message": message, "lastTimestamp": format!("2026-01-01T00:00:{second:02}Z"),
            }))
            .unwrap()
        };
        let mut events = vec![
            event("a", "Preempted", "by another", 1),
            event("b", "Scheduled", "to node1", 2),
            event("b", "Evicted", "The node was low on resource: memory", 3),
            event("b", "Killing", "Stopping container main", 4),
        ];
        let (since, message) = last_words(events.clone());
        assert_eq!(since, "2026-01-01T00:00:04Z".parse().ok());
        assert_eq!(message, "Evicted: The node was low on resource: memory");
        events.push(event("c", "Killing", "Stopping container main", 5));
        assert_eq!(last_words(events).1, "its container was stopped");
        assert_eq!(last_words(Vec::new()), (None, String::new()));
    }
}
