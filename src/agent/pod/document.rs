//! What the agents of all pods of a run are told: one document, `pod.json` in a ConfigMap.

use serde::{Deserialize, Serialize};

use crate::agent::WorkLink;
use crate::plan::{ClusterLayout, PLAN_VERSION, Plan};

/// Folder of everything that mlctl mounts.
pub const ROOT: &str = "/mlctl";
/// The static binary, copied here by the init container.
pub const PROGRAM: &str = "/mlctl/bin/mlctl";
/// Folder of the binary; read-only for the command.
pub const PROGRAM_DIR: &str = "/mlctl/bin";
/// Folder of `pod.json`.
pub const CONFIG_DIR: &str = "/mlctl/config";
/// Folder with the gang's `token` and one `env.<role>` for each role that has secret values, a JSON
/// mapping of names to values.
pub const SECRET_DIR: &str = "/mlctl/secret";
/// Folder with the parts of the code's files.
pub const CODE_DIR: &str = "/mlctl/code";
/// Writable; working folders, Python environments and what replicas that don't lead write.
pub const WORK_DIR: &str = "/mlctl/work";
/// The command's HOME, an empty folder that it may write to.
pub const HOME_DIR: &str = "/mlctl/home";
/// Where the claim of `output: pvc://...` is mounted.
pub const OUTPUT_DIR: &str = "/mlctl/output";

/// Folder in which claims with data are mounted whose path is in the working folder.
pub const DATA_DIR: &str = "/mlctl/data";

/// Where the kubelet looks for a container's last words.
pub const TERMINATION_FILE: &str = "/dev/termination-log";

/// Folder with what those write who follow the run, as [`PAST_FILE`]; empty as long as nobody does.
pub const PAST_DIR: &str = "/mlctl/past";
/// Within [`PAST_DIR`]: what is remembered of the run, an `agent::PastDocument`.
pub const PAST_FILE: &str = "past.json";

/// Name of the document within [`CONFIG_DIR`].
pub const DOCUMENT: &str = "pod.json";

/// The newest format of the document that this mlctl knows. It counts the plan in it too: an agent
/// looks at this number only.
pub const DOCUMENT_VERSION: u32 = PLAN_VERSION;

/// Variables that the pod template fills in by the downward API. The command never sees them.
pub mod downward {
    /// The pod's `metadata.uid`, which no later pod of the same name has.
    pub const POD_UID: &str = "MLCTL_AGENT_POD_UID";
    /// The name of the pod's Job: its label `batch.kubernetes.io/job-name`.
    pub const JOB: &str = "MLCTL_AGENT_JOB";
    /// The UID of the pod's Job: its label `batch.kubernetes.io/controller-uid`.
    pub const JOB_UID: &str = "MLCTL_AGENT_JOB_UID";
    /// Which replica of its Job the pod is, from 0: its annotation
    /// `batch.kubernetes.io/job-completion-index`.
    pub const INDEX: &str = "MLCTL_AGENT_INDEX";
    /// How many pods of this index have failed: the annotation
    /// `batch.kubernetes.io/job-index-failure-count`.
    pub const FAILURES: &str = "MLCTL_AGENT_FAILURES";
    /// How many of them were disruptions, which don't count as failures: the annotation
    /// `batch.kubernetes.io/job-index-ignored-failure-count`.
    pub const IGNORED: &str = "MLCTL_AGENT_IGNORED";
    /// `limits.memory` in bytes, where the template sets one.
    pub const MEMORY_LIMIT: &str = "MLCTL_AGENT_MEMORY_LIMIT";
}

/// Everything that the pods of a run share; which replica a pod is comes from its downward API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodDocument {
    /// Format of this document: that of its plan, so that an older mlctl reads what it can run.
    pub schema_version: u32,
    /// The plan, secret values masked; the agent takes those from [`SECRET_DIR`].
    pub plan: Plan,
    /// Which Job and index each replica is.
    pub layout: ClusterLayout,
    /// A random word of this run that marks the agents' own lines.
    pub nonce: String,
    /// Base of the outputs as the primary's command sees it: a path or a URI.
    pub output: String,
    /// The files of the code, and data that travels with them.
    pub code: Vec<CodeFile>,
    /// What else is put into working folders: data in claims.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<WorkLink>,
}

/// One file of the code, cut into parts that fit ConfigMaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeFile {
    /// Path within the working folder; relative, never with `..`.
    pub path: String,
    /// Anyone may run it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
    /// Names of files in [`CODE_DIR`] whose contents follow each other.
    pub parts: Vec<String>,
    /// It is a link to a folder of the code, which leads there from its own folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl CodeFile {
    /// Its permissions, less the process's mask.
    pub fn mode(&self) -> u32 {
        if self.executable { 0o777 } else { 0o666 }
    }
}
