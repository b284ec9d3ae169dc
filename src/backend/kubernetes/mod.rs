//! Gangs as plain objects of a Kubernetes cluster.
//!
//! `objects/` turns a plan into manifests and knows no cluster; the rest talks to an API server.

mod access;
mod admin;
mod api;
mod archive;
mod cancel;
mod connect;
mod doctor;
mod error;
mod exec;
mod find;
mod holdings;
pub mod image;
mod inner;
mod log;
mod mark;
mod nodes;
mod objects;
mod observe;
mod proxy;
mod record;
mod runtime;
mod submission;
mod submit;
mod verdict;
mod watch;

pub use admin::{AdminRole, Grant, Sight, admin_manifests};
pub use connect::{ConnectOptions, Location};
pub use doctor::ClusterChecks;
pub use error::ClusterError;
pub use objects::*;
pub use proxy::ProxyVariables;
pub use runtime::{Kubernetes, KubernetesConfig};
