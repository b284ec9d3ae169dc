//! The typed spec: what a `TrainJob` file says. JSON Schema, `explain` and validation come from here.
//!
//! A field marked `x-mlctl-expand` may use `${VAR}` and `${VAR:-default}`; a field marked
//! `x-mlctl-verbatim` keeps every scalar as it is written, byte for byte.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::{ByteSize, CpuQuantity, Span};
use crate::gang::Completion;

/// A training run: one command in one or more replicas that start, fail, restart and end as one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrainJob {
    /// Always `mlctl.dev/v1`.
    pub api_version: ApiVersion,
    /// Always `TrainJob`.
    pub kind: TrainJobKind,
    /// Name of the job, at most 30 characters: lower-case letters, digits and `-`, starting with a
    /// letter (DNS-1035). Runs are called `<name>-<6 characters>`.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub name: String,
    /// Labels for selecting runs later (`mlctl list --label team=vision`).
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("x-mlctl-expand" = true, "x-mlctl-text" = true))]
    pub labels: IndexMap<String, String>,
    /// Which rendezvous the replicas get: TF_CONFIG, PET_*/MASTER_*/RANK, JAX_*, or none.
    /// Default `none`.
    #[serde(default, skip_serializing_if = "Framework::is_none")]
    pub framework: Framework,
    /// The distribution strategy that the code uses; checked against the roles when given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// Container image. Locally ignored: the command runs with this machine's interpreter or `setup`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub image: Option<String>,
    /// A folder (or one file) with the code; every replica gets a writable copy as its working folder.
    /// `.gitignore` and `.mlctlignore` are honoured; `.git` never travels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub code: Option<String>,
    /// What to do before the command: a shell script or a Python environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<Setup>,
    /// The program and its first arguments, run without a shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-verbatim" = true))]
    pub command: Option<Vec<String>>,
    /// Arguments after the command. A mapping gives `--name=value` (true: `--x=true`, null: `--x`,
    /// a list: repeated); a list is passed as it is.
    #[serde(default, skip_serializing_if = "Args::is_empty")]
    pub args: Args,
    /// Environment of every replica's command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvVar>,
    /// Kubernetes Secrets to give to the command, as variables or as files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretUse>,
    /// Cores of each replica, for example `2` or `500m`. A role may say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuQuantity>,
    /// Memory of each replica, for example `4Gi`. A role may say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<ByteSize>,
    /// Accelerators of each replica. A role may say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerators: Option<Accelerators>,
    /// The roles of the gang, in order of their ranks. Without it: one replica of role `worker`.
    /// TensorFlow knows chief, worker, ps and evaluator.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub roles: IndexMap<String, Role>,
    /// Where the run writes: `AIP_MODEL_DIR`, `AIP_CHECKPOINT_DIR` and `AIP_TENSORBOARD_LOG_DIR` lie
    /// below it. `{run}` is the run's id. Default: a folder of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub output: Option<String>,
    /// When the run is a success: the primary exits 0, or all do. Default: `primary` for TensorFlow,
    /// `all` otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<Completion>,
    /// How long the other replicas may go on after a success. Default 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<Span>,
    /// Time between SIGTERM and SIGKILL when a command is ended. Default 15s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Span>,
    /// How many times the whole gang restarts, by class of failure.
    #[serde(default, skip_serializing_if = "Retries::is_default")]
    pub retries: Retries,
    /// The run ends as timed out after this long, counted from the first start. Default: none
    /// locally, 7d on a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// All replicas must be there within this time. Default 2m locally, 30m on a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_timeout: Option<Span>,
    /// Pod security of a cluster. Locally ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// Nodes that the pods may use, by label. Locally ignored.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("x-mlctl-expand" = true, "x-mlctl-text" = true))]
    pub node_selector: IndexMap<String, String>,
    /// Taints that the pods tolerate, as in a Pod. Locally ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
    /// Volumes and where they are mounted. Locally only `hostPath` and `emptyDir`, as warnings say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Volume>,
    /// What the command reads: claims of a cluster and folders of this machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Data>,
    /// Queue of Kueue that admits the run; all roles must have pods of one shape. Locally ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub queue: Option<String>,
    /// Priority class of the pods. Locally ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub priority_class: Option<String>,
    /// Service account of the pods, for code that talks to the cluster or to a cloud. Without it
    /// pods get no token. Locally ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub service_account: Option<String>,
    /// Names of Secrets with the credentials of the images' registries. Locally ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_pull_secrets: Vec<String>,
    /// Where pods are placed, as a Pod's `affinity`; what accelerators ask for is added. Locally
    /// ignored.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub affinity: IndexMap<String, serde_json::Value>,
    /// Anything else of a Pod: a strategic merge patch over the template of all pods, with
    /// `metadata` and `spec`. The command's container is called `main`. Locally ignored.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub pod_patch: IndexMap<String, serde_json::Value>,
}

/// Data that the command reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Data {
    /// `pvc://CLAIM/PATH`, or a folder or file of this machine: a path relative to the spec, or
    /// `file:///...`. A claim is a volume of a cluster; locally the settings say in `claims` which
    /// folder stands for it. Files of this machine travel to a cluster like code, so few and small.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub uri: String,
    /// Where the command finds it: a path in its working folder. A claim may also be mounted at an
    /// absolute path, in a cluster only. It is there to be read.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub path: String,
}

