//! The state folder: what mlctl remembers of its runs.

mod layout;

pub use layout::*;
