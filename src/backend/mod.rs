//! Runtimes. `local` runs processes on this machine; a cluster comes beside it.

mod types;

pub use types::*;
