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

impl Latency {
    /// One more request.
    pub fn add(&mut self, millis: u64) {
        let at = millis.checked_next_power_of_two().map_or(63, u64::trailing_zeros) as usize;
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += 1;
    }

    /// The requests of another one too.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
    }

    /// The milliseconds that this part of the requests, from 0 to 1, did not exceed: a power of two; 0
    /// where there were none.
    pub fn quantile(&self, part: f64) -> u64 {
        let all: u64 = self.counts.iter().sum();
        let wanted = (all as f64 * part).ceil() as u64;
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return 1_u64.checked_shl(at as u32).unwrap_or(u64::MAX);
            }
        }
        0
    }
}

impl Marker {
    /// Adds what was learnt when the shard was done before, of whose rows only the failed ones were
    /// asked again.
    pub(crate) fn include(&mut self, base: &Self) {
        for (version, rows) in &base.model_versions {
            *self.model_versions.entry(version.clone()).or_default() += rows;
        }
        self.latency.merge(&base.latency);
        self.seconds += base.seconds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_bounds() {
        let mut latency = Latency::default();
        assert_eq!(latency.quantile(0.5), 0);
        for millis in [0, 1, 3, 4, 5, 100] {
            latency.add(millis);
        }
        assert_eq!(latency.counts, [2, 0, 2, 1, 0, 0, 0, 1]);
        assert_eq!([0.3, 0.5, 0.9, 0.99].map(|part| latency.quantile(part)), [1, 4, 128, 128]);
        latency.merge(&latency.clone());
        assert_eq!(latency.counts[0], 4);
        latency.add(u64::MAX);
        assert_eq!(latency.quantile(1.0), 1 << 63);
    }
}
