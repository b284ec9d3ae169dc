//! Batch prediction: a job cut into shards, workers that send rows to a model server, results in the
//! output itself.

mod predictor;

pub use crate::plan::batch::{
    InputFormat, JOB_VERSION, JobDocument, Latency, MARKER_VERSION, Marker, OutputFormat,
    OutputLayout, Part, Rows, Shard,
};
pub use predictor::{Answer, Permit, PredictError, Predictor, RowError};
