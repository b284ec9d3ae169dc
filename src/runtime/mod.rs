//! Runtimes. `local` runs processes on this machine; `kubernetes` runs pods of a cluster.

mod holding;
pub mod image;
pub mod kubernetes;
pub mod local;
mod log_files;
mod types;

pub use holding::*;
pub use types::*;
