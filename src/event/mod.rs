//! The one stream of events, and the facts about a run that follow from it.

mod state;
mod types;

pub use state::*;
pub use types::*;
