//! Who gets which requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::storage::Place;
use crate::text::{ByteSize, Percent, Span};

/// A revision that gets copies of requests, whose answers nobody sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shadow {
    /// Name of the revision. It has no `traffic` of its own.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub revision: String,
    /// Part of the requests that are copied, from 1 to 100. Default 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub percent: Option<u32>,
}

/// What keeps a caller on one revision while weights move: exactly one of its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Sticky {
    /// Name of a request's header that says who calls, for example `x-user-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub header: Option<String>,
    /// Name of a cookie that says who calls; the caller, or who stands before it, sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub cookie: Option<String>,
}

/// What happens to the old revision when a new one takes its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Transition {
    /// The new one is ready first, then the weight moves, then the old one drains and goes.
    #[default]
    Availability,
    /// The old one drains and goes first; requests wait meanwhile, as long as their time-out lets
    /// them. Memory never holds both.
    MinimalRam,
}

impl Transition {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::Availability
    }
}

/// What the router takes from callers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RequestLimits {
    /// A request without the end of its answer after this time has failed. Default 5m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// A request or an answer of which no byte moves for this time has failed. Default 60s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<Span>,
    /// Most requests of a router that are on their way at once. Default 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_in_flight: Option<u32>,
    /// Most requests that wait for a replica, at most as long as their time-out; the next one is
    /// answered 503 at once. Default 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub queue: Option<u32>,
    /// A request with a longer body is answered 413. Default 64Mi.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_body: Option<ByteSize>,
}

impl RequestLimits {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Requests and answers that are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestLog {
    /// Part of the requests, for example `1%`. Default `1%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Percent>,
    /// The folder that they are written to, of this machine or of a bucket.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub to: Place,
}
