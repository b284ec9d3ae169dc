//! Gangs as plain objects of a Kubernetes cluster.

pub mod image;
mod objects;

pub use objects::*;
