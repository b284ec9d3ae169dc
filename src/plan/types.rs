//! The plan: what will run, before any address or path of a runtime is known.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::known::Known;
use super::push::PushPlan;
use super::service::{EndpointPods, ServicePlan};
use super::serving::ServingPlan;
use super::study::{ControllerPlan, MetricsPlan, ReplicaOf, TrialOf, group};
use super::tasks::{BatchPlan, TasksPlan};
use crate::gang::{GangConfig, ReplicaId, RoleName, RunId};
use crate::spec::{
    Accelerators, EnvVar, Framework, SecretUse, Security, Setup, Strategy, Toleration, Volume,
};
use crate::storage::{BucketSettings, ClaimMode, CodeRules, Place};
use crate::text::{ByteSize, CpuQuantity};

/// Format of a gang's plan, in `plan.json` and in the document of a pod: what an older mlctl knows too.
pub const GANG_VERSION: u32 = 1;

/// The newest format of a plan that this mlctl reads.
pub const PLAN_VERSION: u32 = OWN_PORT_VERSION;

/// Format of a plan whose model server always listens on a port of its own: an mlctl that knows none
/// would ask it where nobody listens.
pub const OWN_PORT_VERSION: u32 = 7;

/// Format of the plan of an endpoint's replica, or of what decides over its replicas: an mlctl that knows
/// neither would show and end them as runs of their own.
pub const ENDPOINT_VERSION: u32 = 5;

/// Format of the plan of a study's trial, or of what decides over its trials: an agent that knows
/// neither would miss a trial's metrics, or end its trials.
pub const STUDY_VERSION: u32 = 4;

/// Format of a plan whose code is an archive in a bucket: an agent that knows none would run the command
/// without its code.
pub const ARCHIVE_VERSION: u32 = 3;

/// What will run: the same for every runtime, complete, serialisable. `--dry-run -o yaml` prints it.
///
/// On the disk and in pods it is one flat document: the head's fields, then the unit's. A gang's is of
/// format 1, one of tasks of format 2, so that an older mlctl refuses what it would take for a gang.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What every run has, whatever its kind.
    #[serde(flatten)]
    pub head: Head,
    /// What runs, in one of the shapes that work has.
    #[serde(flatten)]
    pub unit: Unit,
}

/// What every run has, whatever its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Format of the whole document, [`GANG_VERSION`], [`TASKS_VERSION`](super::TASKS_VERSION),
    /// [`ARCHIVE_VERSION`], [`STUDY_VERSION`], [`ENDPOINT_VERSION`], [`SERVICE_VERSION`](super::SERVICE_VERSION) or
    /// [`OWN_PORT_VERSION`].
    pub schema_version: u32,
    /// The run's id, `<name>-<6 characters>`.
    pub run: RunId,
    /// The `name` that the spec gives.
    pub name: String,
    /// The labels that the spec gives, for people to select runs by.
    pub labels: IndexMap<String, String>,
    /// The trial that the run is; `None` for a run of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<TrialOf>,
    /// The replica of an endpoint that the run is; `None` for a run of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serves: Option<ReplicaOf>,
    /// Where its model is pushed to when it has succeeded; `None`: nowhere by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<PushPlan>,
    /// The secret values that are masked wherever they stand; no document has them.
    #[serde(skip)]
    pub known: Known,
}

impl Head {
    /// The study or the endpoint that the run is a part of; `None` for a run of its own.
    pub fn group(&self) -> Option<&RunId> {
        group(self.trial.as_ref(), self.serves.as_ref())
    }
}

/// The three shapes in which work runs. A runtime decides about each of them where it takes a plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Unit {
    /// Replicas that start, fail, restart and run to completion together.
    Gang(Box<GangPlan>),
    /// Indexed replicas that run to completion each by itself.
    Tasks(Box<TasksPlan>),
    /// Replicas that stay up behind an address.
    Service(Box<ServicePlan>),
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Gang(gang) => gang.serialize(serializer),
            Self::Tasks(tasks) => tasks.serialize(serializer),
            Self::Service(service) => service.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // No format has a word for the unit: one with a `batch` is tasks, one with a `service` an
        // endpoint, any other a gang.
        #[derive(Deserialize)]
        struct Any {
            #[serde(flatten)]
            gang: GangPlan,
            batch: Option<BatchPlan>,
            service: Option<EndpointPods>,
        }
        let Any { gang, batch, service } = Any::deserialize(deserializer)?;
        Ok(match (batch, service) {
            (Some(batch), _) => Self::Tasks(Box::new(TasksPlan { gang, batch })),
            (None, Some(service)) => Self::Service(Box::new(ServicePlan { gang, service })),
            (None, None) => Self::Gang(Box::new(gang)),
        })
    }
}

