//! One metric.

use super::propose::{Setting, propose};
use super::surrogate::{Evidence, Surrogate};
use super::{subset, transfer};
use crate::history::History;
use crate::model::warp;
use crate::numeric::Random;
use crate::options::{Fallback, Found};
use crate::search::{Goal, TrustRegion};
use crate::suggest::Desk;

/// So many points in one place are a crowd.
const CROWD: usize = 4;

/// Fills the desk up to `n` suggestions; those on it already count as pending.
pub(super) fn suggest(desk: &mut Desk, mut known: History, n: usize) {
    let (space, options) = (desk.space, desk.options);
    let method = &options.method;
    let total = known.total();
    let mut random = Random::new(options.seed, 1000 + total as u64);
    let mut warped = warp(&known.metric(0), method);
    if let Some(fewer) = subset::reduce(&known, &warped.scores, &mut random) {
        desk.answer.note(Fallback::Subset { used: subset::MOST, of: known.points.len() });
        known = fewer;
        warped = warp(&known.metric(0), method);
    }
    let categorical = space.categorical();
    let features: Vec<Vec<f64>> = known.points.iter().map(|p| space.features(p)).collect();
    let trend = transfer::trend(space, options, 0, &features, &warped.scores);
    if !warped.informative && trend.is_empty() {
        if !known.points.is_empty() {
            desk.answer.note(Fallback::Uninformative);
        }
        return desk.fill(total, n);
    }
    let evidence = Evidence {
        features: &features,
        categorical: &categorical,
        scores: &warped.scores,
        trend: &trend,
    };
    let Some(mut surrogate) = Surrogate::new(&evidence, method, &mut random) else {
        desk.answer.note(Fallback::Singular);
        return desk.fill(total, n);
    };
    known.pending.extend(desk.answer.params.iter().filter_map(|p| space.point(p)));
    let mut near: Vec<Vec<f64>> = features.clone();
    for point in &known.pending {
        let features = space.features(point);
        surrogate.believe(&features);
        near.push(features);
    }
    let mut ranking: Vec<usize> = (0..known.points.len()).collect();
    ranking.sort_by(|a, b| warped.scores[*b].total_cmp(&warped.scores[*a]));
    let best: Vec<Vec<f64>> =
        ranking.iter().take(5).map(|i| space.canonical(&known.points[*i])).collect();
    while desk.answer.params.len() < n {
        let turn = total + desk.answer.params.len();
        let trust = (method.trust_region && trend.is_empty())
            .then(|| TrustRegion::new(&near, &categorical))
            .flatten();
        let setting = Setting {
            space,
            method,
            surrogate: &surrogate,
            trust: trust.as_ref(),
            best: &best,
            taken: &desk.taken,
        };
        let first = goal(method.bound_share, method.explore, turn);
        let mut proposed = None;
        // The expected improvement stays where it is: at the end of a valley, or on the border of the
        // space, it would ask for the same point for ever.
        for goal in [first, Goal::Bound(method.explore), Goal::Bound(3.0 * method.explore)] {
            let Some(point) = propose(&setting, goal, &mut random) else { break };
            let features = space.features(&point);
            let is_crowded = is_crowded(&features, &near, method.crowded);
            proposed = Some((point, features));
            if !is_crowded {
                break;
            }
        }
        let Some((point, features)) = proposed else { return desk.fill(total, n) };
        surrogate.believe(&features);
        near.push(features);
        desk.put(&point, Found::Model);
    }
}

/// Whether a point lies as close as this to several others in every coordinate. A few are right: they
/// find the very bottom of a valley.
fn is_crowded(point: &[f64], others: &[Vec<f64>], distance: f64) -> bool {
    let is_close =
        |other: &&Vec<f64>| point.iter().zip(*other).all(|(a, b)| (a - b).abs() < distance);
    others.iter().filter(is_close).count() >= CROWD
}

/// Which goal the suggestion number `turn` has: the shares hold in every stretch of turns.
fn goal(share: f64, explore: f64, turn: usize) -> Goal {
    let (before, after) = (share * turn as f64, share * (turn + 1) as f64);
    if after.floor() > before.floor() { Goal::Bound(explore) } else { Goal::Improvement }
}
