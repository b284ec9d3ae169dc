//! When a study ends before its last trial.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Span;

/// When a study ends before its last trial: as soon as one of these is true.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Stopping {
    /// The best value has not changed for so many trials, or for `{trials, duration}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_progress: Option<NoProgress>,
    /// A trial has reached this value of the metric. For a study of one metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Not before so many trials have ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_trials: Option<u32>,
    /// Not before this time since the start of the study.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_duration: Option<Span>,
}

impl Stopping {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How long nothing has become better.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum NoProgress {
    /// For so many trials.
    Trials(#[schemars(range(min = 1))] u32),
    /// For so many trials, or for so long.
    For(NoProgressFor),
}

impl NoProgress {
    /// For how many trials.
    pub fn trials(&self) -> Option<u32> {
        match self {
            Self::Trials(trials) => Some(*trials),
            Self::For(both) => both.trials,
        }
    }

    /// For how long.
    pub fn duration(&self) -> Option<Span> {
        match self {
            Self::Trials(_) => None,
            Self::For(both) => both.duration,
        }
    }
}

/// For so many trials, or for so long: whichever comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NoProgressFor {
    /// So many trials have ended since the best one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub trials: Option<u32>,
    /// So long ago is the end of the best one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Span>,
}
