//! Looks at a cluster for `doctor`; `crate::doctor` judges.

mod examine;
mod nodes;
mod place;
mod probe;
mod reach;
mod within;

pub use examine::ClusterChecks;
