//! What the plan of an endpoint's replica has beside that of other work.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::tasks::ServerPlan;
use crate::storage::{BucketSettings, Place};

/// The hidden verb that is the process beside a replica's model server. The server's command comes behind
/// it.
pub const REPLICA_VERB: &str = "serve-replica";
/// Where a model server in a pod listens for HTTP: what Vertex AI's containers expect without a word.
pub const REPLICA_HTTP_PORT: u16 = 8080;
/// Where a model server in a pod listens for gRPC.
pub const REPLICA_GRPC_PORT: u16 = 8081;
/// Where the process beside a model server in a pod answers its probe.
pub const REPLICA_STATUS_PORT: u16 = 8082;
/// In place of the one of these two that the server has for HTTP.
const REPLICA_SPARE_PORT: u16 = 8083;

/// What the process beside the model server of a replica is told. The server's own command is that of
/// the replica.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServingPlan {
    /// The server: its protocol, its model, when it counts as ready.
    pub server: ServerPlan,
    /// The ports that the server listens on; `None`: two that are free on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<ServerPorts>,
    /// What the server is asked before it counts as ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup: Option<WarmupPlan>,
    /// From SIGTERM to SIGKILL for the server, once its requests are answered.
    pub grace: Duration,
    /// A replica that is told to go answers what it has for so long before its server ends; `None` where
    /// whoever tells it has waited for that already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<Duration>,
    /// How the buckets of the model and of the warm-up are reached, by bucket.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storage: BTreeMap<String, BucketSettings>,
}

/// Ports of a model server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerPorts {
    /// For HTTP: `{port}`.
    pub http: u16,
    /// For gRPC: `{grpcPort}`.
    pub grpc: u16,
    /// Where the process beside the server says whether it can be asked, for the probe of its pod.
    pub status: u16,
}

impl ServerPorts {
    /// Those of a pod, whose server may always listen for HTTP on a port of its own.
    pub fn in_pod(http: Option<u16>) -> Self {
        let http = http.unwrap_or(REPLICA_HTTP_PORT);
        let beside = |usual: u16| if usual == http { REPLICA_SPARE_PORT } else { usual };
        Self { http, grpc: beside(REPLICA_GRPC_PORT), status: beside(REPLICA_STATUS_PORT) }
    }
}

/// Requests that a server answers before it gets any of a caller's: what it does at its first request it
/// has done then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WarmupPlan {
    /// Bodies of requests, one a line: `s3://bucket/warm.jsonl`, or a file that every replica sees.
    pub file: Place,
    /// How many requests in all, the lines one after the other and again; `None`: each line once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u32>,
}
