//! What the schema can't say of an endpoint. What it has in common with a training run is looked at by
//! the rules of training runs.

mod access;
mod context;
mod limits;
mod revisions;
mod rollout;
mod scaling;
mod traffic;

pub(crate) use context::{check_part, document};
pub use revisions::MAX_REVISION;
