//! Looks at a cluster for `doctor`; `crate::doctor` judges.

mod connection;
mod examine;
mod nodes;
mod place;
mod probe;
mod reach;
mod within;

pub use connection::not_connected;
pub use examine::ClusterChecks;
