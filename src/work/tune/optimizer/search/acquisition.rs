//! How promising a candidate is.

use crate::model::{LANES, Posterior};
use crate::numeric::{log_expected_improvement_slope, log_expected_improvement_unit};

/// What is maximised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// The logarithm of the expected improvement over the best expected score so far.
    Improvement,
    /// The expected score and this many standard deviations.
    Bound(f64),
}

/// A goal under several draws of the hyperparameters, over whose predictions it is averaged.
pub(crate) struct Acquisition<'a> {
    posteriors: &'a [Posterior],
    /// The best expected score among the points seen, for each draw.
    incumbents: &'a [f64],
    goal: Goal,
}

impl<'a> Acquisition<'a> {
    pub(crate) fn new(posteriors: &'a [Posterior], incumbents: &'a [f64], goal: Goal) -> Self {
        Self { posteriors, incumbents, goal }
    }

    /// The values of candidates under the first `draws` draws.
    pub(crate) fn values(&self, candidates: &[Vec<f64>], draws: usize) -> Vec<f64> {
        let draws = draws.clamp(1, self.posteriors.len());
        let mut values = Vec::with_capacity(candidates.len());
        for block in candidates.chunks(LANES) {
            let block: Vec<&[f64]> = block.iter().map(Vec::as_slice).collect();
            let mut averages = [Average::new(self.goal); LANES];
            for (posterior, incumbent) in self.posteriors[..draws].iter().zip(self.incumbents) {
                let predictions = posterior.predict(&block);
                for (average, (mean, variance)) in averages.iter_mut().zip(predictions) {
                    average.add(self.single(mean, variance.sqrt(), *incumbent));
                }
            }
            values.extend(averages[..block.len()].iter().map(|a| a.value(draws)));
        }
        values
    }

    /// The value of one candidate and its gradient by the features.
    pub(crate) fn differentiate(&self, candidate: &[f64], gradient: &mut [f64]) -> f64 {
        let draws = self.posteriors.len();
        let mut singles = Vec::with_capacity(draws);
        let mut average = Average::new(self.goal);
        for (posterior, incumbent) in self.posteriors.iter().zip(self.incumbents) {
            let p = posterior.differentiate(candidate);
            let deviation = p.variance.sqrt();
            let value = self.single(p.mean, deviation, *incumbent);
            // How the value changes with the mean and with the deviation.
            let (by_mean, by_deviation) = match self.goal {
                Goal::Bound(explore) => (1.0, explore),
                Goal::Improvement => {
                    let z = (p.mean - incumbent) / deviation;
                    let slope = log_expected_improvement_slope(z, log_expected_improvement_unit(z));
                    (slope / deviation, (1.0 - slope * z) / deviation)
                }
            };
            let slopes: Vec<f64> = p
                .mean_slope
                .iter()
                .zip(&p.variance_slope)
                .map(|(m, v)| by_mean * m + by_deviation * 0.5 * v / deviation)
                .collect();
            average.add(value);
            singles.push((value, slopes));
        }
        gradient.fill(0.0);
        let total = average.value(draws);
        for (value, slopes) in singles {
            let share = match self.goal {
                Goal::Bound(_) => 1.0 / draws as f64,
                Goal::Improvement => libm::exp(value - total) / draws as f64,
            };
            for (g, s) in gradient.iter_mut().zip(slopes) {
                *g += share * s;
            }
        }
        total
    }

    fn single(&self, mean: f64, deviation: f64, incumbent: f64) -> f64 {
        match self.goal {
            Goal::Bound(explore) => mean + explore * deviation,
            Goal::Improvement => {
                libm::log(deviation) + log_expected_improvement_unit((mean - incumbent) / deviation)
            }
        }
    }
}

/// An average of bounds, or of improvements that are known by their logarithms.
#[derive(Clone, Copy)]
struct Average {
    goal: Goal,
    peak: f64,
    sum: f64,
}

impl Average {
    fn new(goal: Goal) -> Self {
        Self { goal, peak: f64::NEG_INFINITY, sum: 0.0 }
    }

    fn add(&mut self, value: f64) {
        if let Goal::Bound(_) = self.goal {
            self.sum += value;
        } else if value > self.peak {
            self.sum = self.sum * libm::exp(self.peak - value) + 1.0;
            self.peak = value;
        } else {
            self.sum += libm::exp(value - self.peak);
        }
    }

    fn value(&self, draws: usize) -> f64 {
        match self.goal {
            Goal::Bound(_) => self.sum / draws as f64,
            Goal::Improvement => self.peak + libm::log(self.sum / draws as f64),
        }
    }
}
