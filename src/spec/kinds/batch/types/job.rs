//! The job as a whole.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::files::{BatchInput, BatchOutput};
use super::model::{BatchStorage, Model, Wire};
use super::options::{Batching, FailureLimits, Instances};
use crate::spec::kinds::train::{
    Accelerators, ApiVersion, EnvVar, Retries, Role, SecretUse, Security, Setup, Toleration,
    TrainJob, Volume,
};
use crate::storage::Place;
use crate::text::{Amount, ByteSize, CpuQuantity, Span};

/// Name of the one role of a batch prediction.
pub const WORKER: &str = "worker";

/// A batch prediction: every line of the inputs gets one line in the results or in the errors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BatchPredictJob {
    /// Always `mlctl.dev/v1`.
    pub api_version: ApiVersion,
    /// Always `BatchPredictJob`.
    pub kind: BatchPredictJobKind,
    /// Name of the job, at most 30 characters: lower-case letters, digits and `-`, starting with a
    /// letter (DNS-1035). Runs are called `<name>-<6 characters>`.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub name: String,
    /// Labels for selecting runs later (`mlctl list --label team=vision`).
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("x-mlctl-expand" = true, "x-mlctl-text" = true))]
    pub labels: IndexMap<String, String>,
    /// The model and its server, which each replica starts.
    #[serde(default, skip_serializing_if = "Model::is_default")]
    pub model: Model,
    /// URL of a server that already serves, in place of one that each replica starts. `model` then
    /// says the server's kind and the model's name. `grpc://host:8500`, or `grpcs://` with TLS, is
    /// asked over gRPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub endpoint: Option<String>,
    /// What is predicted: one place, a list, or `{uris, format}`.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub input: BatchInput,
    /// Where the results go: a place, or `{uri, format}`. The same job finds there what was done
    /// before and goes on; another job is refused.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub output: BatchOutput,
    /// From rows to instances.
    #[serde(default, skip_serializing_if = "Instances::is_default")]
    pub instances: Instances,
    /// What each request has beside its instances. Over gRPC the Open Inference Protocol takes numbers,
    /// strings and booleans, and TF Serving none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<serde_json::Value>,
    /// How rows are put into requests.
    #[serde(default, skip_serializing_if = "Batching::is_default")]
    pub batching: Batching,
    /// How many rows may fail before the job ends.
    #[serde(default, skip_serializing_if = "FailureLimits::is_default")]
    pub failures: FailureLimits,
    /// Credentials and settings of the buckets.
    #[serde(default, skip_serializing_if = "BatchStorage::is_default")]
    pub storage: BatchStorage,
    /// How many replicas, each with a server of its own. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 256))]
    pub replicas: Option<u32>,
    /// A folder (or one file) with the server's code; every replica gets a writable copy as its
    /// working folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub code: Option<Place>,
    /// What to do before the server starts: a shell script or a Python environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<Setup>,
    /// Environment of the server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvVar>,
    /// Kubernetes Secrets to give to the server, as variables or as files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretUse>,
    /// Cores that each replica asks for, for example `2` or `500m`; it may use more where its node has
    /// them idle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuQuantity>,
    /// Memory of each replica, for example `4Gi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<ByteSize>,
    /// Accelerators of each replica.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerators: Option<Accelerators>,
    /// How many times a replica starts again, by class of failure.
    #[serde(default, skip_serializing_if = "Retries::is_default")]
    pub retries: Retries,
    /// The run ends as timed out after this long. Default: none locally, 7d on a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// A replica must be there within this time. Default 2m locally, 30m on a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_timeout: Option<Span>,
    /// Time between SIGTERM and SIGKILL when a replica is ended. Default 15s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Span>,
    /// The run ends as timed out when it has cost this much, in the currency of the price file that
    /// the settings name. On this machine runs cost nothing.
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
    /// Queue of Kueue that admits the run. Locally ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub queue: Option<String>,
    /// Priority class of the pods. Locally ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub priority_class: Option<String>,
    /// Service account of the pods. Without it, and without `storage.serviceAccount`, pods get no
    /// token. Locally ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub service_account: Option<String>,
    /// Names of Secrets with the credentials of the images' registries. Locally ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_pull_secrets: Vec<String>,
    /// Where pods are placed, as a Pod's `affinity`. Locally ignored.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub affinity: IndexMap<String, serde_json::Value>,
    /// Anything else of a Pod: a strategic merge patch over the template of all pods, with
    /// `metadata` and `spec`. The server's container is called `main`. Locally ignored.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub pod_patch: IndexMap<String, serde_json::Value>,
}

/// The kind of the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BatchPredictJobKind {
    /// A batch prediction.
    #[default]
    BatchPredictJob,
}

impl BatchPredictJob {
    /// How requests travel: an endpoint's scheme says it, or else `model.protocol`.
    pub fn wire(&self) -> Wire {
        let endpoint = self.endpoint.as_deref().unwrap_or_default();
        if ["grpc://", "grpcs://"].iter().any(|scheme| endpoint.starts_with(scheme)) {
            return Wire::Grpc;
        }
        self.model.protocol
    }

    /// What the job's replicas have in common with those of a training run, as a training run of one
    /// role [`WORKER`]: the same fields at the same paths, so that what checks, plans and packs
    /// training runs does it for batch predictions too. `command` and `image` are left open.
    pub fn workers(&self) -> TrainJob {
        let replicas = self.replicas.unwrap_or(1);
        let mut secrets = self.secrets.clone();
        secrets.extend(
            self.storage
                .secret
                .iter()
                .map(|name| SecretUse { name: name.clone(), mount_path: None }),
        );
        TrainJob {
            name: self.name.clone(),
            labels: self.labels.clone(),
            code: self.code.clone(),
            setup: self.setup.clone(),
            env: self.env.clone(),
            secrets,
            cpu: self.cpu,
            memory: self.memory,
            accelerators: self.accelerators.clone(),
            roles: [(WORKER.to_owned(), Role { replicas, ..Role::default() })].into(),
            retries: self.retries.clone(),
            timeout: self.timeout,
            start_timeout: self.start_timeout,
            grace: self.grace,
            max_cost: self.max_cost,
            security: self.security,
            node_selector: self.node_selector.clone(),
            tolerations: self.tolerations.clone(),
            volumes: self.volumes.clone(),
            queue: self.queue.clone(),
            priority_class: self.priority_class.clone(),
            service_account: self
                .service_account
                .clone()
                .or_else(|| self.storage.service_account.clone()),
            image_pull_secrets: self.image_pull_secrets.clone(),
            affinity: self.affinity.clone(),
            pod_patch: self.pod_patch.clone(),
            ..TrainJob::default()
        }
    }
}
