//! `mlctl serve` and what belongs to endpoints.

mod replica;

pub use replica::{ServeReplicaArgs, serve_replica_verb};
