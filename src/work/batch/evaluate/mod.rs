//! Predictions against what is true: what `mlctl evaluate` computes.

mod datum;
mod join;
mod metrics;
mod report;
#[cfg(test)]
mod tests;
mod truth;

pub use join::{EvaluateError, Question, evaluate};
pub use metrics::Task;
pub use report::{Bound, ClassReport, EVALUATION_VERSION, Evaluation, Missed};
