//! Runs in a real cluster.

mod cleanup;
mod digits;
mod environment;
mod faults;
mod support;

pub use support::Kube;
