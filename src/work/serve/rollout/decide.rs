//! What happens next with an endpoint. Pure: the journal's state, what was measured and facts in,
//! entries for the journal out.

use super::measured::Measured;
use super::{EndpointState, Entry, Facts, Rules, Weights, change, replicas};
use crate::work::serve::guard::{Guard, keeps};

/// What is to be written down next, by [`CONTROLLER`](super::CONTROLLER). Empty: nothing is to be decided
/// until something happens. Otherwise it is to be asked again once these are in the journal and folded,
/// before anything is done by them.
pub fn decide(state: &EndpointState, measured: &mut Measured, facts: &Facts) -> Vec<Entry> {
    let Some(rules) = &state.rules else { return Vec::new() };
    let next = match &state.change {
        Some(under_way) => change::next(under_way, rules, state, measured, facts),
        None => take_over(state, measured, facts),
    };
    match next {
        Some(entry) => vec![entry],
        None => replicas::next(rules, state, measured, facts),
    }
}

/// Nothing that carries weight is ready, and the weights before these would do.
fn take_over(state: &EndpointState, measured: &Measured, facts: &Facts) -> Option<Entry> {
    if !keeps(Guard::TakeOver) || state.weights.is_empty() {
        return None;
    }
    let before = state.before.as_ref()?;
    let is_down = |weights: &Weights| {
        weights.iter().all(|(id, _)| {
            let revision = state.revisions.get(id);
            revision.is_some_and(|revision| {
                revision.replicas > 0 && measured.is_lost(id, revision, facts.now)
            })
        })
    };
    let is_ready = before.iter().all(|(id, _)| warm(facts, id) > 0);
    (is_ready && is_down(&state.weights)).then(|| Entry::Replaced {
        from: state.weights.clone(),
        weights: before.clone(),
        reason: format!("no replica of {} is ready", names(&state.weights)),
    })
}

/// Warm replicas of a revision.
pub(super) fn warm(facts: &Facts, id: &super::RevisionId) -> u32 {
    facts.revisions.get(id).map_or(0, |fact| fact.warm)
}

/// Those who carry weight, in words.
pub(super) fn names(weights: &Weights) -> String {
    let names: Vec<String> = weights.iter().map(|(id, _)| id.to_string()).collect();
    names.join(" and ")
}

/// So long routers may take to confirm weights before a change that waits for them is paused, where the
/// rules name no time.
pub(super) fn patience(rules: &Rules, state: &EndpointState) -> std::time::Duration {
    let starts = state.revisions.values().map(|revision| revision.rules.start_timeout);
    rules
        .rollout
        .as_ref()
        .map_or_else(|| starts.max().unwrap_or_default(), |rollout| rollout.max_wait)
}
