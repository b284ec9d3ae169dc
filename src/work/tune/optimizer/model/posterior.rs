//! What the process predicts, given hyperparameters and the points seen.

use std::sync::Arc;

use super::kernel::matern_pair;
use super::kernel::squared;
use super::{Prior, matern};
use crate::numeric::Cholesky;

/// Candidates that are predicted together.
pub(crate) const LANES: usize = 8;

/// A prediction with its gradient by the features (that of a category is 0).
#[derive(Clone, Debug, Default)]
pub(crate) struct Prediction {
    /// The expected score.
    pub mean: f64,
    /// Its variance, the noise of a trial left out.
    pub variance: f64,
    /// The gradient of the mean.
    pub mean_slope: Vec<f64>,
    /// The gradient of the variance.
    pub variance_slope: Vec<f64>,
}

/// What earlier studies expect, each with a weight: added to a process's mean.
pub(crate) type Trend = Vec<(f64, Arc<Posterior>)>;

/// A process conditioned on points.
#[derive(Clone, Debug)]
pub(crate) struct Posterior {
    points: Vec<Vec<f64>>,
    categorical: Vec<bool>,
    weights: Vec<f64>,
    sum_weights: Vec<f64>,
    constant: f64,
    joint: f64,
    sum: f64,
    noise: f64,
    factor: Cholesky,
    alpha: Vec<f64>,
    trend: Trend,
}

impl Posterior {
    /// The process with the hyperparameters `theta`, whose covariance at `points` has been factorised,
    /// given the scores there.
    pub(crate) fn new(
        points: &[Vec<f64>],
        categorical: &[bool],
        scores: &[f64],
        theta: &[f64],
        prior: &Prior,
        factor: Cholesky,
    ) -> Self {
        let layout = prior.layout;
        let mut alpha = scores.to_vec();
        factor.solve(&mut alpha);
        let weight = |f: usize, stretch: f64| libm::exp(-2.0 * (theta[f] + stretch));
        Self {
            points: points.to_vec(),
            categorical: categorical.to_vec(),
            weights: (0..layout.features).map(|f| weight(f, 0.0)).collect(),
            sum_weights: if layout.additive {
                (0..layout.features).map(|f| weight(f, theta[layout.stretch()])).collect()
            } else {
                Vec::new()
            },
            constant: prior.constant,
            joint: libm::exp(theta[layout.joint()]),
            sum: if layout.additive {
                libm::exp(theta[layout.sum()]) / layout.features as f64
            } else {
                0.0
            },
            noise: libm::exp(theta[layout.noise()]),
            factor,
            alpha,
            trend: Trend::new(),
        }
    }

    /// The same process around what earlier studies expect; its scores were what those left over.
    pub(crate) fn around(self, trend: Trend) -> Self {
        Self { trend, ..self }
    }

    fn own(&self) -> f64 {
        self.constant + self.joint + self.sum * self.weights.len() as f64
    }

    fn covariance(&self, a: &[f64], b: &[f64]) -> f64 {
        let mut r2 = 0.0;
        let mut sum = 0.0;
        for f in 0..a.len() {
            let d = squared(a[f], b[f], self.categorical[f]);
            r2 += self.weights[f] * d;
            if let Some(weight) = self.sum_weights.get(f) {
                sum += matern(weight * d);
            }
        }
        self.constant + self.joint * matern(r2) + self.sum * sum
    }

    /// Takes a pending point as if it had come out as predicted: means stay as they are, variances
    /// shrink around it. `false` if the point adds nothing that arithmetic can tell.
    pub(crate) fn believe(&mut self, point: &[f64]) -> bool {
        let k: Vec<f64> = self.points.iter().map(|p| self.covariance(p, point)).collect();
        if !self.factor.append(&k, self.own() + self.noise) {
            return false;
        }
        self.points.push(point.to_vec());
        // The weight of an outcome that equals its prediction is 0.
        self.alpha.push(0.0);
        true
    }

    /// The expected score at a point.
    pub(crate) fn mean(&self, point: &[f64]) -> f64 {
        let own: f64 =
            self.points.iter().zip(&self.alpha).map(|(p, a)| a * self.covariance(p, point)).sum();
        own + self.trend.iter().map(|(weight, earlier)| weight * earlier.mean(point)).sum::<f64>()
    }

