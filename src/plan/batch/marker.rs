//! The marker that commits a shard: with it the shard's rows exist, without it they don't.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Format of a [`Marker`].
pub const MARKER_VERSION: u32 = 1;

/// What a worker says when all rows of a shard have been written. It is put if absent: of several
/// workers that did the same shard, the first one's parts count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Marker {
    /// [`MARKER_VERSION`].
    pub schema_version: u32,
    /// Identity of the job.
    pub job: String,
    /// The shard's number.
    pub shard: u32,
    /// 0, or which retry of failed rows wrote it.
    pub generation: u32,
    /// A word that no other writer has.
    pub writer: String,
    /// ETag of the input that was read.
    pub input_etag: Option<String>,
    /// Rows that have a prediction.
    pub succeeded: u64,
    /// Rows that have an error.
    pub failed: u64,
    /// The part with the results.
    pub results: Part,
    /// The part with the errors.
    pub errors: Part,
    /// Versions of the model that answered, with the rows of each; empty where the server says none.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub model_versions: IndexMap<String, u64>,
    /// How long requests took.
    pub latency: Latency,
    /// How long the shard took, in seconds.
    pub seconds: f64,
}

/// One part of a shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Its name in `_mlctl/parts/`.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// CRC-32C of its bytes.
    pub crc32c: u32,
}

/// Latencies in powers of two: `counts[i]` requests took up to 2^i ms, and more than the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Latency {
    /// Requests by their latency.
    pub counts: Vec<u64>,
}
