//! Gangs as plain objects of a Kubernetes cluster.
//!
//! `objects/` turns a plan into manifests and knows no cluster; the rest talks to an API server.

mod cancel;
mod client;
mod config;
mod deployed;
mod endpoints;
mod examine;
mod exec;
mod follow;
mod notes;
mod objects;
mod reach;
mod runtime;
mod session;
mod submit;

pub use client::{
    AdminRole, ClusterScope, ConnectOptions, Location, ProxyVariables, contexts, roles_of_verbs,
};
pub use config::KubernetesConfig;
pub use deployed::DeployedEndpoint;
pub use examine::{ClusterChecks, not_connected};
pub use objects::*;
pub use runtime::Kubernetes;
pub use submit::{name_archive, send_archive};
