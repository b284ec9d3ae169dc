//! From rows to requests, and what may fail.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{ByteSize, Span};

/// From rows to instances, as `instanceConfig` of Vertex AI has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Instances {
    /// What an instance is made: `object` or `array`. Default: what the format gives, which is the
    /// line itself for JSON Lines, and an array for CSV.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<InstanceType>,
    /// The field that identifies a row. It is not sent, and stands in the result as `key` in place of
    /// the instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub key_field: Option<String>,
    /// Only these fields are sent, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_fields: Vec<String>,
    /// These fields are not sent; without a key they are in the result all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_fields: Vec<String>,
}

impl Instances {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What an instance is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum InstanceType {
    /// A JSON object.
    Object,
    /// A JSON array of the fields' values.
    Array,
}

impl InstanceType {
    /// The word of a spec.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
        }
    }
}

/// How rows are put into requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Batching {
    /// Most rows of one request. Default 64, and 1 for `openai`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_536))]
    pub max_batch_size: Option<u32>,
    /// Most bytes of one request's rows; a single row may be larger. Default 8Mi.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_batch_bytes: Option<ByteSize>,
    /// Most requests of a replica that are on their way at once. Default: found out while it runs, by
    /// how the server answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4_096))]
    pub max_in_flight: Option<u32>,
    /// A longer line is an error of its row. Default 128Mi.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_line_bytes: Option<ByteSize>,
    /// A request without an answer after this time has failed. Default 10m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_timeout: Option<Span>,
}

impl Batching {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How many rows may fail before the job ends. Without limits every row is tried, and failed ones are
/// in the error files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FailureLimits {
    /// Most rows that may fail, as a part of those that were tried, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub max_failed_fraction: Option<f64>,
    /// Most rows that may fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_failed: Option<u64>,
}

impl FailureLimits {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
