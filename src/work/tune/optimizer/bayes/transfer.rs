//! What earlier studies tell of this one.

use std::sync::Arc;

use super::subset;
use super::surrogate::{Evidence, Surrogate};
use crate::history::History;
use crate::method::Method;
use crate::model::{Trend, warp};
use crate::numeric::Random;
use crate::options::Options;
use crate::space::Space;

/// How many trials' worth of belief there is, before any of this study's own, that an earlier study's
/// scores are this one's.
const BELIEF: f64 = 3.0;

/// The expectations of the earlier studies about a metric, with the weights that this study's scores
/// give them: by ridge regression towards equal weights that add up to 1. Studies that the space has
/// too little place for are left out.
///
/// The idea of a stack of processes, each fitted to what the one before leaves over, is Vizier's
/// (Golovin et al. 2017, section 3.3); the weights are ours.
pub(super) fn trend(
    space: &Space,
    options: &Options,
    metric: usize,
    features: &[Vec<f64>],
    scores: &[f64],
) -> Trend {
    let method = Method { samples: 0, ..options.method.clone() };
    let mut studies = Vec::new();
    for (i, trials) in options.earlier.iter().enumerate() {
        let mut random = Random::new(options.seed, 1_000_000 + i as u64);
        let known = History::new(space, trials, &[], &options.directions);
        let warped = warp(&known.metric(metric), &method);
        let known = subset::reduce(&known, &warped.scores, &mut random).unwrap_or(known);
        let warped = warp(&known.metric(metric), &method);
        if !warped.informative || known.points.len() < 3 {
            continue;
        }
        let places: Vec<Vec<f64>> = known.points.iter().map(|p| space.features(p)).collect();
        let evidence = Evidence {
            features: &places,
            categorical: &space.categorical(),
            scores: &warped.scores,
            trend: &Trend::new(),
        };
        if let Some(model) = Surrogate::new(&evidence, &method, &mut random)
            && let Some(draw) = model.draws.into_iter().next()
        {
            studies.push(Arc::new(draw));
        }
    }
    let equal = 1.0 / studies.len().max(1) as f64;
    let mut trend: Trend = studies.into_iter().map(|s| (equal, s)).collect();
    // Coordinate descent: a few rounds settle the weights of a few studies.
    let expected: Vec<Vec<f64>> =
        trend.iter().map(|(_, s)| features.iter().map(|f| s.mean(f)).collect()).collect();
    for _ in 0..10 {
        for k in 0..trend.len() {
            let (mut product, mut square) = (BELIEF * equal, BELIEF);
            for (i, score) in scores.iter().enumerate() {
                let others: f64 =
                    (0..trend.len()).filter(|o| *o != k).map(|o| trend[o].0 * expected[o][i]).sum();
                product += expected[k][i] * (score - others);
                square += expected[k][i] * expected[k][i];
            }
            trend[k].0 = (product / square).clamp(0.0, 1.5);
        }
    }
    trend
}
