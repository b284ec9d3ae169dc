//! All replicas of an endpoint, and what is known of each revision's failures.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::replica::{Phase, Replica};
use crate::gang::RunId;
use crate::work::serve::rollout::{RevisionFacts, RevisionId};
use crate::work::serve::scale::age;

/// A replica that has been ready for so long has started well: earlier failures no longer count.
const STEADY: std::time::Duration = std::time::Duration::from_secs(10);

/// What is known of one revision beside its replicas.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// How many replicas it was told last to have.
    pub(super) wanted: Option<u32>,
    /// Replicas that ended by themselves and have no successor yet.
    pub(super) failed: u32,
    /// How many have failed in a row.
    pub(super) failures: u32,
    /// When one failed last.
    pub(super) failed_at: Option<Timestamp>,
    /// Why.
    pub(super) failure: Option<String>,
}

/// The replicas.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    pub(super) replicas: BTreeMap<RunId, Replica>,
    pub(super) told: BTreeMap<RevisionId, Told>,
}

impl Fleet {
    /// Replicas of a revision that go on.
    pub(super) fn living(&self, id: &RevisionId) -> u32 {
        let living = self.replicas.values().filter(|replica| replica.of == *id && replica.lives());
        u32::try_from(living.count()).unwrap_or(u32::MAX)
    }

    /// Replicas of all revisions that can't be asked yet.
    pub(super) fn starting(&self) -> u32 {
        let starting = self.replicas.values().filter(|one| one.phase == Phase::Starting);
        u32::try_from(starting.count()).unwrap_or(u32::MAX)
    }

    pub(super) fn told(&mut self, id: &RevisionId) -> &mut Told {
        self.told.entry(id.clone()).or_default()
    }

    /// A replica has failed, or could not be made.
    pub(super) fn fail(&mut self, id: &RevisionId, reason: String, now: Timestamp) {
        let told = self.told(id);
        told.failed += 1;
        told.failures += 1;
        told.failed_at = Some(now);
        told.failure = Some(reason);
    }

    /// Takes out those that have ended; gives the reasons of those that failed.
    pub(super) fn settle(&mut self, now: Timestamp) -> Vec<(RevisionId, RunId, String)> {
        let is_over = |_: &RunId, replica: &mut Replica| {
            matches!(replica.phase, Phase::Gone | Phase::Failed(_))
        };
        let over: Vec<(RunId, Replica)> = self.replicas.extract_if(.., is_over).collect();
        let mut failed = Vec::new();
        for (run, replica) in over {
            if let Phase::Failed(reason) = replica.phase {
                self.fail(&replica.of, reason.clone(), now);
                failed.push((replica.of, run, reason));
            }
        }
        let steady: Vec<RevisionId> = self
            .replicas
            .values()
            .filter(|one| one.ready_since.is_some_and(|since| age(now, since) >= STEADY))
            .map(|one| one.of.clone())
            .collect();
        for id in steady {
            self.told(&id).failures = 0;
        }
        failed
    }

    /// Those of a revision's replicas that end when it is to have fewer: first those that nobody can ask
    /// yet, then the newest.
    pub(super) fn surplus(&self, id: &RevisionId, count: usize) -> Vec<RunId> {
        let mut own: Vec<&Replica> =
            self.replicas.values().filter(|one| one.of == *id && one.lives()).collect();
        own.sort_by_key(|one| (one.phase == Phase::Ready, one.ready_since.map(std::cmp::Reverse)));
        own.into_iter().take(count).map(|one| one.run().clone()).collect()
    }

    /// What decisions need to know of each revision, but for its requests.
    pub(super) fn facts(&self) -> BTreeMap<RevisionId, RevisionFacts> {
        let mut facts: BTreeMap<RevisionId, RevisionFacts> = BTreeMap::new();
        for (id, told) in &self.told {
            let fact = facts.entry(id.clone()).or_default();
            fact.wanted = told.wanted;
            fact.failed = told.failed;
            fact.failures = told.failures;
            fact.failed_at = told.failed_at;
            fact.failure.clone_from(&told.failure);
        }
        for replica in self.replicas.values() {
            let fact = facts.entry(replica.of.clone()).or_default();
            match replica.phase {
                Phase::Starting => fact.starting += 1,
                // It has been warmed up before it says that it is ready.
                Phase::Ready => {
                    fact.ready += 1;
                    fact.warm += 1;
                }
                Phase::Draining { .. } => fact.draining += 1,
                Phase::Gone | Phase::Failed(_) => {}
            }
        }
        facts
    }
}
