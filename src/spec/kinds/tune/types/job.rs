//! The study as a whole.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::collect::Collect;
use super::early::EarlyStopping;
use super::metric::{Measurement, Metric};
use super::parameter::Parameter;
use super::stopping::Stopping;
use super::trial::{Pass, Trial};
use super::word::Word;
use crate::spec::kinds::train::ApiVersion;
use crate::text::{Amount, Span};

/// How many trials a study has that says nothing of it.
pub const DEFAULT_TRIALS: u32 = 40;

/// A study: a training run is tried with many sets of parameters, in search of the best one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TuneJob {
    /// Always `mlctl.dev/v1`.
    pub api_version: ApiVersion,
    /// Always `TuneJob`.
    pub kind: TuneJobKind,
    /// Name of the study, at most 30 characters: lower-case letters, digits and `-`, starting with a
    /// letter (DNS-1035). Studies are called `<name>-<6 characters>`.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub name: String,
    /// Labels for selecting studies later (`mlctl list --label team=vision`).
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("x-mlctl-expand" = true, "x-mlctl-text" = true))]
    pub labels: IndexMap<String, String>,
    /// What is made as large or as small as possible. With several of them the result is the set of
    /// trials that no other one beats in all (the Pareto front).
    pub metrics: Vec<Metric>,
    /// What is tuned, by name: a range or a list of values each, or several variants, each with the
    /// condition under which it counts.
    pub parameters: IndexMap<String, Parameter>,
    /// How values are chosen. Default `bayesian`.
    #[serde(default, skip_serializing_if = "Algorithm::is_default")]
    pub algorithm: Algorithm,
    /// How many trials there are, also those that fail or are stopped early. Default 40; for `grid`
    /// all of its points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub max_trials: Option<u32>,
    /// How many trials run at once. What this machine has may allow fewer. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000))]
    pub parallel_trials: Option<u32>,
    /// The study ends as failed when this many trials have failed. Default, also for 0: when all of
    /// its first trials fail, since then something else is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_failed_trials: Option<u32>,
    /// No trial starts after this time, counted from the start of the study, and those that still run
    /// are ended. What has been found until then is the result. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_duration: Option<Span>,
    /// The same when all trials together have cost this much, in the currency of the price file that
    /// the settings name. On this machine trials cost nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<Amount>,
    /// Whether trials that look worse than others are ended before they are whole: a rule's name, or
    /// `{type: ...}` with its options. Default `none`.
    #[serde(default, skip_serializing_if = "EarlyStopping::is_default")]
    pub early_stopping: EarlyStopping,
    /// When the study ends before `maxTrials`.
    #[serde(default, skip_serializing_if = "Stopping::is_default")]
    pub stopping: Stopping,
    /// Which of the values that a trial reports is its own. Default `last`.
    #[serde(default, skip_serializing_if = "Measurement::is_default")]
    pub measurement: Measurement,
    /// The same seed and the same results give the same choices. Default: chosen when the study
    /// starts, and recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// Earlier studies to learn from, by id. They may have other ranges and other parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub warm_start: Vec<String>,
    /// Sets of parameters that are tried first, such as today's production values. What a set leaves
    /// out is chosen as for any trial.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baseline: Vec<IndexMap<String, Word>>,
    /// Where the metrics are read: a source's name, or `{from: ...}` with its options. Default
    /// `auto`.
    #[serde(default, skip_serializing_if = "Collect::is_default")]
    pub collect: Collect,
    /// How a trial gets its parameters. What its command, its arguments or its variables name by
    /// `${params.NAME}` is put there in any case. Default `arguments`.
    #[serde(default, skip_serializing_if = "Pass::is_default")]
    pub pass: Pass,
    /// Values of `discrete` parameters are written as Vertex AI does: `256.0` in place of `256`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discrete_as_floats: bool,
    /// What each trial runs: a TrainJob, in place or as `{file: train.yaml}`. In place, `apiVersion`,
    /// `kind` and `name` may be left out.
    pub trial: Trial,
}

impl TuneJob {
    /// How many trials run at once.
    pub fn parallel(&self) -> u32 {
        self.parallel_trials.unwrap_or(1)
    }
}

/// The kind of the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TuneJobKind {
    /// A study.
    #[default]
    TuneJob,
}

/// How values are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Algorithm {
    /// By what earlier trials have shown: a Gaussian process.
    #[default]
    Bayesian,
    /// At random, evenly on each parameter's scale.
    Random,
    /// Every combination in turn; there are no `double` parameters then.
    Grid,
    /// A Sobol sequence: spread more evenly than at random.
    Quasirandom,
}

impl Algorithm {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_default(&self) -> bool {
        *self == Self::Bayesian
    }

    /// The word of a spec.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bayesian => "bayesian",
            Self::Random => "random",
            Self::Grid => "grid",
            Self::Quasirandom => "quasirandom",
        }
    }
}
