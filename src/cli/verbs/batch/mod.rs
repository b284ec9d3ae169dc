//! `mlctl batch-predict`, and the worker that it starts beside each model server.

mod end;
mod flags;
mod plan;
mod predict;
mod retry;
mod worker;

pub(super) use end::batch_end;
pub use predict::{BatchPredictArgs, run, spelled_out};
pub(super) use predict::{Surveyed, look};
pub use worker::{BatchWorkerArgs, batch_worker};
