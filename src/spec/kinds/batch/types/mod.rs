//! The typed spec: what a `BatchPredictJob` file says.

mod files;
mod job;
mod model;
mod named;
mod options;

pub use files::*;
pub use job::*;
pub use model::*;
pub use named::*;
pub use options::*;
