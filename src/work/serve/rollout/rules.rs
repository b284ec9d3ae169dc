//! What the spec of an endpoint says about its revisions, as decisions need it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::gang::RevisionName;
use crate::work::serve::scale::ScaleRules;

/// What is to become of an endpoint. Durations are written in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    /// Its revisions. Those that are not among them go once they are no longer needed.
    pub revisions: BTreeMap<RevisionName, RevisionRules>,
    /// How one revision takes another's place.
    pub transition: Transition,
    /// How many replicas a revision has.
    pub scaling: ScaleRules,
    /// How new weights are reached; `None`: in one step, as soon as who gains is ready.
    pub rollout: Option<RolloutRules>,
    /// So long a revision that carries nothing any more stays ready to take over again.
    #[serde(with = "super::millis")]
    pub keep_warm: Duration,
    /// So long requests under way are waited for before a revision's last replicas are stopped.
    #[serde(with = "super::millis")]
    pub drain: Duration,
}

/// What the spec says of one revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionRules {
    /// Fingerprint of all that makes its replicas what they are: model, image, command, environment,
    /// resources. Another fingerprint under the same name is a new generation.
    pub digest: String,
    /// Percent of the requests that it is to get in the end.
    pub traffic: u8,
    /// Fewest replicas; 0: none as long as nobody asks.
    pub min: u32,
    /// Most replicas.
    pub max: u32,
    /// So long its first replicas may take to be ready.
    #[serde(with = "super::millis")]
    pub start_timeout: Duration,
}

/// How one revision takes another's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Transition {
    /// The new one is ready before the old one goes: nobody waits.
    #[default]
    Availability,
    /// The old one is gone before the new one starts: memory never holds both, requests are held.
    MinimalRam,
}

/// How new weights are reached step by step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RolloutRules {
    /// Percents of the way from the old weights to the new ones, each larger than the one before: of
    /// `v1: 100` to `v2: 100` they are v2's weights. The end, 100, follows by itself; where it is written
    /// down, the new weights are judged once more, against the limits, before the rollout is over.
    pub steps: Vec<u8>,
    /// The least time for each step.
    #[serde(with = "super::millis")]
    pub interval: Duration,
    /// The fewest requests to those who gain at each step.
    pub min_requests: u64,
    /// Largest share of requests that end in an error, from 0 to 1.
    pub max_error_rate: Option<f64>,
    /// Largest latencies.
    pub max_latency: LatencyLimits,
    /// Whether those who gain must not be worse than those who lose in the same time.
    pub compare_to_stable: bool,
    /// What follows when they don't hold.
    pub on_failure: OnFailure,
    /// So long a step waits for something to judge by; then it is paused as inconclusive.
    #[serde(with = "super::millis")]
    pub max_wait: Duration,
}

/// Largest latencies, each of that part of the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatencyLimits {
    /// Of half of them.
    #[serde(with = "super::millis::option", default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<Duration>,
    /// Of 95 %.
    #[serde(with = "super::millis::option", default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<Duration>,
    /// Of 99 %.
    #[serde(with = "super::millis::option", default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<Duration>,
}

/// What follows when a rollout's limits don't hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// The old weights come back at once.
    #[default]
    Rollback,
    /// The weights stay as they are until a person decides.
    Pause,
}
