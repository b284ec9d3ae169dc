//! Where the metrics of a trial are read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A source's name, or a source with its options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Collect {
    /// The source with its defaults.
    From(MetricSource),
    /// The source with options.
    With(CollectWith),
}

impl Default for Collect {
    fn default() -> Self {
        Self::From(MetricSource::Auto)
    }
}

impl Collect {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The source with its options; those that are not given are none.
    pub fn with(&self) -> CollectWith {
        match self {
            Self::From(source) => CollectWith { from: *source, ..CollectWith::default() },
            Self::With(with) => with.clone(),
        }
    }

    /// The source.
    pub fn source(&self) -> MetricSource {
        match self {
            Self::From(source) => *source,
            Self::With(with) => with.from,
        }
    }
}

/// Where the metrics of a trial are read. The primary's replica counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MetricSource {
    /// The file of cloudml-hypertune if the trial writes it, or else what it prints.
    #[default]
    Auto,
    /// The file of cloudml-hypertune, which `CLOUD_ML_HP_METRIC_FILE` names.
    Hypertune,
    /// What the trial prints: `accuracy=0.98` somewhere in a line, or as `format` and `regex` say.
    Stdout,
    /// The same in a file, which `path` names.
    File,
    /// TensorBoard's event files below `path`; a metric is the tag of a scalar.
    Tensorboard,
}

impl MetricSource {
    /// The word of a spec.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Hypertune => "hypertune",
            Self::Stdout => "stdout",
            Self::File => "file",
            Self::Tensorboard => "tensorboard",
        }
    }
}

/// A source of metrics with its options.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CollectWith {
    /// Which source. Default `auto`.
    pub from: MetricSource,
    /// The file of `file`, or the folder of `tensorboard`: absolute, or in the working folder. An
    /// absolute one is in a cluster each pod's own, and on this machine the same for all trials.
    /// Default for `tensorboard`: what `AIP_TENSORBOARD_LOG_DIR` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub path: Option<String>,
    /// How lines are read, for `stdout` and `file`. Default `text`.
    #[serde(skip_serializing_if = "LineFormat::is_default")]
    pub format: LineFormat,
    /// Expressions in place of `name=value`, for lines of text. The first two groups are name and
    /// value, or groups called `name` and `value` (and `step`, if there is one) are; where there is no name, the
    /// value is the first metric's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mlctl-verbatim" = true))]
    pub regex: Vec<String>,
    /// Metrics that are recorded and shown beside those of `metrics`, and not optimised.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// How lines are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LineFormat {
    /// `name=value` somewhere in a line, also with blanks around the sign.
    #[default]
    Text,
    /// A JSON object on each line, with metrics by name, and `step` or `epoch` beside them.
    Json,
}

impl LineFormat {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_default(&self) -> bool {
        *self == Self::Text
    }
}
