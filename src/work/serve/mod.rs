//! Serving: an endpoint's revisions, the router in front of them, and what decides over both.

mod loaded;
mod replica;
pub mod rollout;
pub mod scale;
pub mod window;

pub use loaded::LoadedEndpoint;
pub use replica::{ReadyDocument, ReplicaEnd, ReplicaError, ReplicaPlace, serve_replica};
