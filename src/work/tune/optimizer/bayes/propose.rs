//! The best candidate that a search finds.

use std::collections::HashSet;

use super::surrogate::Surrogate;
use crate::method::Method;
use crate::numeric::Random;
use crate::search::{Acquisition, Goal, TrustRegion, candidates, climb};
use crate::space::{Grid, Space};

/// What a search needs to know.
pub(crate) struct Setting<'a> {
    pub(crate) space: &'a Space,
    pub(crate) method: &'a Method,
    pub(crate) surrogate: &'a Surrogate,
    pub(crate) trust: Option<&'a TrustRegion>,
    pub(crate) best: &'a [Vec<f64>],
    pub(crate) taken: &'a HashSet<Vec<u64>>,
}

/// Draws of the hyperparameters that all candidates are judged by; the best are judged by all.
const SCREEN: usize = 2;

/// Screens candidates, improves the best of them, and returns the best of all. `None` if every point
/// of the space is taken.
pub(crate) fn propose(setting: &Setting, goal: Goal, random: &mut Random) -> Option<Vec<f64>> {
    let Setting { space, method, surrogate, .. } = setting;
    let acquisition = Acquisition::new(&surrogate.draws, &surrogate.incumbents, goal);
    let (global, local) = (method.global_candidates, method.local_candidates);
    let points = if space.count(global).is_some() {
        Grid::new(space, 1).filter(|p| !setting.taken.contains(&crate::search::key(p))).collect()
    } else {
        candidates(space, setting.best, global, local, setting.taken, random)
    };
    let features: Vec<Vec<f64>> = points.iter().map(|p| space.features(p)).collect();
    let outside: Vec<f64> =
        features.iter().map(|f| setting.trust.map_or(0.0, |t| t.outside(f))).collect();
    let inside: Vec<usize> = (0..points.len()).filter(|i| outside[*i] == 0.0).collect();
    let judged: Vec<Vec<f64>> = inside.iter().map(|i| features[*i].clone()).collect();
    let values = acquisition.values(&judged, SCREEN);
    let mut ranked: Vec<(f64, usize)> = values.into_iter().zip(inside).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    ranked.truncate(60);
    // Judged again, by all draws.
    let again: Vec<Vec<f64>> = ranked.iter().map(|(_, i)| features[*i].clone()).collect();
    let values = acquisition.values(&again, usize::MAX);
    let mut ranked: Vec<(f64, usize)> =
        values.into_iter().zip(ranked.iter().map(|r| r.1)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    ranked.retain(|(value, _)| !value.is_nan());
    let Some(first) = ranked.first() else {
        // Nothing inside the region: the nearest to it.
        let nearest = (0..points.len()).min_by(|a, b| outside[*a].total_cmp(&outside[*b]))?;
        return points.into_iter().nth(nearest);
    };
    let mut best = (points[first.1].clone(), first.0);
    for (value, at) in apart(&ranked, &features, method.climbs) {
        let start = (points[at].clone(), value);
        let end = climb(space, &acquisition, setting.trust, setting.taken, start, usize::MAX);
        if end.1 > best.1 {
            best = end;
        }
    }
    Some(best.0)
}

/// The best few that do not lie close to a better one: their ascents would end in the same place.
fn apart(ranked: &[(f64, usize)], features: &[Vec<f64>], count: usize) -> Vec<(f64, usize)> {
    let mut chosen: Vec<(f64, usize)> = Vec::new();
    for &(value, at) in ranked {
        let close = chosen.iter().any(|(_, other)| {
            features[*other].iter().zip(&features[at]).all(|(a, b)| (a - b).abs() < 0.05)
        });
        if chosen.len() >= count {
            break;
        }
        if !close {
            chosen.push((value, at));
        }
    }
    chosen
}
