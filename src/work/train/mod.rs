//! Training: a spec becomes a gang.

mod build;
mod merge;
#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;

pub use build::{DEFAULT_ROLE, MAX_REPLICAS, plan, primary_role};
