//! Batch prediction: a job cut into shards, workers that send rows to a model server, results in the
//! output itself.

mod build;
mod count;
mod document;
mod error;
mod evaluate;
#[cfg(test)]
pub(in crate::work) mod fixture;
mod input;
mod instance;
pub(in crate::work) mod json;
mod loaded;
mod output;
mod outputs;
mod plan_in;
mod retry;
mod rows;
mod shards;
mod submit;
mod summary;
mod task;
#[cfg(test)]
mod tests;
mod worker;

pub use error::BatchError;
pub use evaluate::{
    Bound, ClassReport, EVALUATION_VERSION, EvaluateError, Evaluation, Missed, Question, Task,
    evaluate,
};

pub use crate::plan::batch::{
    InputFormat, JOB_VERSION, JobDocument, Latency, MARKER_VERSION, Marker, OutputFormat,
    OutputLayout, Part, Rows, Shard,
};
pub use crate::work::protocol::{Answer, Answers, Permit, PredictError, Predictor, RowError};
pub use build::{buckets, plan};
pub use count::count_rows;
pub use document::{differences, document, identity};
pub(in crate::work) use instance::b64;
pub use loaded::LoadedBatch;
pub use outputs::{Chosen, Outputs, OutputsError};
pub use plan_in::{order, plan_in, plan_with};
pub use retry::{RetryPlan, plan_retry};
pub(in crate::work) use rows::json_reason;
pub use rows::{FileRow, file_rows};
pub use shards::cut;
pub use submit::{
    BatchSubmitError, Progress, check_places, claim, is_unseen, progress, submit, summary, survey,
};
pub use summary::{LatencySummary, SUMMARY_VERSION, Summary};
pub use worker::{WorkerEnd, WorkerPlace, WorkerProgress, run_worker};
