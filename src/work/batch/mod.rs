//! Batch prediction: a job cut into shards, workers that send rows to a model server, results in the
//! output itself.

mod error;
mod evaluate;
#[cfg(test)]
mod fixture;
mod input;
mod instance;
mod job;
mod json;
mod layout;
mod marker;
mod output;
mod outputs;
mod predictor;
mod retry;
mod summary;
mod task;
mod worker;

pub use error::BatchError;
pub use evaluate::{
    Bound, ClassReport, EVALUATION_VERSION, EvaluateError, Evaluation, Missed, Question, Task,
    evaluate,
};
pub use job::{InputFormat, JOB_VERSION, JobDocument, OutputFormat, Rows, Shard};
pub use layout::OutputLayout;
pub use marker::{Latency, MARKER_VERSION, Marker, Part};
pub use outputs::{Chosen, Outputs, OutputsError};
pub use predictor::{Answer, Permit, PredictError, Predictor, RowError};
pub use retry::{RetryPlan, plan_retry};
pub use summary::{LatencySummary, SUMMARY_VERSION, Summary};
pub use worker::{WorkerEnd, WorkerPlace, WorkerProgress, run_worker};
