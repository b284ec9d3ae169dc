//! What the schema can't say of a batch prediction. What it has in common with a training run is
//! looked at by the rules of training runs.

mod context;
mod files;
mod model;
mod program;
mod rows;
mod server;

pub(crate) use context::{check_part, document};
pub(crate) use model::wrong_model;
pub(crate) use program::Program;
pub(crate) use server::servers;
