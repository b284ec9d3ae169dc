//! One role of the gang, and the accelerators that it asks for.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::command::{Args, EnvVar, SecretUse};
use super::pod::{Toleration, Volume};
use crate::text::{ByteSize, CpuQuantity};

/// One role of the gang. What it doesn't say comes from the job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Role {
    /// How many replicas. Default 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 256))]
    pub replicas: u32,
    /// Image of this role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub image: Option<String>,
    /// Command of this role, instead of the job's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-verbatim" = true))]
    pub command: Option<Vec<String>>,
    /// Arguments of this role, instead of the job's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<Args>,
    /// Environment of this role, added to the job's; the same name replaces it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvVar>,
    /// Secrets of this role, added to the job's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretUse>,
    /// Cores that each replica asks for; it may use more where its node has them idle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuQuantity>,
    /// Memory of each replica.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<ByteSize>,
    /// Accelerators of each replica.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerators: Option<Accelerators>,
    /// Nodes for this role, added to the job's.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("x-mlctl-expand" = true, "x-mlctl-text" = true))]
    pub node_selector: IndexMap<String, String>,
    /// Tolerations of this role, added to the job's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
    /// Volumes of this role, added to the job's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Volume>,
}

impl Default for Role {
    fn default() -> Self {
        Self {
            replicas: one(),
            image: None,
            command: None,
            args: None,
            env: Vec::new(),
            secrets: Vec::new(),
            cpu: None,
            memory: None,
            accelerators: None,
            node_selector: IndexMap::new(),
            tolerations: Vec::new(),
            volumes: Vec::new(),
        }
    }
}

fn one() -> u32 {
    1
}

/// A number of accelerators of one type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Accelerators {
    /// For example `nvidia-l4`; `nvidia` for any. Vertex's names (`NVIDIA_L4`) are understood.
    #[serde(rename = "type")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub kind: String,
    /// How many for each replica. Default 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 64))]
    pub count: u32,
}
