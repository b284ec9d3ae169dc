//! The job as a whole.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::command::{Args, EnvVar, SecretUse, Setup};
use super::places::{Output, Storage};
use super::pod::{Security, Toleration, Volume};
use super::push::PushTo;
use super::retries::Retries;
use super::role::{Accelerators, Role};
use crate::gang::Completion;
use crate::storage::Place;
use crate::text::{Amount, ByteSize, CpuQuantity, Span};

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
    /// `.gitignore` and `.mlctlignore` are honoured; `.git` never travels, and neither do credentials
    /// (`.env`, private keys) and Python environments unless a line such as `!.env` in `.mlctlignore`
    /// names them. A link that leads outside stays behind, with a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub code: Option<Place>,
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
    /// Cores that each replica asks for, for example `2` or `500m`; it may use more where its node has
    /// them idle. A role may say
    /// otherwise.
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
    /// Where the run writes: a folder of this machine, or `pvc://CLAIM/PATH`, a claim of a cluster
    /// (locally the settings say in `claims` which folder stands for it), or a bucket's URL such as
    /// `s3://bucket/path`, to which a folder is uploaded as it changes, or which the command writes
    /// to (`{uri, mode: sync | direct}`). `AIP_MODEL_DIR`, `AIP_CHECKPOINT_DIR` and
    /// `AIP_TENSORBOARD_LOG_DIR` lie below it. `{run}` is the run's id. Default: a folder of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// The name in the registry under which the run's model is pushed once the run has succeeded, by
    /// whoever follows it to its end (`train`, `wait`): `digits`, or `{name: digits, alias: candidate}`.
    /// Without a follower `mlctl wait RUN` or `mlctl models push RUN NAME` does it later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<PushTo>,
    /// How the buckets that `data` and `output` name are reached, and with which credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
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
    /// The run ends as timed out when it has cost this much, in the currency of the price file that
    /// the settings name. All replicas count for as long as the gang is there. On this machine runs
    /// cost nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<Amount>,
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
    /// What the command reads: objects of buckets, claims of a cluster, and folders of this machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Data>,
    /// Queue of Kueue that admits the run; all roles must have pods of one shape. Locally whatever its name
    /// is, a run waits for the GPUs that others hold, as with `train --wait`.
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
    /// A bucket's URL (`s3://`, `gs://`, `az://`, `https://`, `hf://`): an object, a folder, or a
    /// pattern such as `s3://bucket/in/*.csv`, fetched before the command starts. Or
    /// `pvc://CLAIM/PATH`, a volume of a cluster; locally the settings say in `claims` which folder
    /// stands for it. Or a folder or file of this machine: a path relative to the spec, or
    /// `file:///...`. Those travel to a cluster like code, so few and small.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub uri: Place,
    /// Where the command finds it: a path in its working folder. In a cluster a claim may also be
    /// mounted at an absolute path, and what is in a bucket be in a folder at one, such as
    /// `/gcs/bucket/in`. It is there to be read.
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
