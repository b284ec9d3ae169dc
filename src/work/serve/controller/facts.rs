//! What a router has counted becomes what decisions go by.

use std::collections::BTreeMap;

use mlctl_router::{RevisionStats, Snapshot};

use crate::work::serve::rollout::{RevisionFacts, RevisionId, Weights};
use crate::work::serve::window::{Counts, Reading, RevisionReading};

/// Adds the requests that are under way or held to what is known of each revision.
pub(super) fn add_requests(facts: &mut BTreeMap<RevisionId, RevisionFacts>, snapshot: &Snapshot) {
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    for stats in &snapshot.revisions {
        let Ok(id) = stats.name.parse::<RevisionId>() else { continue };
        let fact = facts.entry(id).or_default();
        fact.in_flight = fact.in_flight.saturating_add(small(stats.in_flight));
        fact.held = fact.held.saturating_add(small(stats.held));
    }
}

/// Whether a router routes by these weights. A revision that it has no replica of may be missing in what it
/// says.
pub(super) fn routes_by(router: &Snapshot, weights: &Weights) -> bool {
    let listed = router.revisions.iter().filter(|one| !one.left);
    let agrees = |one: &RevisionStats| {
        one.name.parse::<RevisionId>().is_ok_and(|id| u32::from(weights.get(&id)) == one.weight)
    };
    listed.clone().all(agrees)
        && weights
            .iter()
            .all(|(id, weight)| weight == 0 || listed.clone().any(|one| one.name == id.to_string()))
}

/// The figures of several routers as if they were one.
pub(super) fn together(mut own: Snapshot, others: &[(String, Snapshot)]) -> Snapshot {
    for (_, other) in others {
        own.refused += other.refused;
        own.in_flight += other.in_flight;
        for stats in &other.revisions {
            match own.revisions.iter_mut().find(|one| one.name == stats.name) {
                Some(one) => *one = one.plus(stats),
                None => own.revisions.push(stats.clone()),
            }
        }
    }
    own
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

    /// What another router has counted. Between two of its snapshots nothing is known of what it had under
    /// way.
    pub(super) fn at_once(router: &str, snapshot: &Snapshot) -> Reading {
        let mut alone = Self::default();
        alone.look(snapshot);
        let reading = alone.read(snapshot);
        // A pod whose container was started again counts anew.
        Reading { router: format!("{router}-{}", reading.router), ..reading }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn router(revisions: &[(&str, u32, u64)]) -> Snapshot {
        let stats = revisions.iter().map(|(name, weight, in_flight)| RevisionStats {
            name: (*name).to_owned(),
            weight: *weight,
            in_flight: *in_flight,
            ..RevisionStats::default()
        });
        Snapshot { revisions: stats.collect(), ..Snapshot::default() }
    }

    fn weights(all: &[(&str, u8)]) -> Weights {
        Weights::new(all.iter().map(|(name, weight)| (name.parse().unwrap(), *weight))).unwrap()
    }

    #[test]
    fn a_router_that_has_not_heard_routes_by_other_weights() {
        let wanted = weights(&[("v1", 60), ("v2", 40)]);
        assert!(routes_by(&router(&[("v1", 60, 0), ("v2", 40, 0)]), &wanted));
        assert!(routes_by(&router(&[("v1", 60, 0), ("v2", 40, 0), ("v3", 0, 0)]), &wanted));
        assert!(!routes_by(&router(&[("v1", 90, 0), ("v2", 10, 0)]), &wanted));
        assert!(!routes_by(&router(&[("v1", 60, 0)]), &wanted));
        // One that has told nothing yet.
        assert!(!routes_by(&Snapshot::default(), &wanted));
    }

    #[test]
    fn requests_of_all_routers_count() {
        let others = [("b".to_owned(), router(&[("v1", 50, 3), ("v2", 50, 4)]))];
        let all = together(router(&[("v1", 50, 2)]), &others);
        let in_flight = |name| all.revision(name).map(|one| one.in_flight);
        assert_eq!((in_flight("v1"), in_flight("v2")), (Some(5), Some(4)));
    }
}