/// A gang to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GangPlan {
    /// The framework whose rendezvous variables the commands get.
    pub framework: Framework,
    /// The strategy, when the spec names it.
    pub strategy: Option<Strategy>,
    /// Roles in rank order; the primary is the first of `rules.members`.
    pub roles: Vec<RolePlan>,
    /// Folder or file with the code, as an absolute path or a URI.
    pub code: Option<Place>,
    /// What of the code travels, beside what its ignore files say.
    #[serde(default, skip_serializing_if = "CodeRules::is_default")]
    pub code_rules: CodeRules,
    /// The code on its way to a cluster, where ConfigMaps can't hold it; `None`: they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<CodeArchive>,
    /// Set-up before the command.
    pub setup: Option<Setup>,
    /// Base of the outputs with `{run}` filled in; `None`: a folder of the run.
    pub output: Option<Place>,
    /// The agents keep the output, a bucket: commands write to folders. `None`: commands write to
    /// `output` themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync: Option<SyncPlan>,
    /// The output is claimed for the run before anything is written there, and how; `None`: it isn't, as
    /// where the command itself writes to a bucket, or a job has claims of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimMode>,
    /// How the buckets are reached.
    #[serde(default, skip_serializing_if = "StoragePlan::is_default")]
    pub storage: StoragePlan,
    /// How strict the pods are about security.
    pub security: Security,
    /// What the command reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<DataPlan>,
    /// Which metrics the primary's agent reads, and where; `None`: those that trainers usually print.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<MetricsPlan>,
    /// The command is a model server of an endpoint; `None` for all other work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serving: Option<ServingPlan>,
    /// The command decides over other runs; `None` for all other work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<ControllerPlan>,
    /// What only a cluster knows.
    #[serde(default, skip_serializing_if = "PodOptions::is_default")]
    pub pods: PodOptions,
    /// When the gang starts, restarts and ends.
    #[serde(rename = "gang")]
    pub rules: GangConfig,
}

/// Code and local data of a run as one object, a tar archive compressed with gzip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeArchive {
    /// The object.
    pub uri: Place,
    /// The SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
}

/// What the agents do with an output that they keep in a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncPlan {}

/// How the buckets of a run are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StoragePlan {
    /// Kubernetes Secret with the variables of the credentials; a laptop ignores it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Settings by bucket, `s3://bucket`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub buckets: BTreeMap<String, BucketSettings>,
}

impl StoragePlan {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// One piece of data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataPlan {
    /// `pvc://CLAIM/PATH`, an absolute path of this machine, or the URL of objects.
    pub uri: Place,
    /// Relative to the working folder, or absolute.
    pub path: String,
}

