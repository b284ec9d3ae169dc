//! What of a model can change: which version an alias means, how many versions are kept. Each change is a
//! document of its own with the next number, put if absent; the highest number counts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Format of an [`AliasDocument`] and a [`RetentionDocument`].
pub const POINTER_VERSION: u32 = 1;

/// An alias was moved: `_mlctl/aliases/ALIAS/NUMBER.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AliasDocument {
    /// [`POINTER_VERSION`].
    pub schema_version: u32,
    /// The version that it means from now on; `None`: it was taken away.
    pub version: Option<u64>,
    /// When it was moved.
    pub at: Timestamp,
    /// Name of the user who moved it.
    pub by: String,
    /// A word that no other writer has.
    pub writer: String,
}

/// How many versions of a model are kept: `_mlctl/retention/NUMBER.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetentionDocument {
    /// [`POINTER_VERSION`].
    pub schema_version: u32,
    /// The newest so many are kept, beside those that have an alias or are deployed; `None`: all are.
    pub keep: Option<u64>,
    /// When it was settled.
    pub at: Timestamp,
    /// Name of the user who settled it.
    pub by: String,
    /// A word that no other writer has.
    pub writer: String,
}
