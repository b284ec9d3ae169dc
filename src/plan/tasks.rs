//! The plan of work that is cut into tasks, and what their workers are told.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::types::{GangPlan, OWN_PORT_VERSION, Plan, Unit};
use crate::gang::{GangConfig, ReplicaId};
use crate::storage::{BucketSettings, Place};

/// Format of a plan of tasks. A gang's plan stays readable for an mlctl that knows no tasks, and one of
/// tasks must be refused by it: it would run them as a gang.
pub const TASKS_VERSION: u32 = 2;

/// The first word of a command that stands for the agent's own program, wherever that is.
pub const OWN_PROGRAM: &str = "{mlctl}";

/// Work that is cut into tasks: the replicas of one role run to completion each by itself.
///
/// The run has succeeded as soon as one replica has: a worker exits with 0 only when all shards of the
/// job are committed, whoever did them. It has failed when every replica has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TasksPlan {
    /// What replicas of tasks have in common with those of a gang. Each is a gang of one by its rules.
    #[serde(flatten)]
    pub gang: GangPlan,
    /// What the replicas' workers do.
    pub batch: BatchPlan,
}

/// What the workers of a batch prediction are told. What they predict, and in which shards, is in the
/// job's document in the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPlan {
    /// The folder of the results; the job's own documents are below `_mlctl/` in it.
    pub output: Place,
    /// Identity of the job: the document in the output must have the same.
    pub job: String,
    /// Who predicts.
    pub server: ServerPlan,
    /// Most rows of one request.
    pub max_batch_size: u32,
    /// Most bytes of one request's rows; a single row may be larger.
    pub max_batch_bytes: u64,
    /// Most requests on their way at once; `None`: found out while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_in_flight: Option<u32>,
    /// A longer line is an error of its row.
    pub max_line_bytes: u64,
    /// A request without an answer after this time has failed.
    pub request_timeout: Duration,
    /// The job ends when more rows have failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_failed: Option<u64>,
    /// The job ends when a larger part of its rows has failed, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_failed_fraction: Option<f64>,
    /// Only failed rows are asked again, and what comes of them is this generation of their shards, from
    /// 1; `None`: shards without results are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<u32>,
    /// How the workers reach the stores, by bucket.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storage: BTreeMap<String, BucketSettings>,
}

/// Who predicts, and how it is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerPlan {
    /// What is spoken with it.
    pub protocol: Protocol,
    /// URL of a server that already serves; `None`: each worker starts its own, with the command of
    /// its replica.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The model's name in requests.
    pub model_name: String,
    /// The version that is asked; `None`: the server's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// TF Serving's signature; `None`: `serving_default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Path that predictions are posted to; `None`: the protocol's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predict_route: Option<String>,
    /// Path that answers 200 once the server is ready; `None`: the protocol's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_route: Option<String>,
    /// The port on which the server that is started always listens for HTTP; `None`: it is told one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The model, which is fetched before the server starts; `None`: the server has it or reads it
    /// itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Place>,
    /// What each request has beside its instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<serde_json::Value>,
    /// The server is ready within this time after its start.
    pub start_timeout: Duration,
    /// How often a server that died is started again.
    pub restarts: u32,
}

impl ServerPlan {
    /// The format of a plan with this server, which is at least `least`.
    pub fn format(&self, least: u32) -> u32 {
        if self.port.is_some() { least.max(OWN_PORT_VERSION) } else { least }
    }
}

/// What is spoken with a model server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Protocol {
    /// TF Serving's REST API: `/v1/models/NAME:predict`.
    TensorflowRest,
    /// TF Serving's gRPC API: `tensorflow.serving.PredictionService`.
    TensorflowGrpc,
    /// Open Inference Protocol, version 2, REST.
    V2Rest,
    /// Open Inference Protocol, version 2, gRPC.
    V2Grpc,
    /// OpenAI's REST API: a row is the body of a request.
    Openai,
    /// Vertex AI's custom containers: `{"instances"}` posted to the predict route.
    Vertex,
}

impl Plan {
    /// Each replica runs to completion by itself.
    pub fn is_tasks(&self) -> bool {
        matches!(self.unit, Unit::Tasks(_))
    }

    /// The rules that the agent of a replica keeps: the gang's, or for a task those of a gang of one.
    pub fn rules_of(&self, replica: &ReplicaId) -> GangConfig {
        let rules = &self.gang().rules;
        if self.is_tasks() { rules.alone(replica) } else { rules.clone() }
    }

    /// The replicas whose agents lead: the primary of a gang, and of tasks every one.
    pub fn leaders(&self) -> Vec<ReplicaId> {
        if self.is_tasks() {
            return self.gang().replicas().map(|(_, replica)| replica).collect();
        }
        vec![self.gang().primary().clone()]
    }
}
