//! What pods and Jobs say of themselves while the gang is not whole.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest, Sha256};

use k8s_openapi::api::core::v1::Node;
use kube::Api;

use super::look::event;
use crate::event::Cursor;
use crate::event::{Event, EventKind};
use crate::gang::ReplicaId;
use crate::runtime::kubernetes::follow::verdict::node_lost;
use crate::runtime::kubernetes::follow::watch::{PodFacts, Reason, RunFacts};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::store::RunPaths;

/// What pods say of themselves, as far as it is news.
pub(crate) fn states(
    run: &RunPaths,
    cursor: &mut Cursor,
    submission: &Submission,
    facts: &RunFacts,
) -> Vec<Event> {
    let mut events = Vec::new();
    for job in facts.jobs.values().filter(|job| job.suspended && !job.gone) {
        let words = match &job.queue {
            Some(queue) => Reason {
                reason: "Queued".into(),
                message: format!("queue {queue} has not let it in yet"),
            },
            None => Reason { reason: "Suspended".into(), message: "its Job is suspended".into() },
        };
        if is_news(cursor, "job", &words) {
            events.push(waiting_event(run, None, words));
        }
    }
    for replica in submission.layout.jobs.iter().flat_map(|job| &job.replicas) {
        let Some(pod) = facts.pod_of(&submission.layout, replica) else { continue };
        if let Some(words) = blocked(pod).filter(|_| pod.lives())
            && is_news(cursor, &replica.to_string(), &words)
        {
            events.push(waiting_event(run, Some(replica), words));
        }
    }
    events
}

/// Pods that run or have run and have not been told of. The time is the cluster's: whoever looks late
/// still knows for how long they were there.
pub(crate) fn placed(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
    submission: &Submission,
    facts: &RunFacts,
) -> Vec<Event> {
    let mut events = Vec::new();
    let mut known = HashMap::new();
    for replica in submission.layout.jobs.iter().flat_map(|job| &job.replicas) {
        let Some(pod) = facts.pod_of(&submission.layout, replica) else { continue };
        if !(pod.running || pod.ended.is_some()) {
            continue;
        }
        let told = &mut cursor.pods.entry(pod.uid.clone()).or_default().is_placed;
        if std::mem::replace(told, true) {
            continue;
        }
        let node = pod.node.clone().unwrap_or_default();
        let labels = known.entry(node.clone()).or_insert_with(|| price_labels(session, &node));
        let labels = labels.clone();
        let kind = EventKind::Placed { node, pod: pod.name.clone(), labels };
        let mut placed = event(run, Some(replica), kind);
        placed.time = pod.started.unwrap_or(placed.time);
        events.push(placed);
    }
    events
}

/// Few users may read nodes, and nothing but a price depends on it: what can't be read is not known.
fn price_labels(session: &Session, node: &str) -> BTreeMap<String, String> {
    let wanted = &session.config.price_labels;
    let Ok(cluster) = session.cluster() else { return BTreeMap::new() };
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    let nodes: Api<Node> = Api::all(cluster.client.clone());
    let found = session.block_on(nodes.get_metadata_opt(node)).ok().flatten();
    let mut labels = found.and_then(|node| node.metadata.labels).unwrap_or_default();
    labels.retain(|key, _| wanted.contains(key));
    labels
}

/// What keeps this pod, or the next one of its index, from starting.
fn blocked(pod: &PodFacts) -> Option<Reason> {
    if pod.node_lost {
        let message = node_lost(pod);
        return Some(Reason { reason: "NodeLost".into(), message });
    }
    pod.waiting.clone()
}

/// The words differ from the last ones; the clock times in them don't count, nor do the names of pods
/// that a Job tries to make again and again.
pub(crate) fn is_news(cursor: &mut Cursor, who: &str, words: &Reason) -> bool {
    // The cursor outlives this process, so the hash must be the same in every version of mlctl.
    let mut hasher = Sha256::new_with_prefix(&words.reason);
    for word in words.message.split_whitespace().map(without_suffix) {
        hasher.update([0]);
        hasher.update(word);
    }
    let first = hasher.finalize().first_chunk().copied().unwrap_or_default();
    // 52 bits: what every reader of JSON takes for a whole number.
    let hash = u64::from_be_bytes(first) >> 12;
    cursor.reasons.insert(who.into(), hash) != Some(hash)
}

/// A pod's name without the five random letters at its end.
fn without_suffix(word: &str) -> &str {
    let plain = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    match plain.rsplit_once('-') {
        Some((name, suffix)) if suffix.len() == 5 && name.contains('-') => name,
        _ => plain,
    }
}

pub(crate) fn waiting_event(run: &RunPaths, replica: Option<&ReplicaId>, words: Reason) -> Event {
    let Reason { reason, message } = words;
    event(run, replica, EventKind::Waiting { reason, message })
}
