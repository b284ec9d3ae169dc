//! What one kind of work is, without any terminal: a folder for each kind, and what several share.

pub mod batch;
mod buckets;
mod embedded;
pub mod export;
pub mod model_server;
pub mod predict;
pub mod protocol;
pub mod serve;
mod served_model;
pub(crate) mod servers;
pub mod site;
pub mod train;
pub mod tune;

pub use served_model::ServedModel;
