//! What one look at a router's counters gives.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Histogram;
use crate::work::serve::rollout::RevisionId;

/// What a router has counted since it began, and what it is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// Which router: another text for each process.
    pub router: String,
    /// For each revision that it routes to.
    pub revisions: BTreeMap<RevisionId, RevisionReading>,
}

/// What a router says of one revision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionReading {
    /// Since the router began.
    #[serde(flatten)]
    pub counts: Counts,
    /// Requests that were under way or held, on average over the time since the router was read last.
    pub concurrency: f64,
}

/// Requests, by how they went. Requests of a shadow don't count: nobody waits for their answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Requests that were answered, or whose answer broke off.
    pub requests: u64,
    /// Those of them that ended in an error of the server: 5xx, a gRPC status that is the server's
    /// fault, an answer cut short.
    pub errors: u64,
    /// Those of them that were the client's fault: 4xx, a gRPC status such as `INVALID_ARGUMENT`.
    pub client_errors: u64,
    /// How long those took that ended in no error of the server.
    pub latency: Histogram,
}

impl Counts {
    /// All of another one's requests too.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.client_errors += other.client_errors;
        self.latency.merge(&other.latency);
    }

    /// What has been added since an earlier look; `None` if these have begun anew since.
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        Some(Self {
            requests: self.requests.checked_sub(earlier.requests)?,
            errors: self.errors.checked_sub(earlier.errors)?,
            client_errors: self.client_errors.checked_sub(earlier.client_errors)?,
            latency: self.latency.checked_since(&earlier.latency)?,
        })
    }
}
