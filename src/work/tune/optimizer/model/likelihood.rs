//! How probable the scores are under given hyperparameters, and the gradient of that.

use super::{Distances, Prior};
use crate::numeric::{Cholesky, cholesky, exp_negative};

/// Scores at points, under a prior. Buffers are kept between evaluations.
#[derive(Debug)]
pub(crate) struct Likelihood<'a> {
    distances: &'a Distances,
    scores: &'a [f64],
    prior: &'a Prior,
    correlations: Vec<f64>,
    slopes: Vec<f64>,
    sums: Vec<f64>,
    sum_slopes: Vec<Vec<f64>>,
}

const LN_2PI: f64 = 1.837_877_066_409_345_5;

impl<'a> Likelihood<'a> {
    /// Of scores (one for each point), which should be about standardised.
    pub(crate) fn new(distances: &'a Distances, scores: &'a [f64], prior: &'a Prior) -> Self {
        let pairs = scores.len() * scores.len().saturating_sub(1) / 2;
        Self {
            distances,
            scores,
            prior,
            correlations: vec![0.0; pairs],
            slopes: vec![0.0; pairs],
            sums: vec![0.0; pairs],
            sum_slopes: Vec::new(),
        }
    }

    /// The prior that the scores are under.
    pub(crate) fn prior(&self) -> &'a Prior {
        self.prior
    }

    /// The covariance matrix's factor at `theta`; `None` where it is not positive definite.
    pub(crate) fn factor(&mut self, theta: &[f64]) -> Option<Cholesky> {
        let layout = self.prior.layout;
        self.distances_at(theta);
        let r2 = &mut self.correlations;
        for r2 in r2.iter_mut() {
            let s = (5.0 * *r2).sqrt();
            *r2 = (1.0 + s + s * s * (1.0 / 3.0)) * exp_negative(-s);
        }
        if layout.additive {
            self.add_up(theta, false);
        }
        self.assemble(theta)
    }

    /// The negative log posterior density at `theta` (Rasmussen and Williams 2006, equation 2.30, and
    /// the prior's), up to a constant; infinite where there is none.
    pub(crate) fn energy(&mut self, theta: &[f64]) -> f64 {
        let inside = theta.iter().zip(self.prior.low.iter().zip(&self.prior.high));
        if inside.into_iter().any(|(t, (l, h))| !(t >= l && t <= h)) {
            return f64::INFINITY;
        }
        let Some(factor) = self.factor(theta) else { return f64::INFINITY };
        let mut white = self.scores.to_vec();
        factor.forward(&mut white);
        0.5 * white.iter().map(|w| w * w).sum::<f64>()
            + factor.half_log_determinant()
            + 0.5 * LN_2PI * self.scores.len() as f64
            + self.prior.energy(theta)
    }

    /// [`Self::energy`] and its gradient (equation 5.9 there).
    pub(crate) fn gradient(&mut self, theta: &[f64], gradient: &mut [f64]) -> f64 {
        let layout = self.prior.layout;
        let n = self.scores.len();
        self.distances_at(theta);
        for (r2, slope) in self.correlations.iter_mut().zip(&mut self.slopes) {
            let s = (5.0 * *r2).sqrt();
            let e = exp_negative(-s);
            *r2 = (1.0 + s + s * s * (1.0 / 3.0)) * e;
            *slope = (-5.0 / 6.0) * (1.0 + s) * e;
        }
        if layout.additive {
            self.add_up(theta, true);
        }
        let Some(factor) = self.assemble(theta) else { return f64::INFINITY };
        let mut alpha = self.scores.to_vec();
        factor.forward(&mut alpha);
        let fit = 0.5 * alpha.iter().map(|w| w * w).sum::<f64>();
        factor.backward(&mut alpha);
        let inverse = factor.inverse();

        // dE/dK, off-diagonal pairs counted once for both of their places.
        let mut by_pair = Vec::with_capacity(self.correlations.len());
        let mut trace = 0.0;
        for i in 0..n {
            for j in 0..i {
                by_pair.push(inverse[i * n + j] - alpha[i] * alpha[j]);
            }
            trace += inverse[i * n + i] - alpha[i] * alpha[i];
        }
        let (joint, noise) = (theta[layout.joint()], theta[layout.noise()]);
        let (joint, noise) = (libm::exp(joint), libm::exp(noise));
        let along: f64 = by_pair.iter().zip(&self.correlations).map(|(g, c)| g * c).sum();
        gradient[layout.joint()] = joint * (along + 0.5 * trace);
        gradient[layout.noise()] = noise * 0.5 * trace;
        for (g, slope) in by_pair.iter().zip(&mut self.slopes) {
            *slope *= g;
        }
        for f in 0..layout.features {
            let weight = libm::exp(-2.0 * theta[f]);
            let s: f64 =
                self.slopes.iter().zip(&self.distances.squared[f]).map(|(a, b)| a * b).sum();
            gradient[f] = -2.0 * joint * weight * s;
        }
        if layout.additive {
            let sum = libm::exp(theta[layout.sum()]);
            let along: f64 = by_pair.iter().zip(&self.sums).map(|(g, c)| g * c).sum();
            gradient[layout.sum()] = sum * (along + 0.5 * trace);
            let mut stretch = 0.0;
            for f in 0..layout.features {
                let weight = libm::exp(-2.0 * (theta[f] + theta[layout.stretch()]));
                let s: f64 = by_pair
                    .iter()
                    .zip(&self.sum_slopes[f])
                    .zip(&self.distances.squared[f])
                    .map(|((g, m), d)| g * m * d)
                    .sum();
                let each = -2.0 * sum / layout.features as f64 * weight * s;
                gradient[f] += each;
                stretch += each;
            }
            gradient[layout.stretch()] = stretch;
        }
        for (i, g) in gradient.iter_mut().enumerate() {
            let d = self.prior.deviation[i];
            *g += (theta[i] - self.prior.mean[i]) / (d * d);
        }
        fit + factor.half_log_determinant() + 0.5 * LN_2PI * n as f64 + self.prior.energy(theta)
    }

    /// Squared distances in length-scales, into `correlations`.
    fn distances_at(&mut self, theta: &[f64]) {
        self.correlations.fill(0.0);
        for (f, squared) in self.distances.squared.iter().enumerate() {
            let weight = libm::exp(-2.0 * theta[f]);
            for (r2, d) in self.correlations.iter_mut().zip(squared) {
                *r2 += weight * d;
            }
        }
    }

    /// The mean of the features' own correlations, into `sums`, and their slopes if asked for.
    fn add_up(&mut self, theta: &[f64], slopes: bool) {
        let layout = self.prior.layout;
        let share = 1.0 / layout.features as f64;
        self.sums.fill(0.0);
        if slopes && self.sum_slopes.is_empty() {
            self.sum_slopes = vec![vec![0.0; self.sums.len()]; layout.features];
        }
        for (f, squared) in self.distances.squared.iter().enumerate() {
            let weight = libm::exp(-2.0 * (theta[f] + theta[layout.stretch()]));
            if self.distances.categorical[f] {
                // A category has two distances only.
                let (other, slope) = (super::matern(weight), super::matern_slope(weight));
                for (sum, d) in self.sums.iter_mut().zip(squared) {
                    *sum += share * (1.0 + (other - 1.0) * d);
                }
                if slopes {
                    self.sum_slopes[f].fill(slope);
                }
            } else if slopes {
                for ((sum, d), slope) in
                    self.sums.iter_mut().zip(squared).zip(&mut self.sum_slopes[f])
                {
                    let s = (5.0 * weight * d).sqrt();
                    let e = exp_negative(-s);
                    *sum += share * (1.0 + s + s * s * (1.0 / 3.0)) * e;
                    *slope = (-5.0 / 6.0) * (1.0 + s) * e;
                }
            } else {
                for (sum, d) in self.sums.iter_mut().zip(squared) {
                    let s = (5.0 * weight * d).sqrt();
                    *sum += share * (1.0 + s + s * s * (1.0 / 3.0)) * exp_negative(-s);
                }
            }
        }
    }

    fn assemble(&self, theta: &[f64]) -> Option<Cholesky> {
        let (layout, n) = (self.prior.layout, self.scores.len());
        let (joint, noise) = (libm::exp(theta[layout.joint()]), libm::exp(theta[layout.noise()]));
        let sum = if layout.additive { libm::exp(theta[layout.sum()]) } else { 0.0 };
        let mut k = vec![0.0; n * n];
        let mut p = 0;
        for i in 0..n {
            let row = &mut k[i * n..i * n + i];
            let correlations = &self.correlations[p..p + i];
            if layout.additive {
                for ((k, c), s) in row.iter_mut().zip(correlations).zip(&self.sums[p..p + i]) {
                    *k = self.prior.constant + joint * c + sum * s;
                }
            } else {
                for (k, c) in row.iter_mut().zip(correlations) {
                    *k = self.prior.constant + joint * c;
                }
            }
            k[i * n + i] = self.prior.constant + joint + sum + noise;
            p += i;
        }
        cholesky(k, n)
    }
}
