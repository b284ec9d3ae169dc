//! Batch prediction: a job cut into shards, workers that send rows to a model server, results in the
//! output itself.

mod error;
mod input;
mod instance;
mod job;
mod json;
mod layout;
mod marker;
mod output;
mod predictor;
mod retry;
mod summary;
mod task;
mod worker;

pub use error::BatchError;
pub use job::{InputFormat, JOB_VERSION, JobDocument, OutputFormat, Rows, Shard};
pub use layout::OutputLayout;
pub use marker::{Latency, MARKER_VERSION, Marker, Part};
pub use predictor::{Answer, Permit, PredictError, Predictor, RowError};
pub use retry::{RetryPlan, plan_retry};
pub use summary::{LatencySummary, SUMMARY_VERSION, Summary};
pub use worker::{WorkerEnd, WorkerPlace, WorkerProgress, run_worker};
