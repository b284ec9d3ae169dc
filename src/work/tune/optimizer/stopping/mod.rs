//! Whether a trial that runs is worth going on with, judged from its intermediate values and those of
//! the study's other trials. Pure: facts in, a decision out.

mod convex;
mod decay;
mod halving;
mod median;
mod types;

pub use types::{Curve, Decision, Halving, Reason, Rule};

use crate::Direction;

/// Decides about `trial`, given the study's other trials: those that ended well and those that run.
/// Trials that failed are left out by the caller; those that were stopped count as far as they came.
pub fn decide(rule: &Rule, direction: Direction, trial: &Curve, others: &[Curve]) -> Decision {
    let trial = trial.minimised(direction);
    let others: Vec<Curve> = others.iter().map(|c| c.minimised(direction)).collect();
    if trial.readings.is_empty() {
        return Decision::Continue;
    }
    match rule {
        Rule::None => Decision::Continue,
        Rule::Median { least_trials, from } => {
            median::decide(&trial, &others, *least_trials, *from)
        }
        Rule::DecayCurve { end, probability, least_readings } => {
            decay::decide(&trial, &others, *end, *probability, *least_readings)
        }
        Rule::Convex { end, least_readings } => {
            convex::decide(&trial, &others, *end, *least_readings)
        }
        Rule::Asha(halving) => halving::decide(&trial, &others, halving, 0),
        Rule::Hyperband(halving) => {
            let bracket = halving::bracket(trial.number, halving);
            let same: Vec<Curve> = others
                .into_iter()
                .filter(|c| halving::bracket(c.number, halving) == bracket)
                .collect();
            halving::decide(&trial, &same, halving, bracket)
        }
    }
}

#[cfg(test)]
mod tests;
