//! Links in a working folder.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A link in the working folder to something that is not copied, such as data. It goes over what
/// the code has there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkLink {
    /// Path within the working folder; relative, never with `..`.
    pub path: PathBuf,
    /// Where it points; absolute.
    pub target: PathBuf,
}
