//! What a study makes better.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A metric that the study optimises.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metric {
    /// Its name, as the trials report it.
    pub name: String,
    /// Whether larger or smaller is better. Default `maximize`.
    #[serde(default)]
    pub goal: Goal,
}

/// Whether larger or smaller is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Goal {
    /// Larger is better, as for an accuracy.
    #[default]
    Maximize,
    /// Smaller is better, as for a loss.
    Minimize,
}

/// Which of the values that a trial reports is its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Measurement {
    /// The last one.
    #[default]
    Last,
    /// The best one, by the first metric where there are several.
    Best,
}

impl Measurement {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn is_default(&self) -> bool {
        *self == Self::Last
    }
}
