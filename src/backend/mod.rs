//! Runtimes. `local` runs processes on this machine; `kubernetes` runs pods of a cluster.

mod holding;
pub mod kubernetes;
pub mod local;
mod log_files;
mod quantity;
mod types;

pub use holding::*;
pub use quantity::quantity;
pub use types::*;
