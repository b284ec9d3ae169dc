//! Batch prediction: a job cut into shards, workers that send rows to a model server, results in the
//! output itself.

mod build;
mod count;
mod document;
mod job;
mod layout;
mod loaded;
mod marker;
mod predictor;
mod servers;
mod shards;
mod submit;
mod summary;
#[cfg(test)]
mod tests;

pub use build::{buckets, plan};
pub use count::count_rows;
pub use document::{differences, document, identity};
pub use job::{InputFormat, JOB_VERSION, JobDocument, OutputFormat, Rows, Shard};
pub use layout::OutputLayout;
pub use loaded::LoadedBatch;
pub use marker::{Latency, MARKER_VERSION, Marker, Part};
pub use predictor::{Answer, Permit, PredictError, Predictor, RowError};
pub use shards::cut;
pub use submit::{
    BatchError, Progress, check_places, claim, plan_in, progress, submit, summary, survey,
};
pub use summary::{LatencyPercentiles, SUMMARY_VERSION, Summary};
