//! What a version is, and whether it is one.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Lineage;
use crate::model::registry::ModelKind;

/// Format of a [`ClaimDocument`].
pub const CLAIM_VERSION: u32 = 1;
/// Format of a [`Decision`].
pub const DECISION_VERSION: u32 = 1;

/// A push under way: `_mlctl/claims/VERSION.json`. It is written again and again while the push lives, so
/// that its time in the store says when that was last the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimDocument {
    /// [`CLAIM_VERSION`].
    pub schema_version: u32,
    /// A word that no other push has; its files are staged under it.
    pub push: String,
    /// Name of the user who pushes.
    pub by: String,
    /// The machine from which.
    pub host: String,
    /// When the push began.
    pub at: Timestamp,
}

/// What became of a number: `_mlctl/versions/VERSION.json`, put if absent and never written again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// [`DECISION_VERSION`].
    pub schema_version: u32,
    /// The number.
    pub version: u64,
    /// The word of the push that claimed it.
    pub push: String,
    /// A word that no other writer of a decision has.
    pub writer: String,
    /// The version; `None`: the push was given up, and there is no such version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<VersionFacts>,
}

/// The facts of a version. They never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionFacts {
    /// When it was pushed.
    pub pushed: Timestamp,
    /// Name of the user who pushed it.
    pub by: String,
    /// What kind of files it has.
    pub kind: ModelKind,
    /// How many files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What users have written on it.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub labels: IndexMap<String, String>,
    /// Where it comes from.
    pub lineage: Lineage,
}
