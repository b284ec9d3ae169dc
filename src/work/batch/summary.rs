//! What became of a whole job, `_mlctl/summary.json` in its output.

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{JobDocument, Latency, Marker};

/// Format of a [`Summary`].
pub const SUMMARY_VERSION: u32 = 1;

/// What became of a job whose shards are all committed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// [`SUMMARY_VERSION`].
    pub schema_version: u32,
    /// Identity of the job.
    pub job: String,
    /// The version of the registry of models that has predicted, `NAME@N`; absent for all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Shards of the job.
    pub shards: u64,
    /// Rows of all inputs.
    pub rows: u64,
    /// Those that have a prediction.
    pub succeeded: u64,
    /// Those that have an error.
    pub failed: u64,
    /// The time in which any worker worked, by the store's clock; pauses between runs don't count.
    pub seconds: f64,
    /// Rows by that time.
    pub rows_per_second: f64,
    /// How long batches took, from their sending to their last answer, retries included.
    pub latency_ms: LatencySummary,
    /// Rows by the version of the model that answered; empty where the server says none.
    pub model_versions: IndexMap<String, u64>,
    /// Bytes of all inputs.
    pub bytes: u64,
    /// When the last shard was committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
}

/// Upper bounds of quantiles, in milliseconds: powers of two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatencySummary {
    /// Half of the requests took no longer.
    pub p50: u64,
    /// Nine tenths took no longer.
    pub p90: u64,
    /// Of a hundred one took longer.
    pub p99: u64,
}

impl Summary {
    /// The summary of a job by the markers that count; `written` says when each was.
    pub(crate) fn of<'a>(
        job: &JobDocument,
        markers: impl Iterator<Item = &'a Marker>,
        written: &[Option<Timestamp>],
    ) -> Self {
        let (mut succeeded, mut failed) = (0, 0);
        let mut latency = Latency::default();
        let mut model_versions: IndexMap<String, u64> = IndexMap::new();
        let mut spans = Vec::new();
        for (marker, written) in markers.zip(written) {
            succeeded += marker.succeeded;
            failed += marker.failed;
            latency.merge(&marker.latency);
            for (version, rows) in &marker.model_versions {
                *model_versions.entry(version.clone()).or_default() += rows;
            }
            let length = SignedDuration::try_from_secs_f64(marker.seconds).unwrap_or_default();
            let end = written.unwrap_or_default();
            spans.push((end.saturating_sub(length).unwrap_or(end), end));
        }
        model_versions.sort_unstable_keys();
        let seconds = covered(spans);
        Self {
            schema_version: SUMMARY_VERSION,
            job: job.id.clone(),
            model: job.registered.clone(),
            shards: job.shards.len() as u64,
            rows: succeeded + failed,
            succeeded,
            failed,
            seconds,
            rows_per_second: if seconds > 0.0 {
                (succeeded + failed) as f64 / seconds
            } else {
                0.0
            },
            latency_ms: LatencySummary {
                p50: latency.quantile(0.5),
                p90: latency.quantile(0.9),
                p99: latency.quantile(0.99),
            },
            model_versions,
            bytes: job.inputs.iter().map(|input| input.size).sum(),
            finished: written.iter().flatten().max().copied(),
        }
    }
}

/// The seconds that are in any of these spans.
fn covered(mut spans: Vec<(Timestamp, Timestamp)>) -> f64 {
    spans.sort_unstable();
    let mut seconds = 0.0;
    let mut until: Option<Timestamp> = None;
    for (begin, end) in spans {
        let begin = until.map_or(begin, |until| begin.max(until));
        if end > begin {
            seconds += end.duration_since(begin).as_secs_f64();
        }
        until = Some(until.map_or(end, |until| until.max(end)));
    }
    seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_counts_once_and_pauses_not() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let spans = vec![(at(100), at(110)), (at(0), at(10)), (at(5), at(12)), (at(6), at(7))];
        assert!((covered(spans) - 22.0).abs() < 1e-9);
    }
}
