//! `mlctl cleanup`: remove what runs have left.

mod args;
mod by_itself;
mod chosen;
mod proposal;
mod verb;

pub use args::CleanupArgs;
pub use by_itself::by_itself;
pub use verb::run;