    /// Means and variances of up to [`LANES`] candidates.
    pub(crate) fn predict(&self, candidates: &[&[f64]]) -> [(f64, f64); LANES] {
        let count = candidates.len().min(LANES);
        let features = self.weights.len();
        let mut lanes = vec![[0.0f64; LANES]; features];
        for (w, candidate) in candidates.iter().take(LANES).enumerate() {
            for f in 0..features {
                lanes[f][w] = candidate[f];
            }
        }
        let mut k = vec![[0.0f64; LANES]; self.points.len()];
        let mut mean = [0.0f64; LANES];
        for ((point, k), alpha) in self.points.iter().zip(&mut k).zip(&self.alpha) {
            let mut r2 = [0.0f64; LANES];
            let mut sum = [0.0f64; LANES];
            for f in 0..features {
                let mut d = [0.0f64; LANES];
                if self.categorical[f] {
                    for w in 0..LANES {
                        d[w] = f64::from(u8::from(lanes[f][w] != point[f]));
                    }
                } else {
                    for w in 0..LANES {
                        let x = lanes[f][w] - point[f];
                        d[w] = x * x;
                    }
                }
                for w in 0..LANES {
                    r2[w] += self.weights[f] * d[w];
                }
                if self.sum > 0.0 {
                    for w in 0..LANES {
                        sum[w] += matern(self.sum_weights[f] * d[w]);
                    }
                }
            }
            for w in 0..LANES {
                k[w] = self.constant + self.joint * matern(r2[w]) + self.sum * sum[w];
                mean[w] += alpha * k[w];
            }
        }
        self.factor.forward_many(&mut k);
        let mut explained = [0.0f64; LANES];
        for v in &k {
            for w in 0..LANES {
                explained[w] += v[w] * v[w];
            }
        }
        let mut answer = [(0.0, 0.0); LANES];
        for w in 0..count {
            let trend =
                self.trend.iter().map(|(weight, earlier)| weight * earlier.mean(candidates[w]));
            let mean = mean[w] + trend.sum::<f64>();
            answer[w] = (mean, (self.own() - explained[w]).max(1e-14));
        }
        answer
    }

    /// The prediction at one candidate, with its gradient.
    pub(crate) fn differentiate(&self, candidate: &[f64]) -> Prediction {
        let features = self.weights.len();
        // Covariances and their slopes come from the same exponentials.
        let mut slopes = vec![0.0; self.points.len() * features];
        let mut k = Vec::with_capacity(self.points.len());
        for (point, slopes) in self.points.iter().zip(slopes.chunks_exact_mut(features.max(1))) {
            let mut r2 = 0.0;
            let mut sum = 0.0;
            for f in 0..features {
                let d = squared(candidate[f], point[f], self.categorical[f]);
                r2 += self.weights[f] * d;
                if let Some(weight) = self.sum_weights.get(f) {
                    let (value, slope) = matern_pair(weight * d);
                    sum += value;
                    slopes[f] = self.sum * slope * weight;
                }
            }
            let (value, steep) = matern_pair(r2);
            k.push(self.constant + self.joint * value + self.sum * sum);
            for (f, slope) in slopes.iter_mut().enumerate() {
                let along = if self.categorical[f] { 0.0 } else { 2.0 * (candidate[f] - point[f]) };
                *slope = (*slope + self.joint * steep * self.weights[f]) * along;
            }
        }
        let mean = k.iter().zip(&self.alpha).map(|(k, a)| k * a).sum();
        self.factor.forward(&mut k);
        let explained: f64 = k.iter().map(|v| v * v).sum();
        self.factor.backward(&mut k);
        let mut prediction = Prediction {
            mean,
            variance: (self.own() - explained).max(1e-14),
            mean_slope: vec![0.0; features],
            variance_slope: vec![0.0; features],
        };
        for ((slopes, beta), alpha) in slopes.chunks_exact(features.max(1)).zip(&k).zip(&self.alpha)
        {
            for (f, slope) in slopes.iter().enumerate() {
                prediction.mean_slope[f] += alpha * slope;
                prediction.variance_slope[f] -= 2.0 * beta * slope;
            }
        }
        for (weight, earlier) in &self.trend {
            let expected = earlier.differentiate(candidate);
            prediction.mean += weight * expected.mean;
            for (slope, other) in prediction.mean_slope.iter_mut().zip(expected.mean_slope) {
                *slope += weight * other;
            }
        }
        prediction
    }
}
