//! The summary of a finished job, `_mlctl/summary.json` in its output.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Format of a [`Summary`].
pub const SUMMARY_VERSION: u32 = 1;

/// What became of a whole job. It is written by whichever worker finds all shards committed; the
/// numbers come from the shards' markers, so that all writers write the same ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// [`SUMMARY_VERSION`].
    pub schema_version: u32,
    /// Identity of the job.
    pub job: String,
    /// Shards of the job, all of which are committed.
    pub shards: u64,
    /// Rows of all inputs.
    pub rows: u64,
    /// Rows that have a prediction.
    pub succeeded: u64,
    /// Rows that have an error.
    pub failed: u64,
    /// How long the workers took for their shards, all added up, in seconds.
    pub seconds: f64,
    /// Rows of one worker in a second: `rows / seconds`.
    pub rows_per_second: f64,
    /// How long requests took.
    pub latency_ms: LatencyPercentiles,
    /// Versions of the model that answered, with the rows of each; empty where the server says none.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub model_versions: IndexMap<String, u64>,
    /// Bytes of all results and errors.
    pub bytes: u64,
    /// When it was written.
    pub finished: Timestamp,
}

/// Percentiles of the requests' latencies, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencyPercentiles {
    /// Half of the requests took at most this long.
    pub p50: f64,
    /// Nine of ten.
    pub p90: f64,
    /// Ninety-nine of a hundred.
    pub p99: f64,
}
