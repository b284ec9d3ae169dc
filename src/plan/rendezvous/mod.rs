//! The environment by which the replicas of a gang find each other, and what Vertex AI would set.

mod cluster_spec;
mod environment;
mod error;
mod jax;
mod outputs;
mod pools;
mod pytorch;
mod rank;
mod tf_config;
mod threads;

pub use environment::{environment, hidden};
pub use error::UnknownReplica;
pub use outputs::{OUTPUT_PARTS, OutputDirs};
