//! What the plans of a study's runs have beside those of others: its trials, and what decides over them.

use serde::{Deserialize, Serialize};

use crate::gang::RunId;
use crate::spec::CollectWith;

/// Which metrics of a trial are read, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricsPlan {
    /// The names of the metrics that the study wants, the optimised ones first.
    pub names: Vec<String>,
    /// The source with its options.
    pub collect: CollectWith,
}

/// A command of mlctl itself that starts, watches and ends other runs. They outlive it: on a laptop they
/// are its descendants, which its agent leaves alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControllerPlan {
    /// The study, which is called after the run that began it.
    pub study: RunId,
}

/// Which trial of a study a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrialOf {
    /// The study, which is called after the run that began it.
    pub study: RunId,
    /// The trial's number in it, from 1 on.
    pub trial: u32,
}
