//! The whole configuration.

use serde::{Deserialize, Serialize};

use super::{Assignment, Limits, Retries, RevisionConfig, TokenHash};

/// The number of this format. A configuration with another number is refused.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that a router does, as one document. It replaces the one before it as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouterConfig {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The endpoint's name, which `/v1/projects/P/locations/L/endpoints/NAME:predict` must carry.
    pub endpoint: String,
    /// What can answer. Their order says nothing; their names are unique.
    pub revisions: Vec<RevisionConfig>,
    /// What makes a caller keep its revision. Without it every request is chosen for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<Sticky>,
    /// Which part of all callers each revision has. Without it, the router moves from what it had
    /// before to the new weights by itself. Several routers of one endpoint, and a router that
    /// starts again, only agree on who a caller's revision is if whoever writes their configuration
    /// keeps this: [`Assignment::toward`] of the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<Assignment>,
    /// A revision that gets copies of requests and whose answers nobody sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<ShadowConfig>,
    /// What is too long, too large and too many.
    #[serde(default)]
    pub limits: Limits,
    /// When a request is tried again.
    #[serde(default)]
    pub retries: Retries,
    /// The tokens that a caller may have, as SHA-256, any of which lets it in by `Authorization:
    /// Bearer TOKEN`. Without one, everybody is let in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auth: Vec<TokenHash>,
    /// Which requests are kept with their bodies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogConfig>,
    /// Whether each request gives a [`crate::Record::Access`].
    #[serde(default)]
    pub access_log: bool,
}

/// What of a request says whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Sticky {
    /// The value of this header.
    Header(String),
    /// The value of this cookie.
    Cookie(String),
}

/// Copies of requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShadowConfig {
    /// The revision that gets them; it needs no weight.
    pub revision: String,
    /// How many of a hundred requests are copied; at most 100, and may have a fraction.
    pub percent: f64,
}

/// Requests and answers that are kept for a later look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogConfig {
    /// How many of all requests, 0 to 1.
    pub sample: f64,
    /// How many bytes of each body at most. A longer one is kept up to here and marked.
    #[serde(default = "default_log_body")]
    pub max_body: usize,
}

const fn default_log_body() -> usize {
    64 << 10
}
