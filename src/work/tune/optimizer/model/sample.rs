//! Draws from the posterior distribution of the hyperparameters.

use super::Likelihood;
use crate::numeric::Random;

/// Draws by slice sampling (Neal 2003), each after one pass over all hyperparameters in random order,
/// from `start` on. Widths are the prior's standard deviations; at most a few steps out and in are
/// taken, which keeps the cost bounded and the chain valid (a failed step leaves a coordinate as it was).
pub(crate) fn slice_samples(
    likelihood: &mut Likelihood,
    start: &[f64],
    energy: f64,
    count: usize,
    thin: usize,
    random: &mut Random,
) -> Vec<Vec<f64>> {
    let prior = likelihood.prior();
    let mut theta = start.to_vec();
    let mut energy = energy;
    let mut order: Vec<usize> = (0..theta.len()).collect();
    let mut draws = Vec::with_capacity(count);
    while draws.len() < count && energy.is_finite() {
        for _ in 0..thin.max(1) {
            random.shuffle(&mut order);
            for &at in &order {
                let level = energy - libm::log(random.unit().max(1e-300));
                let here = theta[at];
                let width = prior.deviation[at].min(1.5);
                let mut low = (here - width * random.unit()).max(prior.low[at]);
                let mut high = (low + width).min(prior.high[at]);
                for _ in 0..2 {
                    if low <= prior.low[at] {
                        break;
                    }
                    theta[at] = low;
                    if likelihood.energy(&theta) > level {
                        break;
                    }
                    low = (low - width).max(prior.low[at]);
                }
                for _ in 0..2 {
                    if high >= prior.high[at] {
                        break;
                    }
                    theta[at] = high;
                    if likelihood.energy(&theta) > level {
                        break;
                    }
                    high = (high + width).min(prior.high[at]);
                }
                let mut found = false;
                for _ in 0..12 {
                    theta[at] = low + (high - low) * random.unit();
                    let reached = likelihood.energy(&theta);
                    if reached <= level {
                        energy = reached;
                        found = true;
                        break;
                    }
                    if theta[at] < here {
                        low = theta[at];
                    } else {
                        high = theta[at];
                    }
                }
                if !found {
                    theta[at] = here;
                }
            }
        }
        draws.push(theta.clone());
    }
    draws
}
