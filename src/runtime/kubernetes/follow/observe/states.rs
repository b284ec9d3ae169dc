//! What pods and Jobs say of themselves while the gang is not whole.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use k8s_openapi::api::core::v1::Node;
use kube::Api;

use super::look::event;
use crate::event::{Event, EventKind};
use crate::gang::ReplicaId;
use crate::runtime::kubernetes::follow::verdict::node_lost;
use crate::runtime::kubernetes::follow::watch::{PodFacts, RunFacts, Words};
use crate::runtime::kubernetes::session::Inner;
use crate::runtime::kubernetes::submit::Submission;
use crate::runtime::types::Cursor;
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
            Some(queue) => Words {
                reason: "Queued".into(),
                message: format!("queue {queue} has not let it in yet"),
            },
            None => Words { reason: "Suspended".into(), message: "its Job is suspended".into() },
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
    inner: &Inner,
    run: &RunPaths,
    cursor: &mut Cursor,
    submission: &Submission,
    facts: &RunFacts,
) -> Vec<Event> {
    let mut events = Vec::new();
    let mut known = HashMap::new();
    for replica in submission.layout.jobs.iter().flat_map(|job| &job.replicas) {
        let Some(pod) = facts.pod_of(&submission.layout, replica) else { continue };
        let key = format!("node/{}", pod.uid);
        if !(pod.running || pod.ended.is_some()) || cursor.0.contains_key(&key) {
            continue;
        }
        cursor.0.insert(key, 1);
        let node = pod.node.clone().unwrap_or_default();
        let labels = known.entry(node.clone()).or_insert_with(|| price_labels(inner, &node));
        let labels = labels.clone();
        let kind = EventKind::Placed { node, pod: pod.name.clone(), labels };
        let mut placed = event(run, Some(replica), kind);
        placed.time = pod.started.unwrap_or(placed.time);
        events.push(placed);
    }
    events
}

/// Few users may read nodes, and nothing but a price depends on it: what can't be read is not known.
fn price_labels(inner: &Inner, node: &str) -> BTreeMap<String, String> {
    let wanted = &inner.config.price_labels;
    let Ok(cluster) = inner.cluster() else { return BTreeMap::new() };
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    let nodes: Api<Node> = Api::all(cluster.client.clone());
    let found = inner.block_on(nodes.get_metadata_opt(node)).ok().flatten();
    let mut labels = found.and_then(|node| node.metadata.labels).unwrap_or_default();
    labels.retain(|key, _| wanted.contains(key));
    labels
}

/// What keeps this pod, or the next one of its index, from starting.
fn blocked(pod: &PodFacts) -> Option<Words> {
    if pod.node_lost {
        let message = node_lost(pod);
        return Some(Words { reason: "NodeLost".into(), message });
    }
    pod.waiting.clone()
}

/// The words differ from the last ones; the clock times in them don't count, nor do the names of pods
/// that a Job tries to make again and again.
pub(crate) fn is_news(cursor: &mut Cursor, who: &str, words: &Words) -> bool {
    let mut hasher = DefaultHasher::new();
    words.reason.hash(&mut hasher);
    words.message.split_whitespace().map(without_suffix).for_each(|word| word.hash(&mut hasher));
    let hash = hasher.finish() >> 12;
    cursor.0.insert(format!("wait/{who}"), hash) != Some(hash)
}

/// A pod's name without the five random letters at its end.
fn without_suffix(word: &str) -> &str {
    let plain = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    match plain.rsplit_once('-') {
        Some((name, suffix)) if suffix.len() == 5 && name.contains('-') => name,
        _ => plain,
    }
}

pub(crate) fn waiting_event(run: &RunPaths, replica: Option<&ReplicaId>, words: Words) -> Event {
    let Words { reason, message } = words;
    event(run, replica, EventKind::Waiting { reason, message })
}
