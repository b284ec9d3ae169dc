//! The plan: what will run, before any address or path of a runtime is known.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::gang::{GangConfig, ReplicaId};
use crate::spec::{
    Accelerators, EnvVar, Framework, SecretUse, Security, Setup, Strategy, Toleration, Volume,
};
use crate::storage::Place;
use crate::text::{ByteSize, CpuQuantity};

/// A gang to run: backend-neutral, complete, serialisable. `--dry-run -o yaml` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Format of this document.
    pub schema_version: u32,
    /// The run's id, `<name>-<6 characters>`.
    pub run: String,
    /// The spec's name.
    pub name: String,
    /// The spec's labels.
    pub labels: IndexMap<String, String>,
    /// Which rendezvous.
    pub framework: Framework,
    /// The strategy, when the spec names it.
    pub strategy: Option<Strategy>,
    /// Roles in rank order; the primary is replica 0 of the role named by `gang.members[0]`.
    pub roles: Vec<RolePlan>,
    /// Folder or file with the code, as an absolute path or a URI.
    pub code: Option<Place>,
    /// Set-up before the command.
    pub setup: Option<Setup>,
    /// Base of the outputs with `{run}` filled in; `None`: a folder of the run.
    pub output: Option<Place>,
    /// Pod security.
    pub security: Security,
    /// What the command reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<DataPlan>,
    /// What only a cluster knows.
    #[serde(default, skip_serializing_if = "PodOptions::is_default")]
    pub pods: PodOptions,
    /// The rules of the gang.
    pub gang: GangConfig,
}

/// One piece of data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataPlan {
    /// `pvc://CLAIM/PATH`, or an absolute path of this machine.
    pub uri: Place,
    /// Relative to the working folder, or absolute.
    pub path: String,
}

/// How the pods of a run are queued, placed and changed; a laptop has nothing like it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodOptions {
    /// Queue of Kueue.
    pub queue: Option<String>,
    /// Priority class.
    pub priority_class: Option<String>,
    /// Service account.
    pub service_account: Option<String>,
    /// Secrets for registries.
    pub image_pull_secrets: Vec<String>,
    /// Affinity as in a Pod.
    pub affinity: IndexMap<String, serde_json::Value>,
    /// Strategic merge patch over the pod template.
    pub patch: IndexMap<String, serde_json::Value>,
}

impl PodOptions {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// One role of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RolePlan {
    /// Its name.
    pub name: String,
    /// How many replicas.
    pub replicas: u32,
    /// Container image.
    pub image: Option<String>,
    /// Program and all arguments; empty when the image's entrypoint is meant.
    pub command: Vec<String>,
    /// Arguments for the image's entrypoint, when `command` is empty.
    pub entrypoint_args: Vec<String>,
    /// The user's environment: job and role merged, literals and references.
    pub env: Vec<EnvVar>,
    /// Secrets: job and role together.
    pub secrets: Vec<SecretUse>,
    /// Cores of each replica.
    pub cpu: Option<CpuQuantity>,
    /// Memory of each replica.
    pub memory: Option<ByteSize>,
    /// Accelerators of each replica.
    pub accelerators: Option<Accelerators>,
    /// Node labels.
    pub node_selector: IndexMap<String, String>,
    /// Tolerations.
    pub tolerations: Vec<Toleration>,
    /// Volumes.
    pub volumes: Vec<Volume>,
}

/// A port that a replica's rendezvous listens on.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Port {
    /// TensorFlow's server, 2222 on a cluster; also the port of CLUSTER_SPEC.
    Rendezvous,
    /// torch's MASTER_PORT and the JAX coordinator; only the primary has one.
    Master,
    /// The gang's own, on the primary.
    Gang,
}

/// Where a runtime puts the replicas: the only thing that the rendezvous needs to know of it.
pub trait Addresses {
    /// A host name or address that the other replicas reach.
    fn host(&self, replica: &ReplicaId) -> String;
    /// The number of a port there.
    fn port(&self, replica: &ReplicaId, port: Port) -> u16;
}

impl Plan {
    /// All replicas in rank order.
    pub fn replicas(&self) -> impl Iterator<Item = (&RolePlan, ReplicaId)> {
        self.roles
            .iter()
            .flat_map(|role| (0..role.replicas).map(move |i| (role, ReplicaId::new(&role.name, i))))
    }

    /// The primary: the replica whose success is the run's.
    pub fn primary(&self) -> &ReplicaId {
        &self.gang.members[0].replica
    }
}
