//! Spec to plan, purely: what runs, with which environment. No file, clock or network here.

mod build;
mod context;
mod error;
mod layout;
mod mask;
mod merge;
mod place;
mod rendezvous;
mod secrets;
mod table;
#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;
mod types;

pub use build::{DEFAULT_ROLE, MAX_REPLICAS, plan, primary_role};
pub use context::{PlanContext, RuntimeDefaults};
pub use error::PlanError;
pub use layout::*;
pub use mask::{MASK, is_secret_value, mask_argv, mask_text, mask_value};
pub use place::RUN_PLACEHOLDER;
pub use rendezvous::{OutputDirs, environment, hidden};
pub use secrets::SecretVariables;
pub use table::{Section, shell_line, table};
pub use types::*;
