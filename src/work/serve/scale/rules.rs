//! By what the number of replicas is decided.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::work::serve::rollout::millis;

/// Part of its target that a replica bears when there are enough of them: Knative's
/// `container-concurrency-target-percentage`.
const UTILISATION: f64 = 0.7;

/// By what the number of a revision's replicas is decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaleRules {
    /// What one replica bears.
    pub target: Target,
    /// Length of the stable window; the panic window is a tenth of it.
    #[serde(with = "millis")]
    pub window: Duration,
    /// After a whole stable window without a request the last replica stays so long.
    #[serde(with = "millis")]
    pub scale_to_zero_after: Duration,
}

/// What one replica bears at most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// Requests at once. Replicas are counted so that each has 70 % of it.
    Concurrency(f64),
    /// Requests in a second. Replicas are counted so that each has 70 % of it.
    RequestsPerSecond(f64),
    /// Percent of the CPU that it asks for. In a cluster a HorizontalPodAutoscaler decides by it, and
    /// nothing is decided here. On a laptop the CPU that the replicas use is averaged over the same
    /// windows as the other targets: an approximation, as an autoscaler's own windows and tolerance differ.
    Cpu(f64),
}

impl Target {
    /// How much one replica is to have, in the target's own unit.
    pub fn per_replica(self) -> f64 {
        let each = match self {
            Self::Concurrency(target) | Self::RequestsPerSecond(target) => target * UTILISATION,
            Self::Cpu(percent) => percent,
        };
        // Less would ask for replicas without end.
        each.max(0.01)
    }

    /// So many replicas bear this load.
    pub fn replicas(self, load: f64) -> u32 {
        // Sums of samples that cancel out leave a remainder, which is no request.
        (load / self.per_replica() - 1e-9).ceil().clamp(0.0, f64::from(u32::MAX)) as u32
    }
}

impl ScaleRules {
    /// The window in which a sudden rise is noticed: a tenth of the stable one, at least a second.
    pub fn panic_window(&self) -> Duration {
        (self.window / 10).max(Duration::from_secs(1))
    }
}
