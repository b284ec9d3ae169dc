//! What an agent is told, in a pod and on a laptop: there it is a JSON file, here it is made of
//! what the pod holds.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::past::PastFiles;
use super::places::Places;
use super::pod::CodeFile;
use super::work_link::WorkLink;
use crate::gang::{GangConfig, ReplicaId};
use crate::plan::{CodeArchive, Declared, Known, MetricsPlan, Withheld};
use crate::spec::Setup;

/// The configuration of one agent. As a document it holds no secret: secret variables are in the
/// agent's own environment, which the command inherits, a command or set-up with a secret in it comes
/// as [`Withheld`], and the gang's token is a file of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentConfig {
    /// The version of this document's format.
    pub schema_version: u32,
    /// The members, limits and budgets of the gang.
    pub gang: GangConfig,
    /// The replica whose command this agent runs.
    pub replica: ReplicaId,
    /// A text that no other pod, or on a laptop no other agent process, has.
    pub pod_uid: String,
    /// How many times this replica's pod has been replaced.
    pub generation: u32,
    /// Where the primary's agent is: `host:port`, resolved anew on every dial, or the path of a
    /// socket file.
    pub primary_address: String,
    /// What the primary's agent listens on: `address:port`, or the path of a socket file. The ports
    /// of every replica are tried at the same address, or on the loopback interface.
    pub listen_address: String,
    /// Host names of the other replicas; no command starts before they resolve here.
    #[serde(default)]
    pub peers: Vec<String>,
    /// File with the gang's shared token.
    pub token_file: PathBuf,
    /// A random word of this run that marks the agent's own lines in the log.
    pub nonce: String,
    /// The files of the log, where the agent's own lines do not stand in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_files: Option<LogFiles>,
    /// The program and the arguments of the command.
    pub command: Vec<String>,
    /// Variables set for set-up and command, over what the agent inherits.
    pub env: IndexMap<String, String>,
    /// The variables of the spec, in its order: what `$(VAR)` may name, besides `env`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declared: Vec<Declared>,
    /// Inherited variables that the command must not see.
    pub unset_env: Vec<String>,
    /// Where the files of the working folder come from; `None` for an empty one.
    pub code: Option<Code>,
    /// Links that are made in the working folder, over what the code has there.
    #[serde(default)]
    pub links: Vec<WorkLink>,
    /// Folder for this replica's working folders; emptied before each attempt.
    pub work_dir: PathBuf,
    /// What is done once before the first command; `None` for nothing.
    pub setup: Option<Setup>,
    /// Where Python environments are cached by their content.
    pub cache_dir: PathBuf,
    /// Folders that must exist before the command starts.
    pub make_dirs: Vec<PathBuf>,
    /// Ports that must be free again before an attempt counts as stopped.
    pub own_ports: Vec<u16>,
    /// The file that gets the termination message, of at most 4,096 bytes.
    pub termination_file: PathBuf,
    /// Memory limit of this replica in bytes, where the runtime has no control group that says it.
    pub memory_limit: Option<u64>,
    /// The role asks for accelerators, so that their use is measured.
    #[serde(default)]
    pub accelerators: bool,
    /// The command decides over other runs: what it has started in sessions of their own lives on when
    /// it ends.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub controller: bool,
    /// The command is a replica of an endpoint, which goes on until somebody ends it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub serving: bool,
    /// Which metrics of the command are read, and where; `None`: those that trainers usually print. Only
    /// the primary's agent has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<MetricsPlan>,
    /// What is in buckets.
    #[serde(default, skip_serializing_if = "Places::is_empty")]
    pub places: Places,
    /// Where it learns what was before it, in a cluster.
    #[serde(default, skip_serializing_if = "PastFiles::is_empty")]
    pub past: PastFiles,
    /// Whether this agent runs in a pod or as a process of a laptop.
    pub runtime: AgentRuntime,
    /// Secret values, which the agent's own words leave out. No document has them.
    #[serde(skip)]
    pub known: Known,
}

impl AgentConfig {
    /// Puts what was withheld from the document in the place of its masks.
    pub fn add(&mut self, withheld: Withheld) {
        let Withheld { command, setup, known } = withheld;
        self.command = command.unwrap_or(std::mem::take(&mut self.command));
        self.setup = setup.or(self.setup.take());
        self.known = known;
    }
}

/// A replica's log on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogFiles {
    /// What the command prints, which is the agent's own standard output.
    pub output: PathBuf,
    /// The agent's events.
    pub events: PathBuf,
}

/// The file beside a controller's working folder that says that it was cancelled.
pub const CANCELLED: &str = "cancelled";

/// Where a working folder's files come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Code {
    /// A folder of this machine that holds the code as it was submitted: all of it is copied.
    Place(PathBuf),
    /// Files in parts, all in one folder.
    Parts {
        /// The folder that holds all parts.
        dir: PathBuf,
        /// The files and the names of their parts, in order.
        files: Vec<CodeFile>,
    },
    /// A tar archive in a bucket, compressed with gzip.
    Archive {
        /// Where it is.
        from: CodeArchive,
        /// Where the agent keeps it.
        file: PathBuf,
    },
    /// In the image, in the folder where its program starts; nothing is copied.
    Image(PathBuf),
}

/// What an agent is in, where that makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AgentRuntime {
    /// A process of this machine: it leaves the session of the process that started it, and a
    /// Python environment is its own.
    Processes,
    /// A pod: the image's Python packages count as there, and the termination message is a mount,
    /// written in place.
    Pod,
}
