//! The process beside each command: the same in a pod and on a laptop.

mod config;
pub mod stream;

pub use config::*;
