//! How callers come in: tokens, encryption, routers, and what a cluster shows outside.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::kinds::train::SecretKeyRef;
use crate::text::{ByteSize, CpuQuantity};

/// Who may ask. Without it everybody who reaches the endpoint may.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Auth {
    /// A request has one of these tokens in its header: `Authorization: Bearer TOKEN`.
    pub tokens: Vec<AuthToken>,
}

/// A token: its value is never in the spec. Exactly one of `secretKeyRef` and `env` is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AuthToken {
    /// Whose token it is, for the access log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub name: Option<String>,
    /// A key of a Kubernetes Secret. Locally: the variable `MLCTL_SECRET_<NAME>_<KEY>`, or the
    /// secrets file (`secrets.yaml` beside the settings).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretKeyRef>,
    /// A variable of your own environment that has the token when the command runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
}

/// Encryption between callers and the endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tls {
    /// Name of a Secret with the keys `tls.crt` and `tls.key`, in PEM. Locally they are found as the
    /// keys of other Secrets are.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub secret: String,
}

/// The processes that requests go through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Routers {
    /// How many of them. With 2 the endpoint survives one. Default 1. Locally always 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 64))]
    pub min: Option<u32>,
    /// Cores that each asks for. Default 250m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuQuantity>,
    /// Memory of each. Default 256Mi.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<ByteSize>,
}

impl Routers {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a cluster shows of the endpoint outside: a word, or an object with its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Expose {
    /// `none`, or `loadBalancer`.
    Simply(ExposeWord),
    /// By an Ingress or a Gateway.
    By(ExposeBy),
}

impl Default for Expose {
    fn default() -> Self {
        Self::Simply(ExposeWord::None)
    }
}

impl Expose {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A way out that needs no settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ExposeWord {
    /// Only the cluster reaches it.
    #[default]
    None,
    /// The cloud gives it an address: a Service of type LoadBalancer.
    LoadBalancer,
}

/// A way out with settings: exactly one of its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ExposeBy {
    /// An Ingress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<Ingress>,
    /// An HTTPRoute of a Gateway that is there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Gateway>,
}

/// An Ingress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ingress {
    /// Host name that callers use, for example `digits.example.com`.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub host: String,
    /// Name of the Secret with the host's certificate. Without it callers use plain HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub tls_secret: Option<String>,
    /// Which controller it is for. Default: the cluster's own choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub class_name: Option<String>,
}

/// A Gateway that is there already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gateway {
    /// Name of the Gateway.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub name: String,
    /// Its namespace. Default: that of the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub namespace: Option<String>,
    /// Host name that callers use. Default: all that the Gateway has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub host: Option<String>,
}
