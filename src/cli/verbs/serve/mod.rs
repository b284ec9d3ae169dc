//! What belongs to endpoints.

mod replica;

pub use replica::{ServeReplicaArgs, serve_replica_verb};
