//! The typed spec: what a `BatchPredictJob` file says.

mod files;
mod job;
mod model;
mod options;

pub use files::*;
pub use job::*;
pub use model::*;
pub use options::*;
