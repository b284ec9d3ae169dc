//! One replica of an endpoint: the process beside its model server.

mod error;
mod pod;
mod ready;
mod serve;
mod warm;

pub use error::ReplicaError;
pub use ready::ReadyDocument;
pub use serve::{ReplicaEnd, ReplicaPlace, serve_replica};
