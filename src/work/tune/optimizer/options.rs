//! What is asked for, and the answer.

use crate::method::Method;
use crate::space::Params;
use crate::trial::{Direction, Trial};

/// Which way suggestions are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// A Gaussian process is fitted to what is known, and says where an improvement is likely.
    #[default]
    Bayesian,
    /// Each value by itself, at random.
    Random,
    /// One point of a regular grid after the other.
    Grid,
    /// Scrambled Sobol points, which fill the space evenly.
    Quasirandom,
}

/// How to search.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The same seed, space and history give the same suggestions.
    pub seed: u64,
    /// The way.
    pub algorithm: Algorithm,
    /// One for each metric; with several, the Pareto front is searched.
    pub directions: Vec<Direction>,
    /// The trials of earlier studies whose optimum may be near; oldest first.
    pub earlier: Vec<Vec<Trial>>,
    /// How many values of each float a grid has.
    pub grid_steps: usize,
    /// The knobs of the Bayesian way.
    pub method: Method,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            algorithm: Algorithm::Bayesian,
            directions: vec![Direction::Minimise],
            earlier: Vec::new(),
            grid_steps: 10,
            method: Method::default(),
        }
    }
}

/// How one suggestion was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// At random.
    Random,
    /// The next point of the grid.
    Grid,
    /// The next of the evenly spread points, because those were asked for.
    Quasirandom,
    /// The centre, or an evenly spread point, before there is enough for a model.
    Start,
    /// By the model.
    Model,
}

/// What was done in a cheaper way than asked for, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// The model was fitted to so many of so many trials, since all would take too long.
    Subset {
        /// Trials that the model knows.
        used: usize,
        /// Trials that there are.
        of: usize,
    },
    /// No outcome differs from another, or all trials failed: evenly spread points instead.
    Uninformative,
    /// The covariance matrix could not be factorised: evenly spread points instead.
    Singular,
    /// Trials of the history that the space has no place for, such as those of an earlier space.
    Ignored(usize),
    /// More were asked for at once than a model is worth asking: so many are evenly spread points.
    Spread(usize),
    /// Every point of the space (or of the grid) has been tried: points come again.
    Exhausted,
}

/// Suggestions and how they were found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suggestions {
    /// As many as were asked for.
    pub params: Vec<Params>,
    /// One for each.
    pub found: Vec<Found>,
    /// What was done more cheaply than asked for; empty if nothing was.
    pub fallbacks: Vec<Fallback>,
}

impl Suggestions {
    pub(crate) fn note(&mut self, fallback: Fallback) {
        if !self.fallbacks.contains(&fallback) {
            self.fallbacks.push(fallback);
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuggestError {
    /// No metric is to be optimised.
    #[error("at least one metric must be minimised or maximised")]
    NoMetric,
    /// More suggestions than can be meant.
    #[error("{0} suggestions at once are too many; at most {LIMIT}")]
    TooMany(usize),
}

/// The most suggestions that one call gives.
pub const LIMIT: usize = 10_000;
