//! Who predicts.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::ModelRef;
use crate::text::Span;

/// The model, and the server that each replica starts for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Model {
    /// The model: `NAME`, `NAME@3` or `NAME@ALIAS` of the registry, a run's id, or a place, which is a
    /// bucket's folder, `hf://org/name`, or a folder that every replica sees, such as `./model`. A name
    /// alone that the registry doesn't have is a folder where there is one. It is fetched before the
    /// server starts. Without it the image has the model, or the server fetches it itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub uri: Option<ModelRef>,
    /// Which server: it decides the command, the image and what is spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<Server>,
    /// Container image of the server. Default: the server's own. Locally ignored: the server is a
    /// program of this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub image: Option<String>,
    /// The server's program and arguments. `{port}` and `{grpcPort}` are ports of the replica's own,
    /// `{model}` is the folder of the model, `{name}` its name. Default: the server's usual command;
    /// for `custom`, the image's own. `AIP_HTTP_PORT`, `AIP_PREDICT_ROUTE`, `AIP_HEALTH_ROUTE` and
    /// `AIP_STORAGE_URI` are set as on Vertex AI.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-verbatim" = true))]
    pub command: Option<Vec<String>>,
    /// Arguments after the command; without `command` the image's own program gets them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mlctl-verbatim" = true))]
    pub args: Vec<String>,
    /// Paths of the server, where they are not those of its protocol, and its port, where it always
    /// listens on the same one.
    #[serde(skip_serializing_if = "Routes::is_default")]
    pub routes: Routes,
    /// Signature of a SavedModel. Default `serving_default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub signature: Option<String>,
    /// Version of the model that is asked. Default: the server's own choice, usually the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true, "x-mlctl-text" = true))]
    pub version: Option<String>,
    /// The model's name in requests. Default: `model`, or the repository's for `hf://`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub name: Option<String>,
    /// `rest`, or `grpc` where the server speaks it. Default `rest`, and `grpc` for an endpoint that
    /// begins with `grpc://` or `grpcs://`.
    #[serde(skip_serializing_if = "Wire::is_default")]
    pub protocol: Wire,
    /// The server is ready within this time after its start, or it has failed. Default 10m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timeout: Option<Span>,
    /// How often a server that died is started again in its replica. Default 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u32>,
}

impl Model {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A model server that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Server {
    /// `tensorflow_model_server`; where it is not on the PATH, a small server in Python with its
    /// protocol, which needs TensorFlow, and for gRPC `tensorflow-serving-api`.
    TensorflowServing,
    /// NVIDIA Triton: the Open Inference Protocol, version 2.
    Triton,
    /// A KServe model: the Open Inference Protocol, version 2; it needs a `command` or an `image`.
    Kserve,
    /// MLServer: the Open Inference Protocol, version 2.
    Mlserver,
    /// A server of OpenAI's API, such as vLLM: a row is the body of a request.
    Openai,
    /// A container for Vertex AI: `{"instances": [...]}` posted to `AIP_PREDICT_ROUTE`.
    Custom,
}

impl Server {
    /// The word of a spec.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TensorflowServing => "tensorflow-serving",
            Self::Triton => "triton",
            Self::Kserve => "kserve",
            Self::Mlserver => "mlserver",
            Self::Openai => "openai",
            Self::Custom => "custom",
        }
    }

    /// All of them, in the order in which they are listed for users.
    pub const ALL: [Self; 6] = [
        Self::TensorflowServing,
        Self::Triton,
        Self::Kserve,
        Self::Mlserver,
        Self::Openai,
        Self::Custom,
    ];
}

/// How requests travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Wire {
    /// JSON over HTTP.
    #[default]
    Rest,
    /// Protocol buffers over HTTP/2; `tensorflow-serving`, `triton`, `kserve` and `mlserver` have it.
    Grpc,
}

impl Wire {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_default(&self) -> bool {
        *self == Self::Rest
    }
}

/// Paths of a server, and its port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Routes {
    /// Predictions are posted there, for example `/predict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub predict: Option<String>,
    /// It answers 200 once the server is ready, for example `/health`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub health: Option<String>,
    /// The port on which the server always listens for HTTP, for example `7080`: for one that is told
    /// its port neither by `{port}` in the command nor by AIP_HTTP_PORT. On one machine only one such
    /// server can run at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_535))]
    pub port: Option<u16>,
}

impl Routes {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How the pods and this machine reach the buckets that the spec names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BatchStorage {
    /// Secret of the cluster whose keys are variables with credentials, such as `AWS_ACCESS_KEY_ID`.
    /// Locally ignored: your own credentials are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub secret: Option<String>,
    /// Service account of the pods that a cloud's identity is bound to. Locally ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub service_account: Option<String>,
    /// URL of the store's API, for a store that is not the cloud's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub endpoint: Option<String>,
    /// Region of the buckets. Default: what the cloud's own variables and files say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub region: Option<String>,
    /// A bucket's name is part of the path, not of the host name. Default: true with an `endpoint`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_style: Option<bool>,
    /// Requests are not signed: the buckets are open to everybody.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
    /// Settings of single buckets, by `s3://bucket`; they replace those above.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub buckets: IndexMap<String, crate::storage::BucketSettings>,
}

impl BatchStorage {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
