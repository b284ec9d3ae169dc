//! `CLUSTER_SPEC`, which Vertex AI sets on every replica of every job.
//!
//! `{"cluster":{"workerpool0":["host:2222"]},"environment":"cloud","task":{"type":"workerpool0",
//! "index":0}}`. `task.trial` belongs to tuning. `job`, a copy of the whole spec on Vertex AI, is
//! left out: nothing is known to read it, and it would copy every literal of the spec into each
//! replica. Source:
//! <https://cloud.google.com/vertex-ai/docs/training/distributed-training#cluster-variables>.

use indexmap::IndexMap;
use serde::Serialize;

use crate::gang::ReplicaId;
use crate::plan::types::{Addresses, Plan, Port};

use super::error::UnknownReplica;
use super::pools::pools;

/// Order of the keys is order of the fields: the text is byte-stable.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    pub(super) cluster: IndexMap<String, Vec<String>>,
    pub(super) environment: &'static str,
    pub(super) task: Task<'a>,
}

#[derive(Serialize)]
pub(super) struct Task<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    pub(super) index: u32,
}

impl Document<'_> {
    /// The document as JSON in one line.
    pub(super) fn to_text(&self) -> String {
        // Maps with text keys and numbers: serialising can't fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// `host:port` of a replica's rendezvous.
pub(super) fn address(replica: &ReplicaId, addresses: &dyn Addresses) -> String {
    format!("{}:{}", addresses.host(replica), addresses.port(replica, Port::Rendezvous))
}

/// The variable's value for one replica.
pub(super) fn value(
    plan: &Plan,
    replica: &ReplicaId,
    addresses: &dyn Addresses,
) -> Result<String, UnknownReplica> {
    let pools = pools(plan);
    let (pool, index) = pools
        .iter()
        .find_map(|(pool, members)| {
            members.iter().position(|member| member == replica).map(|index| (*pool, index))
        })
        .ok_or_else(|| UnknownReplica(replica.clone()))?;
    let name = |pool: usize| format!("workerpool{pool}");
    let document = Document {
        cluster: pools
            .iter()
            .map(|(pool, members)| {
                (name(*pool), members.iter().map(|m| address(m, addresses)).collect())
            })
            .collect(),
        environment: "cloud",
        task: Task { kind: &name(pool), index: index as u32 },
    };
    Ok(document.to_text())
}
