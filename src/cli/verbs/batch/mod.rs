//! `mlctl batch-predict`, and the worker that it starts beside each model server.

mod end;
mod flags;
mod of_model;
mod plan;
mod predict;
mod retry;
mod worker;

pub(super) use end::batch_end;
pub(super) use of_model::run_of_model;
pub use predict::{BatchPredictArgs, run, spelled_out};
pub(super) use predict::{Surveyed, find_model, look};
pub use worker::{BatchWorkerArgs, batch_worker};
