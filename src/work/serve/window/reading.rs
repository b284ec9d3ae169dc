//! What one look at a router's counters gives.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Histogram;
use crate::work::serve::rollout::RevisionId;

/// What a router has counted since it began, and what it is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// Which router: another text for each process, so that counters that begin again are known.
    pub router: String,
    /// For each revision that it routes to.
    pub revisions: BTreeMap<RevisionId, Counters>,
}

/// What a router has counted of one revision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
    /// Requests that were answered, or whose answer broke off. Shadow requests don't count.
    pub requests: u64,
    /// Those of them that ended in an error of the server: 5xx, a gRPC status that is the server's
    /// fault, an answer cut short.
    pub errors: u64,
    /// Those of them that were the client's fault: 4xx, a gRPC status such as `INVALID_ARGUMENT`.
    pub client_errors: u64,
    /// How long those took that were no errors.
    pub latency: Histogram,
    /// Requests that are under way or held, on average since the router was read last.
    pub concurrency: f64,
    /// CPU that its replicas use, in percent of what one asks for, all replicas together; 0 where nobody
    /// measures it.
    pub cpu: f64,
}
