//! Runs in a real cluster.

mod digits;
mod environment;
mod faults;
mod support;

pub use support::Kube;