/// How the pods of a run are queued, placed and changed; a laptop has nothing like it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodOptions {
    /// Name of the LocalQueue of Kueue that admits the run; absent: it starts without a queue.
    pub queue: Option<String>,
    /// Name of the PriorityClass; absent: the cluster's default.
    pub priority_class: Option<String>,
    /// Name of the ServiceAccount that the pods run as; absent: the namespace's default.
    pub service_account: Option<String>,
    /// Names of the Secrets with credentials for registries of images.
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
    /// Name of the role, which its replicas are called after: `<name>-<index>`.
    pub name: RoleName,
    /// How many replicas the role has, at least 1.
    pub replicas: u32,
    /// Container image of the replicas; a laptop ignores it.
    pub image: Option<String>,
    /// Program and all arguments; empty when the image's entrypoint is meant.
    pub command: Vec<String>,
    /// Arguments for the image's entrypoint, when `command` is empty.
    pub entrypoint_args: Vec<String>,
    /// The user's environment: job and role merged, literals and references.
    pub env: Vec<EnvVar>,
    /// Secrets: job and role together.
    pub secrets: Vec<SecretUse>,
    /// Cores that each replica asks for.
    pub cpu: Option<CpuQuantity>,
    /// Memory of each replica.
    pub memory: Option<ByteSize>,
    /// Accelerators of each replica.
    pub accelerators: Option<Accelerators>,
    /// Labels that a node must have for a replica to be placed on it.
    pub node_selector: IndexMap<String, String>,
    /// Taints of nodes that the replicas put up with.
    pub tolerations: Vec<Toleration>,
    /// Volumes that are mounted into the replicas' containers.
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
    /// The gang that runs; for tasks, what their replicas have in common with those of a gang.
    pub fn gang(&self) -> &GangPlan {
        match &self.unit {
            Unit::Gang(gang) => gang,
            Unit::Tasks(tasks) => &tasks.gang,
            Unit::Service(service) => &service.gang,
        }
    }

    /// The study that the command decides over; `None` for everything that is no study's loop.
    pub fn study(&self) -> Option<&RunId> {
        match self.gang().controller.as_ref()? {
            ControllerPlan::Study(study) => Some(study),
            ControllerPlan::Endpoint(_) => None,
        }
    }

    /// The endpoint that the command routes to and decides over; `None` for everything else.
    pub fn endpoint(&self) -> Option<&RunId> {
        match self.gang().controller.as_ref()? {
            ControllerPlan::Endpoint(endpoint) => Some(endpoint),
            ControllerPlan::Study(_) => None,
        }
    }

    /// The study or the endpoint whose other runs the command starts and ends.
    pub fn decides_over(&self) -> Option<&RunId> {
        self.study().or_else(|| self.endpoint())
    }

    /// The study or the endpoint that the run is a part of, or decides over.
    pub fn group(&self) -> Option<&RunId> {
        self.decides_over().or_else(|| self.head.group())
    }

    /// What a batch prediction does; `None` for other work.
    pub fn batch(&self) -> Option<&BatchPlan> {
        match &self.unit {
            Unit::Tasks(tasks) => Some(&tasks.batch),
            Unit::Gang(_) | Unit::Service(_) => None,
        }
    }

    /// The same as [`Plan::batch`], to be changed before it is shown.
    pub(super) fn batch_mut(&mut self) -> Option<&mut BatchPlan> {
        match &mut self.unit {
            Unit::Tasks(tasks) => Some(&mut tasks.batch),
            Unit::Gang(_) | Unit::Service(_) => None,
        }
    }

    /// Takes in how the user reaches buckets, where the plan names any. On this machine that counts
    /// before what the spec says of the same bucket, as for every other reader of it; in pods the spec
    /// does, since only it can know how they reach a store.
    pub fn take_settings(&mut self, own: &BTreeMap<String, BucketSettings>, is_local: bool) {
        let gang = self.gang_mut();
        let places = gang.data.iter().map(|data| &data.uri).chain(&gang.output).chain(&gang.code);
        let mut places = places.filter(|place| matches!(place, Place::Object(_)));
        if places.next().is_some() {
            merge(&mut gang.storage.buckets, own, is_local);
        }
        if let Some(batch) = self.batch_mut() {
            merge(&mut batch.storage, own, is_local);
        }
    }

    /// The same as [`Plan::gang`], to be changed before it is submitted.
    pub fn gang_mut(&mut self) -> &mut GangPlan {
        match &mut self.unit {
            Unit::Gang(gang) => gang,
            Unit::Tasks(tasks) => &mut tasks.gang,
            Unit::Service(service) => &mut service.gang,
        }
    }
}

/// Adds settings to those that a spec has, which they go over on this machine and nowhere else.
fn merge(
    spec: &mut BTreeMap<String, BucketSettings>,
    own: &BTreeMap<String, BucketSettings>,
    is_local: bool,
) {
    for (bucket, settings) in own {
        let scheme = bucket.split_once("://").map_or(bucket.as_str(), |(scheme, _)| scheme);
        let all = format!("{scheme}://");
        if is_local {
            spec.insert(bucket.clone(), settings.clone());
        } else if !spec.contains_key(bucket) && !spec.contains_key(&all) {
            // A profile is a section of a file of this machine.
            spec.insert(bucket.clone(), BucketSettings { profile: None, ..settings.clone() });
        }
    }
}

impl GangPlan {
    /// Data that the agents fetch from buckets.
    pub fn fetched(&self) -> impl Iterator<Item = &DataPlan> {
        self.data.iter().filter(|data| matches!(data.uri, Place::Object(_)))
    }

    /// All replicas in rank order.
    pub fn replicas(&self) -> impl Iterator<Item = (&RolePlan, ReplicaId)> {
        self.roles
            .iter()
            .flat_map(|role| (0..role.replicas).map(move |i| (role, ReplicaId::new(&role.name, i))))
    }

    /// The primary: the replica whose success is the run's.
    pub fn primary(&self) -> &ReplicaId {
        &self.rules.members[0].replica
    }
}
