//! Replicas on this machine: each is a run of its own, which outlives the controller.

mod fleet;
mod look;
mod replica;
mod replica_runs;
mod start;

pub use replica_runs::{ReplicaRuns, RunsPlace};
