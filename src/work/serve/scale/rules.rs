//! By what the number of replicas is decided.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::work::serve::rollout::millis;

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

/// What one replica bears at most. Replicas are counted so that each has 70 % of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// Requests at once.
    Concurrency(f64),
    /// Requests in a second.
    RequestsPerSecond(f64),
    /// Percent of the CPU that it asks for, all of which count, as a HorizontalPodAutoscaler has it. In a cluster
    /// that is what decides; on a laptop the measured CPU time stands for it, over the same windows as
    /// the other targets.
    Cpu(f64),
}
