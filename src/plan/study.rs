//! What the plans of runs have that belong together: a study's trials, an endpoint's replicas, and what
//! decides over them.

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
/// are its descendants, which its agent leaves alone. A study or an endpoint is called after the run that
/// began it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ControllerPlan {
    /// It decides over the trials of this study.
    Study(RunId),
    /// It routes to the replicas of this endpoint, and decides over them.
    Endpoint(RunId),
}

/// Which replica of an endpoint a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicaOf {
    /// The endpoint, which is called after the run that began it.
    pub endpoint: RunId,
    /// The name of the revision.
    pub revision: String,
    /// The generation of the revision: what is changed in place is another one.
    pub generation: u32,
}

/// The study or the endpoint that a run is a part of.
pub fn group<'a>(trial: Option<&'a TrialOf>, serves: Option<&'a ReplicaOf>) -> Option<&'a RunId> {
    trial.map(|trial| &trial.study).or(serves.map(|replica| &replica.endpoint))
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
