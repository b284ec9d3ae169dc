//! The endpoint as a whole.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::access::{Auth, Expose, Routers, Tls};
use super::replicas::{Replicas, Scaling};
use super::revision::{Probes, Revision, Warmup};
use super::rollout::Rollout;
use super::traffic::{RequestLimits, RequestLog, Shadow, Sticky, Transition};
use crate::spec::kinds::batch::{BatchStorage, Routes, Server, Wire};
use crate::spec::kinds::train::{
    Accelerators, ApiVersion, EnvVar, SecretUse, Security, Setup, Toleration, Volume,
};
use crate::storage::Place;
use crate::text::{ByteSize, CpuQuantity, Span};

/// An endpoint: an address, and the revisions of a model that answer there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Endpoint {
    /// Always `mlctl.dev/v1`.
    pub api_version: ApiVersion,
    /// Always `Endpoint`.
    pub kind: EndpointKind,
    /// Name of the endpoint, at most 30 characters: lower-case letters, digits and `-`, starting with
    /// a letter (DNS-1035).
    #[schemars(extend("x-mlctl-expand" = true))]
    pub name: String,
    /// Labels for selecting endpoints later (`mlctl list --label team=vision`).
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("x-mlctl-expand" = true, "x-mlctl-text" = true))]
    pub labels: IndexMap<String, String>,
    /// The revisions that serve, the oldest first.
    #[schemars(length(min = 1, max = 32))]
    pub revisions: Vec<Revision>,
    /// The model's name in requests, the same for all revisions. Default: the endpoint's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub model_name: Option<String>,
    /// A revision that gets copies of requests, whose answers nobody sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Shadow>,
    /// What keeps a caller on one revision while weights move only as far as they must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<Sticky>,
    /// What happens to the old revision when a new one takes its place. Default `availability`.
    #[serde(default, skip_serializing_if = "Transition::is_default")]
    pub transition: Transition,
    /// What makes replicas more or fewer. Without it only revisions with `min` below `max` scale, by
    /// its defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// The last revision of the list gets its share step by step. Without it the weights are set at
    /// once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// What the router takes from callers.
    #[serde(default, skip_serializing_if = "RequestLimits::is_default")]
    pub limits: RequestLimits,
    /// Requests and answers that are kept. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<RequestLog>,
    /// Who may ask. Default: everybody who reaches the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Encryption between callers and the endpoint. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// The processes that requests go through.
    #[serde(default, skip_serializing_if = "Routers::is_default")]
    pub routers: Routers,
    /// What a cluster shows of the endpoint outside: `none`, `loadBalancer`, `{ingress: {host: ...}}`
    /// or `{gateway: {name: ...}}`. Default `none`. Locally ignored.
    #[serde(default, skip_serializing_if = "Expose::is_default")]
    pub expose: Expose,
    /// Port of the endpoint on this machine. Default: a free one. On a cluster it is 80, with `tls`
    /// 443.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_535))]
    pub port: Option<u16>,
    /// How many replicas each revision has: `2`, or `{min: 1, max: 4}`. A revision may say otherwise.
    /// Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<Replicas>,
    /// Which server the revisions have. A revision may say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Server>,
    /// `rest` for JSON over HTTP, and gRPC beside it where the servers have it, or `grpc` for gRPC
    /// alone. A revision may say otherwise. Default `rest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Wire>,
    /// Container image of the servers. A revision may say otherwise. Default: the server's own.
    /// Locally ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub image: Option<String>,
    /// The servers' program and arguments, with `{port}`, `{grpcPort}`, `{model}` and `{name}`. A
    /// revision may say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-verbatim" = true))]
    pub command: Option<Vec<String>>,
    /// Arguments after the command, for revisions that have none of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mlctl-verbatim" = true))]
    pub args: Vec<String>,
    /// Paths of the servers, where they are not those of their protocol, and their port, where they
    /// always listen on the same one. A revision may say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routes: Option<Routes>,
    /// When a replica is ready, and when it no longer is. A revision may say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probes: Option<Probes>,
    /// Requests that a replica answers before it gets those of callers. A revision may say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup: Option<Warmup>,
    /// Most requests that a replica gets at once. A revision may say otherwise. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub max_concurrency: Option<u32>,
    /// How long a replica that goes may take to answer what it has begun; then SIGTERM, and SIGKILL 5 s
    /// later. A revision may say otherwise. Default 30s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Span>,
    /// A folder (or one file) with the servers' code; every replica gets a writable copy as its
    /// working folder. A revision may say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub code: Option<Place>,
    /// What to do before a server starts: a shell script or a Python environment. A revision may say
    /// otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<Setup>,
    /// Environment of all servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvVar>,
    /// Kubernetes Secrets to give to all servers, as variables or as files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretUse>,
    /// Credentials and settings of the buckets.
    #[serde(default, skip_serializing_if = "BatchStorage::is_default")]
    pub storage: BatchStorage,
    /// Cores that each replica asks for, for example `2` or `500m`; it may use more where its node has
    /// them idle. A revision may say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuQuantity>,
    /// Memory of each replica, for example `4Gi`. A revision may say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<ByteSize>,
    /// Accelerators of each replica. A revision may say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerators: Option<Accelerators>,
    /// Pod security of a cluster. A revision may say otherwise. Locally ignored.
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
    /// Priority class of the pods. Locally ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub priority_class: Option<String>,
    /// Service account of the servers' pods. Without it, and without `storage.serviceAccount`, they get
    /// no token. Locally ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub service_account: Option<String>,
    /// Names of Secrets with the credentials of the images' registries. Locally ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_pull_secrets: Vec<String>,
    /// Where pods are placed, as a Pod's `affinity`. Locally ignored.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub affinity: IndexMap<String, serde_json::Value>,
    /// Anything else of a Pod: a strategic merge patch over the template of the servers' pods, with
    /// `metadata` and `spec`. The server's container is called `main`. Locally ignored.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub pod_patch: IndexMap<String, serde_json::Value>,
}

/// The kind of the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EndpointKind {
    /// An endpoint.
    #[default]
    Endpoint,
}
