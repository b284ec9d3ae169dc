//! Replicas on this machine: each is a run of its own, which outlives the controller.

mod fleet;
mod look;
mod replica;
mod runs;
mod start;

pub use runs::{ReplicaRuns, RunsPlace};
