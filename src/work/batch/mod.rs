//! Batch prediction: a job cut into shards, workers that send rows to a model server, results in the
//! output itself.

mod job;
mod layout;
mod marker;
mod predictor;

pub use job::{InputFormat, JOB_VERSION, JobDocument, OutputFormat, Rows, Shard};
pub use layout::OutputLayout;
pub use marker::{Latency, MARKER_VERSION, Marker, Part};
pub use predictor::{Answer, Permit, PredictError, Predictor, RowError};
