//! The objects of an endpoint.

mod access;
mod address;
mod context;
mod labels;
mod manifests;
mod names;
mod replicas;
mod revision;
mod routers;
mod state;
#[cfg(test)]
mod tests;

pub use context::EndpointContext;
pub use manifests::{EndpointManifests, endpoint_manifests};
pub use names::*;
pub use revision::RevisionManifests;
