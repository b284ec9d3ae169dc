//! Model serving: what decides about an endpoint's revisions, their traffic and their replicas.

mod guard;
pub mod rollout;
pub mod scale;
#[cfg(test)]
mod sim;
pub mod window;
