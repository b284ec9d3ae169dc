//! Serving: an endpoint's revisions, the router in front of them, and what decides over both.

mod endpoint;
mod guard;
mod loaded;
mod replica;
pub mod rollout;
pub mod scale;
#[cfg(test)]
mod sim;
pub mod window;

pub use endpoint::{
    Definition, EndpointDocument, ServeError, ServedModel, current_rules, replica_job,
    revision_rules,
};
pub use loaded::LoadedEndpoint;
pub use replica::{ReadyDocument, ReplicaEnd, ReplicaError, ReplicaPlace, serve_replica};
