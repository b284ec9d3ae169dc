//! What pods and Jobs say of themselves while the gang is not whole.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest, Sha256};

use k8s_openapi::api::core::v1::Node;
use kube::Api;

use super::run_events::{event, waiting_event};
use crate::event::Cursor;
use crate::event::{Event, EventKind, WaitingReason};
use crate::runtime::kubernetes::follow::verdict::node_lost_message;
use crate::runtime::kubernetes::follow::watch::{PodFacts, RunFacts, Waiting};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::store::RunPaths;

/// A word of so many hexadecimal digits is the id of something, and says nothing to people.
const ID_LENGTH: usize = 32;

/// What Jobs and pods say that they wait for, as far as it differs from what was told last.
pub(crate) fn waiting_events(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
    submission: &Submission,
    facts: &RunFacts,
) -> Vec<Event> {
    let mut events = Vec::new();
    let suspended = || facts.jobs.values().filter(|job| job.suspended && !job.gone);
    if suspended().next().is_none() {
        // A queue that takes a place back says the same as it did before.
        cursor.reasons.remove("job");
    }
    for job in suspended() {
        let (reason, message) = match &job.queue {
            Some(queue) => (WaitingReason::Queued, format!("queue {queue} has not let it in yet")),
            None => (WaitingReason::Suspended, "its Job is suspended".into()),
        };
        let waiting = Waiting { reason, message };
        if is_news(cursor, "job", &waiting) {
            events.push(waiting_event(session, run, None, waiting));
        }
    }
    for replica in submission.layout.jobs.iter().flat_map(|job| &job.replicas) {
        let Some(pod) = facts.pod_of(&submission.layout, replica) else { continue };
        let waiting = silent(pod).or_else(|| facts.waiting_of(&submission.layout, replica));
        if let Some(waiting) = waiting.filter(|_| pod.lives() || pod.failed_start.is_some())
            && is_news(cursor, &replica.to_string(), &waiting)
        {
            events.push(waiting_event(session, run, Some(replica), waiting));
        }
    }
    events
}

/// One event for each pod that runs or has run and has not been told of before. Its time is the
/// cluster's, so that whoever observes late still knows for how long the pod has been there.
pub(crate) fn placed_events(
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
        if !pod.has_started() {
            continue;
        }
        let Some(node) = pod.node.clone() else { continue };
        let is_told = &mut cursor.pods.entry(pod.uid.clone()).or_default().is_placed;
        if std::mem::replace(is_told, true) {
            continue;
        }
        let labels = known.entry(node.clone()).or_insert_with(|| price_labels(session, &node));
        let labels = labels.clone();
        let kind = EventKind::Placed {
            node,
            pod: pod.name.clone(),
            labels,
            image_id: pod.image_id.clone(),
        };
        let mut placed = event(session, run, Some(replica), kind);
        placed.time = pod.started.unwrap_or(placed.time);
        events.push(placed);
    }
    events
}

/// The labels of a node that prices depend on. Few users may read nodes, and nothing but a price
/// depends on it, so there are no labels where they can't be read.
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

/// A silent node keeps this pod, and the one that would replace it, from starting; `None` when it
/// doesn't.
fn silent(pod: &PodFacts) -> Option<Waiting> {
    pod.node_lost
        .then(|| Waiting { reason: WaitingReason::NodeLost, message: node_lost_message(pod) })
}

/// Whether this differs from what was told last of `who`, a replica or one of `job` and `pods`; it
/// is remembered as told. The random ends of pods' names don't count, since a Job that may not make
/// a pod tries again and again under new names.
pub(crate) fn is_news(cursor: &mut Cursor, who: &str, waiting: &Waiting) -> bool {
    // The cursor outlives this process, so the hash must be the same in every version of mlctl.
    let mut hasher = Sha256::new_with_prefix(waiting.reason.as_str());
    for word in waiting.message.split_whitespace().map(without_suffix) {
        hasher.update([0]);
        hasher.update(word);
    }
    let first = hasher.finalize().first_chunk().copied().unwrap_or_default();
    // Every reader of JSON takes a number of 52 bits for a whole one.
    let hash = u64::from_be_bytes(first) >> 12;
    cursor.reasons.insert(who.into(), hash) != Some(hash)
}

/// A word without the punctuation around it and, where it is a pod's name, without the five random
/// letters at its end. The ids that a node gives to what it tries to make are all alike.
fn without_suffix(word: &str) -> &str {
    let plain = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if plain.len() >= ID_LENGTH && plain.chars().all(|c| c.is_ascii_hexdigit()) {
        return "";
    }
    match plain.rsplit_once('-') {
        Some((name, suffix)) if suffix.len() == 5 && name.contains('-') => name,
        _ => plain,
    }
}
