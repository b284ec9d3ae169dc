//! What git keeps for a checkout: where it lies, and what is tracked. No program is started and no
//! configuration is obeyed: a checkout may come from anybody.

mod index;
mod repository;
mod tracked;

pub use index::{Entry, FOLDER, INDEX, LINK, SUBMODULE, id, parse};
pub use repository::{Hasher, Id, Kind, Repository};
pub(super) use tracked::Tracked;
