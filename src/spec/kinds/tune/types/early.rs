//! When trials are ended before they are whole.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A rule's name, or a rule with its options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum EarlyStopping {
    /// The rule with its defaults.
    Rule(StoppingRule),
    /// The rule with options.
    With(EarlyStoppingWith),
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self::Rule(StoppingRule::None)
    }
}

impl EarlyStopping {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The rule.
    pub fn rule(&self) -> StoppingRule {
        match self {
            Self::Rule(rule) => *rule,
            Self::With(with) => with.rule,
        }
    }

    /// The rule with its options; those that are not given are none.
    pub fn with(&self) -> EarlyStoppingWith {
        match self {
            Self::Rule(rule) => EarlyStoppingWith { rule: *rule, ..EarlyStoppingWith::default() },
            Self::With(with) => with.clone(),
        }
    }
}

/// Which rule ends trials early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StoppingRule {
    /// Every trial runs to its end.
    #[default]
    None,
    /// A trial ends whose best value is worse than the median of the others' running averages at the
    /// same step.
    Median,
    /// A trial ends whose curve, continued by a model of the finished ones, is unlikely to reach the
    /// best value.
    DecayCurve,
    /// A trial ends whose curve, continued as steep as it still is, stays worse than the best value.
    Convex,
    /// Successive halving without waiting: at each rung only the best part of the trials that have
    /// come so far goes on.
    Asha,
    /// Several such ladders, which begin at different rungs.
    Hyperband,
}

impl StoppingRule {
    /// The word of a spec.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Median => "median",
            Self::DecayCurve => "decayCurve",
            Self::Convex => "convex",
            Self::Asha => "asha",
            Self::Hyperband => "hyperband",
        }
    }
}

/// A rule with its options.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EarlyStoppingWith {
    /// Which rule.
    #[serde(rename = "type")]
    pub rule: StoppingRule,
    /// Trials are compared at the same time since their start, in place of the same step. For
    /// `median`, `decayCurve` and `convex`; default false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub use_elapsed_duration: bool,
    /// As many trials must have finished before one is ended early. For `median`, `decayCurve` and
    /// `convex`; default 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_trials: Option<u32>,
    /// No trial is ended before this step (with `useElapsedDuration`: these seconds). For `median`,
    /// `decayCurve` and `convex`; default 0, for `convex` a tenth of `maxStep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_step: Option<u64>,
    /// The step at which a trial is whole, for which its value is foretold. For `decayCurve` and
    /// `convex`; default: the largest that a finished trial has reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_step: Option<u64>,
    /// No trial is ended that has reported fewer values. For `decayCurve` and `convex`; default 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_measurements: Option<u32>,
    /// What rungs are counted in. For `asha` and `hyperband`; default `step`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// The first rung: no trial is ended before it. For `asha` and `hyperband`; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub min_resource: Option<u64>,
    /// What a whole trial uses. For `asha` and `hyperband`; default: the largest that a finished trial
    /// has reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_resource: Option<u64>,
    /// One of so many trials goes on from each rung, to one that is as many times further. For `asha`
    /// and `hyperband`; default 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 100))]
    pub reduction_factor: Option<u32>,
    /// How many ladders there are. For `hyperband`; default: as many as there are rungs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    pub brackets: Option<u32>,
}

/// What rungs are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Resource {
    /// The step that a trial reports with each value, such as an epoch.
    #[default]
    Step,
    /// How many values a trial has reported.
    Measurements,
    /// Seconds since the trial's start.
    Seconds,
}
