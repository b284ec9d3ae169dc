//! The model of one metric: several draws of the process, given what is known.

use crate::method::Method;
use crate::model::{Distances, Likelihood, Posterior, Prior, Trend, fit, slice_samples};
use crate::numeric::Random;

/// Draws of the process, the most probable first.
pub(crate) struct Surrogate {
    pub(crate) draws: Vec<Posterior>,
    /// For each draw the best expected score among the points seen.
    pub(crate) incumbents: Vec<f64>,
}

/// What a model is made of.
pub(crate) struct Evidence<'a> {
    pub(crate) features: &'a [Vec<f64>],
    pub(crate) categorical: &'a [bool],
    pub(crate) scores: &'a [f64],
    /// What earlier studies expect; the scores are around it.
    pub(crate) trend: &'a Trend,
}

/// Points that the hyperparameters are fitted to, at most: beyond, a few more tell little.
const FITTED: usize = 250;

/// How much of the method the size of the problem leaves time for: draws, evaluations of the
/// likelihood for each start, starts.
fn effort(method: &Method, n: usize, features: usize) -> (usize, usize, usize) {
    // An evaluation of the likelihood costs about n³; a pass of the sampler takes about five for each
    // hyperparameter.
    let size = n as f64 / 50.0;
    let cost = size * size * size + size * size * features as f64 / 6.0;
    let passes = (60.0 / (cost.max(0.02) * (features as f64 + 4.0))).floor() as usize;
    let samples = method.samples.min(passes);
    let evaluations = ((400.0 / cost.max(0.1)) as usize).clamp(15, 40);
    let starts = if cost > 10.0 { 1 } else { method.starts };
    (samples, evaluations, starts)
}

impl Surrogate {
    /// Fits to what is known. `None` if no covariance matrix can be factorised.
    pub(crate) fn new(evidence: &Evidence, method: &Method, random: &mut Random) -> Option<Self> {
        let distances = Distances::new(evidence.features, evidence.categorical);
        let left: Vec<f64> = evidence
            .features
            .iter()
            .zip(evidence.scores)
            .map(|(f, s)| s - evidence.trend.iter().map(|(w, e)| w * e.mean(f)).sum::<f64>())
            .collect();
        let (features, categorical) = (evidence.features, evidence.categorical);
        let mut draws: Vec<Posterior> = Vec::new();
        for (prior, theta) in hyperparameters(evidence, &left, method, random) {
            let mut likelihood = Likelihood::new(&distances, &left, &prior);
            if let Some(factor) = likelihood.factor(&theta) {
                let own = Posterior::new(features, categorical, &left, &theta, &prior, factor);
                draws.push(own.around(evidence.trend.clone()));
            }
        }
        let incumbents = draws
            .iter()
            .map(|d| features.iter().map(|f| d.mean(f)).fold(f64::NEG_INFINITY, f64::max))
            .collect();
        (!draws.is_empty()).then_some(Self { draws, incumbents })
    }

    /// Takes a pending point as if it had come out as predicted.
    pub(crate) fn believe(&mut self, features: &[f64]) {
        for (draw, incumbent) in self.draws.iter_mut().zip(&mut self.incumbents) {
            *incumbent = incumbent.max(draw.mean(features));
            draw.believe(features);
        }
    }
}

/// Draws of the hyperparameters, each with the prior that it belongs to; where there is no time for
/// draws, the most probable ones.
///
/// Of the two models, with and without a sum of one-dimensional functions, each gets a share of the
/// draws in proportion to how well its best hyperparameters explain the scores.
fn hyperparameters(
    evidence: &Evidence,
    left: &[f64],
    method: &Method,
    random: &mut Random,
) -> Vec<(Prior, Vec<f64>)> {
    let n = left.len();
    // Every so manieth point, from the best down.
    let mut ranking: Vec<usize> = (0..n).collect();
    if n > FITTED {
        ranking.sort_by(|a, b| evidence.scores[*b].total_cmp(&evidence.scores[*a]));
        ranking = (0..FITTED).map(|i| ranking[i * n / FITTED]).collect();
    }
    let features: Vec<Vec<f64>> = ranking.iter().map(|i| evidence.features[*i].clone()).collect();
    let scores: Vec<f64> = ranking.iter().map(|i| left[*i]).collect();
    let dimensions = evidence.categorical.len();
    let distances = Distances::new(&features, evidence.categorical);
    let (samples, evaluations, starts) = effort(method, scores.len(), dimensions);

    let share = method.additive.clamp(0.0, 1.0);
    let models: Vec<(f64, Prior)> = [(1.0 - share, false), (share, true)]
        .into_iter()
        .filter(|(share, additive)| *share > 0.0 && (!additive || dimensions > 1))
        .map(|(share, additive)| (share, Prior::new(method, dimensions, additive)))
        .collect();
    let fits: Vec<(f64, Vec<f64>, f64)> = models
        .iter()
        .map(|(share, prior)| {
            let mut likelihood = Likelihood::new(&distances, &scores, prior);
            let (mode, energy) = fit(&mut likelihood, starts, evaluations, random);
            (libm::log(*share) - energy, mode, energy)
        })
        .collect();
    let peak = fits.iter().map(|f| f.0).fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = fits.iter().map(|f| libm::exp(f.0 - peak)).collect();
    let total: f64 = weights.iter().sum();
    let mut drawn: Vec<Vec<(Prior, Vec<f64>)>> = Vec::new();
    for (((_, prior), (_, mode, energy)), weight) in models.iter().zip(&fits).zip(&weights) {
        let weight = if total.is_finite() { weight / total } else { 1.0 };
        let count = (weight * samples as f64).round() as usize;
        let thetas = if count > 0 && energy.is_finite() {
            let mut likelihood = Likelihood::new(&distances, &scores, prior);
            slice_samples(&mut likelihood, mode, *energy, count, 1, random)
        } else if samples == 0 && weight > 0.3 {
            vec![mode.clone()]
        } else {
            continue;
        };
        drawn.push(thetas.into_iter().map(|theta| (prior.clone(), theta)).collect());
    }
    // In turn, since the first few draws screen candidates.
    let longest = drawn.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest).flat_map(|i| drawn.iter().filter_map(move |d| d.get(i).cloned())).collect()
}
