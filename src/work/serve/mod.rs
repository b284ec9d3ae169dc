//! Model serving: what decides about an endpoint's revisions, their traffic and their replicas.

pub mod rollout;
pub mod scale;
pub mod window;
