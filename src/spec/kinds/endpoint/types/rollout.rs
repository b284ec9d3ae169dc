//! How a new revision gets its share.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{Percent, Span};

/// How the last revision of the list gets its share, step by step, while it is compared with the
/// others. Without any limit it is compared with them alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Rollout {
    /// Its shares one after the other, in percent: ascending, the last one 100. Default
    /// `[10, 50, 100]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<u32>>,
    /// How long each step is looked at. Default 2m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Span>,
    /// Fewest requests that it must have answered within a step; until then it is waited, and only errors
    /// that no later answer could make up for end it. Default 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub min_requests: Option<u64>,
    /// Most answers that may be errors of the server, for example `1%`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_error_rate: Option<Percent>,
    /// Longest times until the answer.
    #[serde(skip_serializing_if = "LatencyLimits::is_default")]
    pub max_latency: LatencyLimits,
    /// It may not be worse than the other revisions in the same time, in errors or latency (by more than a
    /// quarter and a millisecond). Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare_to_stable: Option<bool>,
    /// What a broken limit does. Default `rollback`.
    #[serde(skip_serializing_if = "OnFailure::is_default")]
    pub on_failure: OnFailure,
    /// A step with too few requests pauses the rollout after this long. Default 1h.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_wait: Option<Span>,
    /// Replicas of revisions without traffic stay ready for this long after the rollout's end, so
    /// that a rollback takes no time. Default 1h.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_warm: Option<Span>,
}

/// Longest times until an answer's end, of the part of the requests that each field names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LatencyLimits {
    /// Of half of the requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<Span>,
    /// Of 95 in 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p95: Option<Span>,
    /// Of 99 in 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99: Option<Span>,
}

impl LatencyLimits {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a broken limit does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// The new revision gets no more requests, and stays for a look.
    #[default]
    Rollback,
    /// The weights stay as they are until somebody decides.
    Pause,
}

impl OnFailure {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_default(&self) -> bool {
        *self == Self::Rollback
    }
}

impl Rollout {
    /// [`Self::steps`], or their default.
    pub fn steps(&self) -> &[u32] {
        self.steps.as_deref().unwrap_or(&[10, 50, 100])
    }

    /// [`Self::interval`], or its default.
    pub fn interval(&self) -> Span {
        self.interval.unwrap_or(Span(Duration::from_mins(2)))
    }

    /// [`Self::min_requests`], or its default.
    pub fn min_requests(&self) -> u64 {
        self.min_requests.unwrap_or(50)
    }

    /// [`Self::compare_to_stable`], or its default.
    pub fn compares_to_stable(&self) -> bool {
        self.compare_to_stable.unwrap_or(true)
    }

    /// [`Self::max_wait`], or its default.
    pub fn max_wait(&self) -> Span {
        self.max_wait.unwrap_or(Span(Duration::from_hours(1)))
    }

    /// [`Self::keep_warm`], or its default.
    pub fn keep_warm(&self) -> Span {
        self.keep_warm.unwrap_or(Span(Duration::from_hours(1)))
    }
}
