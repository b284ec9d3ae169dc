//! The files of a run's code: which of them travel.

mod walk;

pub use walk::*;
