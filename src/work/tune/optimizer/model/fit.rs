//! The most probable hyperparameters.

use super::Likelihood;
use crate::numeric::{Random, minimise};

/// The best of several descents, each from another place: the prior's mode, a noisy and a short-range
/// explanation of the scores, and the best of a few draws. The answer always has a finite energy unless
/// no place had.
pub(crate) fn fit(
    likelihood: &mut Likelihood,
    starts: usize,
    evaluations: usize,
    random: &mut Random,
) -> (Vec<f64>, f64) {
    let prior = likelihood.prior();
    let layout = prior.layout;
    let mut places = vec![prior.mean.clone()];
    let mut noisy = prior.mean.clone();
    noisy[layout.noise()] =
        libm::log(0.2).clamp(prior.low[layout.noise()], prior.high[layout.noise()]);
    places.push(noisy);
    let mut short = prior.mean.clone();
    for length in &mut short[..layout.features] {
        *length -= 1.0;
    }
    places.push(short);
    for _ in 0..6 {
        places.push(
            (0..layout.count())
                .map(|i| {
                    (prior.mean[i] + prior.deviation[i] * random.normal())
                        .clamp(prior.low[i], prior.high[i])
                })
                .collect(),
        );
    }
    let mut ranked: Vec<(f64, Vec<f64>)> =
        places.into_iter().map(|p| (likelihood.energy(&p), p)).collect();
    ranked[1..].sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut best: Option<(Vec<f64>, f64)> = None;
    for (energy, place) in ranked.into_iter().take(starts.max(1)) {
        if !energy.is_finite() {
            continue;
        }
        let end = minimise(
            |t, g| likelihood.gradient(t, g),
            place,
            &prior.low,
            &prior.high,
            evaluations,
            1e-3,
        );
        if best.as_ref().is_none_or(|b| end.value < b.1) {
            best = Some((end.x, end.value));
        }
    }
    best.unwrap_or_else(|| (prior.mean.clone(), f64::INFINITY))
}
