//! How many replicas each revision is to have.

use jiff::Timestamp;

use super::measured::Measured;
use super::{EndpointState, Entry, Facts, RevisionId, RevisionState, Rules, Transition, Weights};
use crate::work::serve::guard::{Guard, keeps};
use crate::work::serve::scale::age;

/// Replicas that a revision needs for such a share of all requests, at least one.
pub(super) fn needed(
    id: &RevisionId,
    weight: u8,
    rules: &Rules,
    state: &EndpointState,
    measured: &Measured,
    now: Timestamp,
) -> u32 {
    let load = measured.total_load(now, &rules.scaling) * f64::from(weight) / 100.0;
    let by_load = rules.scaling.target.replicas(load);
    // Before anything is measured, what is there is taken for what is needed.
    let by_count = if measured.is_settled(now, &rules.scaling) {
        0
    } else {
        let carrying = state.weights.iter().filter_map(|(id, _)| state.revisions.get(id));
        let all: u32 = carrying.map(|revision| revision.replicas).max().unwrap_or(0);
        (all * u32::from(weight)).div_ceil(100)
    };
    let most = if keeps(Guard::Max) { state.bounds(id).max } else { u32::MAX };
    by_load.max(by_count).clamp(1, most)
}

/// The numbers that are to change.
pub(super) fn next(
    rules: &Rules,
    state: &EndpointState,
    measured: &mut Measured,
    facts: &Facts,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (id, revision) in &state.revisions {
        let (to, reason) = target(id, revision, rules, state, measured, facts);
        if to != revision.replicas {
            entries.push(Entry::Scaled {
                revision: id.clone(),
                from: revision.replicas,
                to,
                reason,
            });
        }
    }
    entries
}

/// How many replicas a revision is to have, and why.
fn target(
    id: &RevisionId,
    revision: &RevisionState,
    rules: &Rules,
    state: &EndpointState,
    measured: &mut Measured,
    facts: &Facts,
) -> (u32, String) {
    let now = facts.now;
    if rules.transition == Transition::MinimalRam
        && let Some(none) = makes_room(id, rules, state, facts)
    {
        return none;
    }
    let empty = super::RevisionFacts::default();
    let fact = facts.revisions.get(id).unwrap_or(&empty);
    let carries = state.weights.get(id) > 0;
    let bounds = state.bounds(id);
    let (floor, mut reason) = floor(id, revision, rules, state, measured, now);
    let is_used = carries || fact.in_flight + fact.held > 0;
    let is_needed = floor > 0 || carries || state.is_current(id) && is_used;
    if !is_needed {
        return (0, "it carries nothing any more".into());
    }
    if fact.is_scaled_elsewhere && revision.replicas > 0 {
        // The other controller never goes below one, and knows its own bounds.
        return (revision.replicas, String::new());
    }
    let floors = measured.floors.entry(id.clone()).or_default();
    floors.add(now, floor, rules.scaling.window);
    let floor = floors.largest();
    let mut number = floor;
    if let Some(scaler) = measured.scalers.get_mut(id).filter(|_| is_used || floor > 0) {
        let wanted = scaler.wanted(now, fact.ready, &rules.scaling);
        let must_stay = revision.replicas > 0 && !scaler.may_sleep(now, &rules.scaling);
        let wakes = revision.replicas == 0
            && keeps(Guard::WakesAtOnce)
            && (fact.held > 0 || wanted.replicas > 0);
        let least = u32::from(is_used && must_stay || wakes);
        let by_load = wanted.replicas.max(least);
        let by_load = if revision.replicas == 0 && !wakes { 0 } else { by_load };
        if by_load > number {
            number = by_load;
            reason = wanted.reason;
        } else if number == 0 {
            reason = format!("no request for {} s", scaler.idle(now).as_secs());
        }
        if wakes && revision.replicas == 0 && floor == 0 {
            reason = "a request waits".into();
        }
        // Whatever the number is for, a panic takes none of it away.
        if scaler.is_panicking() && keeps(Guard::PanicNeverDown) {
            number = number.max(revision.replicas);
        }
    }
    // What has not been measured for a whole window, at all routers, takes nothing away.
    if !measured.is_complete(now, &rules.scaling) && number < revision.replicas {
        number = revision.replicas;
    }
    let least = if keeps(Guard::Min) && state.is_current(id) { bounds.min } else { 0 };
    let most = if keeps(Guard::Max) { bounds.max } else { u32::MAX };
    let number = number.max(least).min(most);
    if reason.is_empty() {
        let window = rules.scaling.window.as_secs();
        reason = format!("no more than {number} were needed in the last {window} s");
    }
    (number, reason)
}

