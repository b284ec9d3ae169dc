//! How many replicas, and what makes them more.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{Percent, Span};

/// How many replicas a revision has: a number, or bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Replicas {
    /// Always so many.
    Fixed(#[schemars(range(min = 1, max = 1000))] u32),
    /// As many as the load asks for.
    Between(ReplicaBounds),
}

/// The fewest and the most replicas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ReplicaBounds {
    /// Never fewer. 0 lets the last one go after `scaling.scaleToZeroAfter` without a request.
    /// Default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000))]
    pub min: Option<u32>,
    /// Never more. Default: as many as `min`, and at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub max: Option<u32>,
}

impl Default for Replicas {
    fn default() -> Self {
        Self::Fixed(1)
    }
}

impl Replicas {
    /// The fewest; 0 where the last one may go.
    pub fn min(self) -> u32 {
        match self {
            Self::Fixed(count) => count,
            Self::Between(ReplicaBounds { min, .. }) => min.unwrap_or(1),
        }
    }

    /// The most; at least 1.
    pub fn max(self) -> u32 {
        match self {
            Self::Fixed(count) => count,
            Self::Between(ReplicaBounds { max, .. }) => max.unwrap_or(self.min()).max(1),
        }
    }
}

/// What makes replicas more or fewer, within the bounds of each revision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Scaling {
    /// What each replica should carry: exactly one of its fields.
    #[serde(skip_serializing_if = "ScalingTarget::is_default")]
    pub target: ScalingTarget,
    /// The time over which the load is averaged. A tenth of it is the window that notices a sudden
    /// rise. Default 60s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Span>,
    /// The last replica of a revision with `min: 0` goes after so long without a request. Default 5m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_to_zero_after: Option<Span>,
}

impl Scaling {
    /// [`Self::window`], or its default.
    pub fn window(&self) -> Span {
        self.window.unwrap_or(Span(std::time::Duration::from_mins(1)))
    }

    /// [`Self::scale_to_zero_after`], or its default.
    pub fn scale_to_zero_after(&self) -> Span {
        self.scale_to_zero_after.unwrap_or(Span(std::time::Duration::from_mins(5)))
    }
}

/// What each replica should carry. Without any: 8 requests at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ScalingTarget {
    /// Requests that are on their way in a replica at once, on average.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<f64>,
    /// Requests of a replica in a second, on average.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<f64>,
    /// Part of the cores that a replica asks for by `cpu`, for example `60%`. A cluster's
    /// HorizontalPodAutoscaler decides then, and nothing scales to zero. Locally ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Percent>,
}

/// A replica's aim, of which there is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScalingMetric {
    /// Requests at once.
    Concurrency(f64),
    /// Requests in a second.
    RequestsPerSecond(f64),
    /// Part of the cores that are asked for.
    Cpu(Percent),
}

impl ScalingTarget {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The one that is given, or 8 requests at once.
    pub fn metric(self) -> ScalingMetric {
        let Self { concurrency, requests_per_second, cpu } = self;
        let cpu = cpu.map(ScalingMetric::Cpu);
        let rate = requests_per_second.map(ScalingMetric::RequestsPerSecond);
        cpu.or(rate).unwrap_or(ScalingMetric::Concurrency(concurrency.unwrap_or(8.0)))
    }
}
