//! The one stream of events, and the facts about a run that follow from it.

mod cursor;
mod sight;
mod state;
mod types;
mod waiting;

pub use cursor::*;
pub use sight::*;
pub use state::*;
pub use types::*;
pub use waiting::*;
