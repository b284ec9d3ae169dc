//! `mlctl batch-predict`, and the worker that it starts beside each model server.

mod args;
mod end;
mod flags;
mod of_model;
mod plan;
mod predict;
mod report;
mod retry;
mod survey;
mod worker;

pub use args::{BatchPredictArgs, spelled_out};
pub(super) use end::batch_end;
pub(super) use of_model::run_of_model;
pub use predict::run;
pub(super) use survey::{Surveyed, find_model, look};
pub use worker::{BatchWorkerArgs, batch_worker};
