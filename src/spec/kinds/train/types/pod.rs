//! Of pods, as Kubernetes shapes it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which Pod Security Standard the pods keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Security {
    /// Non-root, no capabilities, default seccomp.
    #[default]
    Restricted,
    /// The image's own user, if it isn't root.
    Baseline,
    /// The image's own user, root included.
    Root,
    /// As restricted, without fixed user ids.
    Openshift,
}

/// A taint that is tolerated, as in a Pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Toleration {
    /// The taint's key; all keys when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// `Exists` or `Equal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<TolerationOperator>,
    /// The taint's value, for `Equal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-text" = true))]
    pub value: Option<String>,
    /// The taint's effect; all effects when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<TaintEffect>,
    /// How long a `NoExecute` taint is tolerated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toleration_seconds: Option<i64>,
}

/// How a toleration compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TolerationOperator {
    /// Any value.
    Exists,
    /// This value.
    Equal,
}

impl TolerationOperator {
    /// The word of a Pod's manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exists => "Exists",
            Self::Equal => "Equal",
        }
    }
}

/// What a taint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TaintEffect {
    /// Keeps pods away.
    NoSchedule,
    /// Prefers other nodes.
    PreferNoSchedule,
    /// Evicts pods.
    NoExecute,
}

impl TaintEffect {
    /// The word of a Pod's manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

/// A volume, its source as in a Pod, and where it is mounted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    /// Name of the volume.
    pub name: String,
    /// Where the command sees it; an absolute path.
    pub mount_path: String,
    /// A path inside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_path: Option<String>,
    /// Mount it read-only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
    /// Exactly one source, as in a Pod: `emptyDir`, `hostPath`, `persistentVolumeClaim`,
    /// `configMap`, `secret`, `nfs`, `csi`, ...
    #[serde(flatten)]
    pub source: IndexMap<String, serde_json::Value>,
}