/// The fewest replicas by the part that a revision has, and why.
fn floor(
    id: &RevisionId,
    revision: &RevisionState,
    rules: &Rules,
    state: &EndpointState,
    measured: &Measured,
    now: Timestamp,
) -> (u32, String) {
    let need = |weight: u8| needed(id, weight, rules, state, measured, now);
    let mut floors = Vec::new();
    if let Some(change) = &state.change {
        let (from, to) = (change.from.get(id), change.to.get(id));
        let is_swap = change.is_minimal_ram(rules, &state.weights);
        if to > from && is_swap && state.weights.get(id) > 0 {
            // Also when nobody asks: it is over only once it has started.
            floors.push((1, "it is to take over".into()));
        }
        if to > from && !is_swap {
            let next = super::change::next_percent(change, rules);
            let weight = change.from.toward(&change.to, next).get(id);
            floors.push((need(weight), format!("it is to carry {weight} %")));
        }
        if from > to && change.percent > 0 && keeps(Guard::StableStays) {
            floors.push((need(from), "it takes everything back if the rollout fails".into()));
        }
    }
    let is_warm = revision.idle_since.is_some_and(|since| age(now, since) < rules.keep_warm)
        && keeps(Guard::KeepWarm);
    if is_warm && state.weights.get(id) == 0 && rules.transition == Transition::Availability {
        let kept = if revision.condemned.is_some() {
            (1, "it is kept for a look".to_owned())
        } else {
            let weight = state.before.as_ref().map_or(0, |before: &Weights| before.get(id));
            (need(weight), "it is kept warm for a rollback".to_owned())
        };
        floors.push(kept);
    }
    // A revision whose weights come back has to be there, wherever they come from.
    let is_wanted = state.is_current(id) && rules.transition == Transition::Availability;
    if (is_wanted || state.weights.get(id) > 0) && keeps(Guard::Min) {
        floors.push((state.bounds(id).min, "its least number".into()));
    }
    floors.into_iter().max_by_key(|(number, _)| *number).unwrap_or_default()
}

/// Memory never holds both: what carries nothing has no replica, and what has none starts only when
/// nothing else is left.
fn makes_room(
    id: &RevisionId,
    rules: &Rules,
    state: &EndpointState,
    facts: &Facts,
) -> Option<(u32, String)> {
    // Where both are to carry weight in the end, memory has to hold both.
    let both = state.change.as_ref().filter(|one| !one.is_minimal_ram(rules, &state.weights));
    let has_part = |id: &RevisionId| {
        state.weights.get(id) > 0 || both.is_some_and(|change| change.to.get(id) > 0)
    };
    if !has_part(id) && !state.weights.is_empty() {
        return Some((0, "it makes room for its successor".into()));
    }
    let mut others = facts.revisions.iter();
    let is_full = others.any(|(other, fact)| !has_part(other) && other != id && fact.living() > 0);
    let waits = is_full && keeps(Guard::MinimalRam);
    // Also where it was decided before, and whoever starts it was never told.
    let told = facts.revisions.get(id).and_then(|fact| fact.wanted).unwrap_or(0);
    let is_new = told == 0 || state.revisions.get(id).is_some_and(|one| one.replicas == 0);
    (waits && is_new).then(|| (0, "what makes room for it is still there".into()))
}
