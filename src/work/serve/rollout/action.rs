//! What is to be done so that the world becomes what the journal says.

use std::time::Duration;

use super::{EndpointState, Facts, RevisionFacts, RevisionId, RevisionState, Weights};
use crate::work::serve::guard::{Guard, keeps};
use crate::work::serve::scale::age;

/// The pause after the first failure; it doubles with each further one in a row.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause, which is the kubelet's too.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// What is to be done. Each is safe to do again: it names a result, not a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Have every router route by these weights.
    SetWeights(Weights),
    /// Have so many replicas. Those that are too many get nothing new, finish what they have within
    /// the rules' `drain`, and are stopped.
    Scale {
        /// Of which revision.
        revision: RevisionId,
        /// How many.
        replicas: u32,
    },
    /// Have every router send nothing new to any of its replicas, also not what a header asks for: all
    /// of them are about to be stopped.
    Drain {
        /// Which revision.
        revision: RevisionId,
    },
    /// Start successors for replicas that have failed.
    Replace {
        /// Of which revision.
        revision: RevisionId,
        /// How many.
        count: u32,
    },
}

/// What the world lacks of what the journal says. To be asked only when [`decide`](super::decide) has
/// nothing more to write down; all of it may be done at once, in this order.
pub fn actions(state: &EndpointState, facts: &Facts) -> Vec<Action> {
    let Some(rules) = &state.rules else { return Vec::new() };
    let mut actions = Vec::new();
    let is_routed = facts.routed.as_ref() == Some(&state.weights);
    if !is_routed {
        actions.push(Action::SetWeights(state.weights.clone()));
    }
    for (id, revision) in &state.revisions {
        let fact = facts.revisions.get(id);
        let told = fact.and_then(|fact| fact.wanted);
        let is_less = told.is_some_and(|told| revision.replicas < told);
        // Routers that still send to a revision would send to nothing.
        let is_sent_to = !is_routed && state.weights.get(id) == 0 && keeps(Guard::RoutedFirst);
        if told.unwrap_or(0) != revision.replicas && !(is_less && is_sent_to) {
            let is_busy = fact.is_some_and(|fact| fact.in_flight > 0);
            let waited = age(facts.now, revision.since) >= rules.drain;
            let ends = revision.replicas == 0 && state.weights.get(id) == 0;
            let revision_id = id.clone();
            actions.push(if ends && is_busy && !waited && keeps(Guard::DrainFirst) {
                Action::Drain { revision: revision_id }
            } else {
                Action::Scale { revision: revision_id, replicas: revision.replicas }
            });
        }
        if let Some(fact) = fact.filter(|fact| may_replace(revision, fact, facts)) {
            actions.push(Action::Replace { revision: id.clone(), count: fact.failed });
        }
    }
    // What the journal has forgotten is needed by nothing.
    for (id, fact) in &facts.revisions {
        let is_there = fact.living() > 0 || fact.wanted.is_some_and(|wanted| wanted > 0);
        if is_there && !state.revisions.contains_key(id) {
            actions.push(Action::Scale { revision: id.clone(), replicas: 0 });
        }
    }
    actions
}

/// So long after the last failure the next replica starts.
pub fn back_off(failures: u32) -> Duration {
    if !keeps(Guard::BackOff) {
        return PAUSE;
    }
    PAUSE.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(LONGEST_PAUSE)
}

fn may_replace(revision: &RevisionState, fact: &RevisionFacts, facts: &Facts) -> bool {
    let waited = fact.failed_at.is_none_or(|at| age(facts.now, at) >= back_off(fact.failures));
    fact.failed > 0 && revision.replicas > 0 && waited
}
