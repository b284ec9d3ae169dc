//! One revision: a model, its server, and its share of the requests.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::replicas::Replicas;
use crate::spec::kinds::batch::{ModelRef, Routes, Server, Wire};
use crate::spec::kinds::train::{
    Accelerators, EnvVar, SecretUse, Security, Setup, Toleration, Volume,
};
use crate::storage::Place;
use crate::text::{ByteSize, CpuQuantity, Span};

/// One revision: a model and its server. What it doesn't say comes from the endpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Revision {
    /// Name of the revision, at most 12 characters: lower-case letters, digits and `-`, starting with
    /// a letter (DNS-1035). Another model or another server is another revision, with a name of its
    /// own.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub name: String,
    /// The model: `NAME`, `NAME@3` or `NAME@ALIAS` of the registry, a run's id, or a place, which is a
    /// bucket's folder, `hf://org/name`, or a folder such as `./model`. Without it the image has the
    /// model, or the server fetches it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub model: Option<ModelRef>,
    /// Its part of the requests in percent; those of all revisions add up to 100. One revision alone
    /// has 100. Where one of several has no `traffic`, it has what the others leave, and with
    /// `rollout` the last one that has none begins with 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub traffic: Option<u32>,
    /// How many replicas: `2`, or `{min: 1, max: 4}`. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<Replicas>,
    /// Which server: it decides the command, the image and what is spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Server>,
    /// `rest`: JSON over HTTP, and gRPC beside it where the server has it. `grpc`: gRPC alone, and its
    /// health is asked there too. Default `rest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Wire>,
    /// Container image of the server. Default: the server's own. Locally ignored: the server is a
    /// program of this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub image: Option<String>,
    /// The server's program and arguments. `{port}` and `{grpcPort}` are ports of the replica's own,
    /// `{model}` is the folder of the model, `{name}` its name. Default: the server's usual command;
    /// for `custom`, the image's own. `AIP_HTTP_PORT`, `AIP_PREDICT_ROUTE`, `AIP_HEALTH_ROUTE` and
    /// `AIP_STORAGE_URI` are set as on Vertex AI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-verbatim" = true))]
    pub command: Option<Vec<String>>,
    /// Arguments after the command; without `command` the image's own program gets them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mlctl-verbatim" = true))]
    pub args: Vec<String>,
    /// Paths of the server, where they are not those of its protocol, and its port, where it always
    /// listens on the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routes: Option<Routes>,
    /// When a replica is ready, and when it no longer is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probes: Option<Probes>,
    /// Requests that a replica answers before it gets those of callers. TensorFlow Serving's own, in
    /// the model's `assets.extra`, need nothing here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup: Option<Warmup>,
    /// Most requests that a replica gets at once; others wait or go to another one. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub max_concurrency: Option<u32>,
    /// How long a replica that goes may take to answer what it has begun; then SIGTERM, and SIGKILL 5 s
    /// later. Default 30s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Span>,
    /// A folder (or one file) with the server's code; every replica gets a writable copy as its
    /// working folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub code: Option<Place>,
    /// What to do before the server starts: a shell script or a Python environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<Setup>,
    /// Environment of the server, added to the endpoint's; the same name replaces it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvVar>,
    /// Kubernetes Secrets for the server, added to the endpoint's.
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
    /// Pod security of a cluster. Locally ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// Nodes for this revision, added to the endpoint's. Locally ignored.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("x-mlctl-expand" = true, "x-mlctl-text" = true))]
    pub node_selector: IndexMap<String, String>,
    /// Tolerations of this revision, added to the endpoint's. Locally ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
    /// Volumes of this revision, added to the endpoint's. Locally only `hostPath` and `emptyDir`, as
    /// warnings say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Volume>,
}

/// When a replica is ready, and when it no longer is. It is asked at `routes.health`, or as its
/// protocol says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Probes {
    /// How often it is asked. Default 2s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Span>,
    /// A question without an answer after this time has failed. Default 10s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// After so many failures one after the other it gets no requests, until it answers again.
    /// Default 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub failures: Option<u32>,
    /// After so many failures one after the other it is started again. Default: only when its process
    /// has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub restart_after: Option<u32>,
    /// It is ready within this time after its start, or the start has failed. Default 10m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timeout: Option<Span>,
}

/// Requests before those of callers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Warmup {
    /// A file of this machine or of a bucket: on each line the body of a request to the route for
    /// predictions, as JSON.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub file: Place,
    /// How many requests in all; the lines are repeated where they are fewer. Default: each line
    /// once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub requests: Option<u32>,
}
