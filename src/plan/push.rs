//! What becomes of a run's model once the run has succeeded.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Where the model is pushed to by whoever follows the run to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PushPlan {
    /// The model's name in the registry.
    pub name: String,
    /// An alias that means the new version from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Labels of the new version.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub labels: IndexMap<String, String>,
}
