//! What can answer.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// One version of a served model with the replicas that have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevisionConfig {
    /// The name that `x-mlctl-revision` carries, both ways.
    pub name: String,
    /// Other names by which `x-mlctl-revision` may ask for it, also one that is another revision's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Its part of the traffic, of the sum of all weights. 0 is answered only when it is asked for
    /// by name.
    #[serde(default)]
    pub weight: u32,
    /// The number that a path's `/versions/N` asks for. A path with a number is only looked at when
    /// a revision with the path's model has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The names of models in paths (`/v1/models/NAME`) that are this revision. The first is the
    /// `model` that a Vertex answer names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Whether a request waits, within its time-out, while there is no replica: one is starting, or
    /// the old one has to go before the new one comes. Otherwise the traffic of a revision without
    /// a replica goes to the others.
    #[serde(default)]
    pub hold: bool,
    /// Where calls that name the endpoint instead of a path go.
    #[serde(default)]
    pub routes: Routes,
    /// How many requests each replica has at once before others wait. Without it there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
    /// Who answers. Only replicas that are ready belong here.
    #[serde(default)]
    pub replicas: Vec<ReplicaConfig>,
}

/// Paths of a revision's server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Routes {
    /// Where `endpoints/NAME:predict` and `:rawPredict` go, such as `/v1/models/digits:predict`.
    /// Without it they are answered with 404.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predict: Option<String>,
}

/// One process that answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplicaConfig {
    /// What `x-mlctl-replica` says. Unique in its revision. The same id at another address is
    /// another replica: the one before it is drained.
    pub id: String,
    /// Where it speaks HTTP/1.1.
    pub address: SocketAddr,
    /// Where it speaks gRPC (HTTP/2 without TLS). Without it gRPC calls are UNIMPLEMENTED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc_address: Option<SocketAddr>,
}
