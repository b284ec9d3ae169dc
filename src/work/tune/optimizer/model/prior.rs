//! What is believed of the hyperparameters before any trial.

use crate::method::Method;

/// Where each hyperparameter is in the list that is fitted. All are logarithms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// Features: the length-scales come first, one each.
    pub features: usize,
    /// Whether there is an additive part.
    pub additive: bool,
}

impl Layout {
    /// The variance of the part in which all features act together.
    pub(crate) fn joint(self) -> usize {
        self.features
    }

    /// The variance of the noise.
    pub(crate) fn noise(self) -> usize {
        self.features + 1
    }

    /// The variance of the additive part, if there is one.
    pub(crate) fn sum(self) -> usize {
        self.features + 2
    }

    /// How many times longer the additive part's length-scales are.
    pub(crate) fn stretch(self) -> usize {
        self.features + 3
    }

    /// How many hyperparameters there are.
    pub(crate) fn count(self) -> usize {
        self.features + if self.additive { 4 } else { 2 }
    }
}

/// Independent normal distributions of the logarithms, cut off at bounds.
#[derive(Clone, Debug)]
pub(crate) struct Prior {
    /// Where what is.
    pub layout: Layout,
    /// The means.
    pub mean: Vec<f64>,
    /// The standard deviations.
    pub deviation: Vec<f64>,
    /// The lower bounds.
    pub low: Vec<f64>,
    /// The upper bounds.
    pub high: Vec<f64>,
    /// The variance of the constant that the process varies around.
    pub constant: f64,
}

impl Prior {
    /// The prior for so many features, of scores that have been standardised.
    ///
    /// Length-scales grow with the square root of the number of features, as distances in a cube do
    /// (Hvarfner et al. 2024, "Vanilla Bayesian optimization performs great in high dimensions").
    pub(crate) fn new(method: &Method, features: usize, additive: bool) -> Self {
        let layout = Layout { features, additive: additive && features > 1 };
        let n = layout.count();
        let mut prior = Self {
            layout,
            mean: vec![0.0; n],
            deviation: vec![1.0; n],
            low: vec![-7.0; n],
            high: vec![4.0; n],
            constant: method.constant,
        };
        let length = method.length + method.length_growth * libm::log(features.max(1) as f64);
        for i in 0..features {
            prior.set(i, length, method.length_deviation, libm::log(0.03), libm::log(100.0));
        }
        prior.set(layout.joint(), method.variance, method.variance_deviation, -7.0, 5.0);
        prior.set(
            layout.noise(),
            method.noise,
            method.noise_deviation,
            libm::log(method.least_noise),
            0.0,
        );
        if layout.additive {
            prior.set(layout.sum(), method.sum, method.sum_deviation, -9.0, 5.0);
            prior.set(layout.stretch(), method.stretch, method.stretch_deviation, -2.5, 2.5);
        }
        prior
    }

    fn set(&mut self, at: usize, mean: f64, deviation: f64, low: f64, high: f64) {
        self.mean[at] = mean.clamp(low, high);
        self.deviation[at] = deviation;
        self.low[at] = low;
        self.high[at] = high;
    }

    /// The negative logarithm of the density, up to a constant.
    pub(crate) fn energy(&self, theta: &[f64]) -> f64 {
        theta
            .iter()
            .zip(self.mean.iter().zip(&self.deviation))
            .map(|(t, (m, d))| 0.5 * ((t - m) / d) * ((t - m) / d))
            .sum()
    }
}
