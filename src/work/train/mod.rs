//! Training: a spec becomes a gang.

mod build;
#[cfg(test)]
mod build_tests;
mod claim;
mod loaded;
mod merge;
mod missed;
mod rules;
mod size;
mod submit;
#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;
mod travel;
mod withheld;

pub use build::{DEFAULT_ROLE, plan, primary_role};
pub use claim::claim_output;
pub use loaded::LoadedJob;
pub use rules::rules_beside;
pub use submit::{TrainError, order, plan_in, submit};
pub use travel::{Travelling, travel};
pub use withheld::{SecretAt, Withheld, WithheldError, revealed, withheld};
