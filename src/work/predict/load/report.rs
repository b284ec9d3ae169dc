//! What a load test has found, as programs read it.

use std::time::Duration;

use serde::Serialize;

use super::tally::{Latencies, Tally};

/// Format of [`LoadReport`].
pub const LOAD_VERSION: u32 = 1;

/// What a load test has found. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadReport {
    /// Format of this document.
    pub schema_version: u32,
    /// Where predictions were asked for.
    pub url: String,
    /// How long it went on.
    pub seconds: f64,
    /// It was ended before its time.
    pub ended_early: bool,
    /// Most requests on their way.
    pub concurrency: usize,
    /// Requests a second that were asked for: an open loop. `None`: each place sent the next one when it had
    /// the answer.
    pub rate: Option<f64>,
    /// Requests that were sent and have ended.
    pub requests: u64,
    /// Those of them that have a prediction.
    pub succeeded: u64,
    /// Those of them that have none.
    pub failed: u64,
    /// Requests that were due and never sent, since all places waited for answers until the end.
    pub unsent: u64,
    /// Predictions a second.
    pub requests_per_second: f64,
    /// From when a request should have been sent to its answer, of predictions and time-outs. `None` where
    /// there are none.
    pub latency: Option<LatencyReport>,
    /// The same from when it was sent: what a tool reports that waits for its own requests.
    pub service: Option<LatencyReport>,
    /// Failures by kind, the most frequent first.
    pub failures: Vec<FailureReport>,
    /// What each revision answered that the answers name.
    pub revisions: Vec<RevisionReport>,
}

/// Quantiles of a latency, in seconds: at most an eighth too long, the longest exactly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LatencyReport {
    /// The mean.
    pub mean: f64,
    /// Half of them are not longer.
    pub p50: f64,
    /// 90 % of them are not longer.
    pub p90: f64,
    /// 99 % of them are not longer.
    pub p99: f64,
    /// 99.9 % of them are not longer.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

/// Failures of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureReport {
    /// `status 503`, `timeout`, `unreachable`, `cut off`, `no prediction`.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// What one of them said.
    pub example: String,
}

/// What one revision answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionReport {
    /// Its name.
    pub revision: String,
    /// Requests that it answered.
    pub requests: u64,
    /// Those of them that have no prediction.
    pub failed: u64,
    /// As of the whole test.
    pub latency: Option<LatencyReport>,
}

impl LatencyReport {
    pub(super) fn of(latencies: &Latencies) -> Option<Self> {
        let histogram = &latencies.histogram;
        let longest = latencies.longest;
        let at = |part| {
            let quantile = histogram.quantile(part)?;
            // A bucket's end may lie behind the longest of all.
            Some(quantile.min(longest).as_secs_f64())
        };
        let mean = histogram.sum().as_secs_f64() / histogram.count().max(1) as f64;
        Some(Self {
            mean,
            p50: at(0.5)?,
            p90: at(0.9)?,
            p99: at(0.99)?,
            p999: at(0.999)?,
            max: longest.as_secs_f64(),
        })
    }
}

/// What was asked of a test, beside what it has seen.
pub(super) struct Asked {
    pub(super) url: String,
    pub(super) elapsed: Duration,
    pub(super) ended_early: bool,
    pub(super) concurrency: usize,
    pub(super) rate: Option<f64>,
}

impl LoadReport {
    pub(super) fn of(asked: Asked, tally: Tally) -> Self {
        let seconds = asked.elapsed.as_secs_f64();
        let succeeded = tally.requests - tally.failed;
        let mut failures: Vec<FailureReport> = tally
            .failures
            .into_iter()
            .map(|(kind, of)| FailureReport { kind, count: of.count, example: of.example })
            .collect();
        failures.sort_by_key(|failure| std::cmp::Reverse(failure.count));
        let revisions = tally.revisions.into_iter().map(|(revision, of)| RevisionReport {
            revision,
            requests: of.requests,
            failed: of.failed,
            latency: LatencyReport::of(&of.latencies),
        });
        Self {
            schema_version: LOAD_VERSION,
            url: asked.url,
            seconds,
            ended_early: asked.ended_early,
            concurrency: asked.concurrency,
            rate: asked.rate,
            requests: tally.requests,
            succeeded,
            failed: tally.failed,
            unsent: tally.unsent,
            requests_per_second: if seconds > 0.0 { succeeded as f64 / seconds } else { 0.0 },
            latency: LatencyReport::of(&tally.latencies),
            service: LatencyReport::of(&tally.service),
            failures,
            revisions: revisions.collect(),
        }
    }
}
