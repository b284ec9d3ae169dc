//! One object as a store describes it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::storage::Place;

/// One object as a store listed it. Reads are pinned to its ETag: an object that has changed since is
/// an error, never a mix of two versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    /// Its full place; keys are written as the store has them, nothing is escaped.
    pub place: Place,
    /// Its length in bytes.
    pub size: u64,
    /// The store's word for this version of its content; `None` where a store has none, and then
    /// nothing is pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// When it was written last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<Timestamp>,
}
