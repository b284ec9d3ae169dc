//! Where a version comes from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gang::RunId;
use crate::storage::Place;

/// Where a version comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lineage {
    /// The place that was pushed.
    pub source: Place,
    /// The run that made it; absent for what was pushed from a path or a URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunLineage>,
    /// The version that it is a copy of, `NAME@VERSION`, whose lineage this otherwise is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<String>,
}

/// The run that made a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunLineage {
    /// Its id.
    pub run: RunId,
    /// Its spec's kind, such as `TrainJob`.
    pub kind: String,
    /// Where it ran: `local`, or `<context>/<namespace>` of a cluster.
    pub runtime: String,
    /// Name of the user who submitted it.
    pub user: String,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The commit that its code was at, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// There were changes that the commit doesn't have.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dirty: bool,
    /// SHA-256 of the code as it was submitted, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What it read, as its spec names it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Place>,
    /// The last value of each metric that its primary replica reported.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, f64>,
}
