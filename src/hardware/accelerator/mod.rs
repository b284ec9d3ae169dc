//! Accelerators by name: ours, Vertex's, and what nodes of a cluster call them.

mod find;
mod placement;
mod table;

pub use find::*;
pub use placement::*;
pub use table::*;
