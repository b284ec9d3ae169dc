//! The environment by which the replicas of a gang find each other, and what Vertex AI would set.

mod cluster_spec;
mod environment;
mod jax;
mod pools;
mod pytorch;
mod tf_config;

pub use environment::{OutputDirs, environment};
