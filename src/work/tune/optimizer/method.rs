//! The knobs of the Bayesian method. Callers leave them alone: they are public so that the bench can
//! switch off one part at a time and show what it brings.

/// What the model believes and how candidates are chosen. [`Method::default`] is what was found best.
#[derive(Clone, Debug, PartialEq)]
pub struct Method {
    /// Mean of the logarithm of a length-scale in one dimension.
    pub length: f64,
    /// What is added to it for each unit of the logarithm of the number of features.
    pub length_growth: f64,
    /// The standard deviation of that logarithm.
    pub length_deviation: f64,
    /// Mean of the logarithm of the joint part's variance, of scores of variance 1.
    pub variance: f64,
    /// Its standard deviation.
    pub variance_deviation: f64,
    /// Mean of the logarithm of the noise's variance.
    pub noise: f64,
    /// Its standard deviation.
    pub noise_deviation: f64,
    /// The least variance of the noise.
    pub least_noise: f64,
    /// The variance of the constant that scores vary around.
    pub constant: f64,
    /// How probable it is, before any trial, that the model has a sum of one-dimensional functions as a
    /// part; the scores decide how many of the draws do.
    pub additive: f64,
    /// Mean of the logarithm of the sum's variance.
    pub sum: f64,
    /// Its standard deviation.
    pub sum_deviation: f64,
    /// Mean of the logarithm of how many times longer its length-scales are.
    pub stretch: f64,
    /// Its standard deviation.
    pub stretch_deviation: f64,
    /// Whether outcomes worse than the median are replaced by quantiles of their ranks.
    pub half_rank: bool,
    /// How strongly the log warp magnifies what is near the best; 0 switches it off.
    pub log_warp: f64,
    /// Draws of hyperparameters that predictions are averaged over; 0 uses the most probable ones.
    pub samples: usize,
    /// Starts of the fit.
    pub starts: usize,
    /// How many standard deviations the upper confidence bound adds.
    pub explore: f64,
    /// The share of suggestions that maximise the upper confidence bound; the others maximise the
    /// expected improvement.
    pub bound_share: f64,
    /// A proposal as close as this to several trials, in every coordinate, teaches nothing more: one that
    /// explores takes its place. 0 lets it pass.
    pub crowded: f64,
    /// Whether candidates stay near points that have been tried while those are few.
    pub trust_region: bool,
    /// Trials before the model is asked.
    pub initial: usize,
    /// Candidates that fill the space.
    pub global_candidates: usize,
    /// Candidates around the best trials.
    pub local_candidates: usize,
    /// Candidates that are improved by ascent.
    pub climbs: usize,
}

impl Default for Method {
    fn default() -> Self {
        Self {
            length: -0.7,
            length_growth: 0.5,
            length_deviation: 1.0,
            variance: 0.0,
            variance_deviation: 1.0,
            noise: -7.0,
            noise_deviation: 2.5,
            least_noise: 1e-8,
            constant: 1.0,
            additive: 0.5,
            sum: -0.5,
            sum_deviation: 1.5,
            stretch: 0.0,
            stretch_deviation: 0.7,
            half_rank: true,
            log_warp: 0.5,
            samples: 8,
            starts: 2,
            explore: 1.8,
            bound_share: 0.5,
            crowded: 2e-3,
            trust_region: true,
            initial: 4,
            global_candidates: 1000,
            local_candidates: 1500,
            climbs: 8,
        }
    }
}

impl Method {
    /// Sets a knob by its name; truth values are 0 and 1. `false` if there is none of that name.
    pub fn set(&mut self, name: &str, value: f64) -> bool {
        match name {
            "length" => self.length = value,
            "length_growth" => self.length_growth = value,
            "length_deviation" => self.length_deviation = value,
            "variance" => self.variance = value,
            "variance_deviation" => self.variance_deviation = value,
            "noise" => self.noise = value,
            "noise_deviation" => self.noise_deviation = value,
            "least_noise" => self.least_noise = value,
            "constant" => self.constant = value,
            "additive" => self.additive = value,
            "sum" => self.sum = value,
            "sum_deviation" => self.sum_deviation = value,
            "stretch" => self.stretch = value,
            "stretch_deviation" => self.stretch_deviation = value,
            "half_rank" => self.half_rank = value > 0.0,
            "log_warp" => self.log_warp = value,
            "samples" => self.samples = value as usize,
            "starts" => self.starts = value as usize,
            "explore" => self.explore = value,
            "bound_share" => self.bound_share = value,
            "crowded" => self.crowded = value,
            "trust_region" => self.trust_region = value > 0.0,
            "initial" => self.initial = value as usize,
            "global_candidates" => self.global_candidates = value as usize,
            "local_candidates" => self.local_candidates = value as usize,
            "climbs" => self.climbs = value as usize,
            _ => return false,
        }
        true
    }
}
