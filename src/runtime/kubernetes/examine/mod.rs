//! What is there in a cluster: runs that it remembers, what they hold, nodes, and what `doctor`
//! asks.

mod doctor;
mod find;
pub(crate) mod holdings;
pub(crate) mod nodes;

pub use doctor::{ClusterChecks, not_connected};
pub(crate) use find::find;
pub(crate) use holdings::{another_owner, discard, holdings};
pub(crate) use nodes::gpus;
