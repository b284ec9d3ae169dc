//! What a router has counted becomes what decisions go by.

use std::collections::BTreeMap;

use mlctl_router::{RevisionStats, Snapshot};

use crate::work::serve::rollout::{RevisionFacts, RevisionId};
use crate::work::serve::window::{Counts, Reading, RevisionReading};

/// Adds the requests that are under way or held to what is known of each revision.
pub(super) fn add_requests(facts: &mut BTreeMap<RevisionId, RevisionFacts>, snapshot: &Snapshot) {
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    for stats in &snapshot.revisions {
        let Ok(id) = stats.name.parse::<RevisionId>() else { continue };
        let fact = facts.entry(id).or_default();
        fact.in_flight = small(stats.in_flight);
        fact.held = small(stats.held);
    }
}

/// Requests under way or held, averaged over the looks since the counters were read last.
#[derive(Clone, Debug, Default)]
pub(super) struct Concurrency {
    sums: BTreeMap<String, u64>,
    looks: u64,
}

impl Concurrency {
    /// Takes one more look in.
    pub(super) fn look(&mut self, snapshot: &Snapshot) {
        self.looks += 1;
        for stats in &snapshot.revisions {
            *self.sums.entry(stats.name.clone()).or_default() += stats.in_flight + stats.held;
        }
    }

    fn of(&self, stats: &RevisionStats) -> f64 {
        let sum = self.sums.get(&stats.name).copied().unwrap_or_default();
        sum as f64 / self.looks.max(1) as f64
    }

    /// What a router has counted, with the averages since the last reading.
    pub(super) fn read(&mut self, snapshot: &Snapshot) -> Reading {
        let of = |stats: &RevisionStats| {
            let id = stats.name.parse::<RevisionId>().ok()?;
            let counts = Counts {
                requests: stats.counts.judged(),
                errors: stats.counts.failed(),
                client_errors: stats.counts.client_error,
                latency: stats.latency.clone(),
            };
            Some((id, RevisionReading { counts, concurrency: self.of(stats) }))
        };
        let reading = Reading {
            // A router's start is part of its name, since counters begin anew with it.
            router: snapshot.started_millis.to_string(),
            revisions: snapshot.revisions.iter().filter_map(of).collect(),
        };
        *self = Self::default();
        reading
    }
}
