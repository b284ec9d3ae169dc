//! Spec to plan, purely: what runs, with which environment. No file, clock or network here.

mod build;
mod context;
mod error;
mod merge;
mod place;
mod rendezvous;
#[cfg(test)]
mod tests;
mod types;

pub use build::{DEFAULT_ROLE, MAX_REPLICAS, plan, primary_role};
pub use context::{PlanContext, RuntimeDefaults};
pub use error::PlanError;
pub use place::{RUN_PLACEHOLDER, is_uri};
pub use rendezvous::{OutputDirs, environment};
pub use types::*;