/// The version of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The first and only one.
    #[default]
    #[serde(rename = "mlctl.dev/v1")]
    V1,
}

/// The kind of the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TrainJobKind {
    /// A training run.
    #[default]
    TrainJob,
}

/// A machine-learning framework, as far as its rendezvous goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Framework {
    /// TF_CONFIG for roles chief, worker, ps, evaluator.
    Tensorflow,
    /// PET_* for torchrun, RANK, WORLD_SIZE and MASTER_* for plain Python.
    Pytorch,
    /// JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES, JAX_PROCESS_ID.
    Jax,
    /// No protocol: RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT say who is who.
    #[default]
    None,
}

impl Framework {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// What the code distributes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Strategy {
    /// TensorFlow MirroredStrategy: one replica, several devices.
    Mirrored,
    /// TensorFlow MultiWorkerMirroredStrategy: workers, optionally a chief that works too.
    MultiWorkerMirrored,
    /// TensorFlow ParameterServerStrategy: a chief, workers and ps.
    ParameterServer,
    /// TensorFlow CentralStorageStrategy: one replica, variables on the CPU.
    CentralStorage,
    /// PyTorch DistributedDataParallel.
    Ddp,
    /// PyTorch FullyShardedDataParallel.
    Fsdp,
    /// None: one replica, or replicas that do not talk.
    None,
}

/// Arguments of the command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend("x-mlctl-verbatim" = true))]
pub enum Args {
    /// Passed as they are.
    List(Vec<String>),
    /// `--name=value` each.
    Map(IndexMap<String, ArgValue>),
}

impl Default for Args {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl Args {
    /// No arguments at all.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::List(list) => list.is_empty(),
            Self::Map(map) => map.is_empty(),
        }
    }

    /// The arguments as the command gets them.
    pub fn to_argv(&self) -> Vec<String> {
        match self {
            Self::List(list) => list.clone(),
            Self::Map(map) => map.iter().flat_map(|(name, value)| value.to_argv(name)).collect(),
        }
    }
}

/// The value of one named argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend("x-mlctl-verbatim" = true))]
pub enum ArgValue {
    /// `--name` alone.
    Flag(()),
    /// `--name=value`, the text as it is written in the file.
    Text(String),
    /// `--name=a --name=b`.
    Repeated(Vec<String>),
}

impl ArgValue {
    fn to_argv(&self, name: &str) -> Vec<String> {
        match self {
            Self::Flag(()) => vec![format!("--{name}")],
            Self::Text(text) => vec![format!("--{name}={text}")],
            Self::Repeated(list) => list.iter().map(|text| format!("--{name}={text}")).collect(),
        }
    }
}

/// One environment variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvVar {
    /// Name of the variable.
    pub name: String,
    /// Its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true, "x-mlctl-text" = true))]
    pub value: Option<String>,
    /// Where its value comes from instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_from: Option<EnvSource>,
}

/// Where a variable's value comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvSource {
    /// A key of a Kubernetes Secret. Locally: the variable `MLCTL_SECRET_<NAME>_<KEY>`, or the
    /// secrets file (`secrets.yaml` beside the settings).
    pub secret_key_ref: SecretKeyRef,
}

/// A key of a Secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretKeyRef {
    /// Name of the Secret.
    pub name: String,
    /// Key within the Secret.
    pub key: String,
    /// Start without it when it is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// A whole Secret for the command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretUse {
    /// Name of the Secret.
    pub name: String,
    /// Mount its keys as files below this folder. Without it each key becomes a variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_path: Option<String>,
}

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
    /// Cores of each replica.
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

/// What happens before the command, in each replica, under the same environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Setup {
    /// A script for `sh -e`, run in the working folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-verbatim" = true))]
    pub shell: Option<String>,
    /// A Python environment for the command, cached by its content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<PythonSetup>,
}

/// A virtual environment made with pip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PythonSetup {
    /// A requirements file, relative to `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements: Option<String>,
    /// Requirements installed after it with `pip install --no-deps`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_deps: Vec<String>,
    /// The interpreter to make it with. Default `python3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<String>,
}

/// Restarts of the whole gang, by class of failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Retries {
    /// The command exited with a status of its own. Default 0.
    #[serde(skip_serializing_if = "is::<0>")]
    pub user_error: u32,
    /// Memory ran out. Default 0.
    #[serde(skip_serializing_if = "is::<0>")]
    pub out_of_memory: u32,
    /// SIGABRT, SIGSEGV and the like. Default 3.
    #[serde(skip_serializing_if = "is::<3>")]
    pub transient_signal: u32,
    /// The command or its set-up could not be started. Default 3.
    #[serde(skip_serializing_if = "is::<3>")]
    pub startup: u32,
    /// An agent, its machine or the network went away. Default 3.
    #[serde(skip_serializing_if = "is::<3>")]
    pub infrastructure: u32,
    /// Preempted, drained, told to go. Default 6.
    #[serde(skip_serializing_if = "is::<6>")]
    pub preemption: u32,
}

/// A budget that need not be written. Serde passes a reference.
#[expect(clippy::trivially_copy_pass_by_ref)]
fn is<const DEFAULT: u32>(count: &u32) -> bool {
    *count == DEFAULT
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            user_error: 0,
            out_of_memory: 0,
            transient_signal: 3,
            startup: 3,
            infrastructure: 3,
            preemption: 6,
        }
    }
}

impl Retries {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

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
