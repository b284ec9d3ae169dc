//! What a caller tells of trials.

use crate::space::Params;

/// Whether a metric should be small or large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Less is better.
    #[default]
    Minimise,
    /// More is better.
    Maximise,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// One value for each metric. A value that is not finite counts as a failure.
    Values(Vec<f64>),
    /// Without a usable value: it failed, or its parameters are not feasible.
    Failed,
}

/// A trial that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Its parameters.
    pub params: Params,
    /// How it ended.
    pub outcome: Outcome,
}

impl Trial {
    /// A trial with a value for each of so many metrics, all to be minimised; `None` if it failed.
    pub(crate) fn minimised(&self, directions: &[Direction]) -> Option<Vec<f64>> {
        let Outcome::Values(values) = &self.outcome else { return None };
        if values.len() != directions.len() || values.iter().any(|v| !v.is_finite()) {
            return None;
        }
        let signed = values.iter().zip(directions).map(|(v, d)| match d {
            Direction::Minimise => *v,
            Direction::Maximise => -v,
        });
        Some(signed.collect())
    }
}
