//! Runtimes. `local` runs processes on this machine; a cluster comes beside it.

pub mod local;
mod types;

pub use types::*;
