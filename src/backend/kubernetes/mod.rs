//! Gangs as plain objects of a Kubernetes cluster.

mod objects;

pub use objects::*;
