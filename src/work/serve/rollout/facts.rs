//! What is so in the world, beside what was measured.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{RevisionId, Weights};

/// What is known when decisions are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The time.
    pub now: Timestamp,
    /// The weights that every router is known to route by; `None` as long as that is not so: routers
    /// that have not confirmed the newest ones, or disagree.
    pub routed: Option<Weights>,
    /// Revisions that have or have had replicas. One that is not in it has none.
    pub revisions: BTreeMap<RevisionId, RevisionFacts>,
}

/// What is known of a revision's replicas.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RevisionFacts {
    /// How many replicas whoever starts them was told last to have; `None`: it was never told.
    pub wanted: Option<u32>,
    /// Replicas that were started and are not ready.
    pub starting: u32,
    /// Replicas that answer, the warm ones included.
    pub ready: u32,
    /// Ready ones whose warm-up is over. Only these count when weight is given.
    pub warm: u32,
    /// Replicas that get nothing new and finish what they have. They still take memory.
    pub draining: u32,
    /// Replicas that ended by themselves and have no successor yet. 0 where the runtime replaces them
    /// by itself, as a Deployment does.
    pub failed: u32,
    /// How many replicas have failed in a row, without one that stayed ready in between. Their
    /// successors' pauses follow from it.
    pub failures: u32,
    /// When a replica failed last.
    pub failed_at: Option<Timestamp>,
    /// Why, in words that stand after "because".
    pub failure: Option<String>,
    /// Requests that its replicas are working on, at all routers.
    pub in_flight: u32,
    /// Requests that routers hold until a replica is ready, at all routers.
    pub held: u32,
    /// CPU that its replicas use together, in percent of what one of them asks for; 0 where the target
    /// is none of CPU.
    pub cpu: f64,
    /// Another controller decides the number of its replicas, a HorizontalPodAutoscaler; `decide`
    /// follows it, but for a start from none.
    pub is_scaled_elsewhere: bool,
}

impl RevisionFacts {
    /// Replicas that take memory.
    pub fn living(&self) -> u32 {
        self.starting + self.ready + self.draining
    }
}
