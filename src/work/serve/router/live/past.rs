//! Who left the configuration.

use std::sync::Arc;

use super::{Live, Replica, Revision};
use crate::ReplicaConfig;

/// How many that have nothing to do any more are remembered, so that figures go on where they were
/// when one comes back.
const MOST_REVISIONS: usize = 256;
const MOST_REPLICAS: usize = 1024;

/// Revisions and replicas that left, the last ones last.
#[derive(Default)]
pub(crate) struct Past {
    revisions: Vec<Arc<Revision>>,
    replicas: Vec<(Arc<Revision>, Arc<Replica>)>,
}

impl Past {
    pub(super) fn revision(&self, name: &str) -> Option<Arc<Revision>> {
        self.revisions.iter().find(|one| one.name == name).cloned()
    }

    pub(super) fn replica(
        &self,
        revision: &Arc<Revision>,
        config: &ReplicaConfig,
    ) -> Option<Arc<Replica>> {
        let same = |(of, one): &&(Arc<Revision>, Arc<Replica>)| {
            Arc::ptr_eq(of, revision) && one.config == *config
        };
        self.replicas.iter().find(same).map(|(_, replica)| replica.clone())
    }

    /// One configuration took the place of another: who left is told so and remembered, who came
    /// back is no longer of the past, and everybody who waits looks again.
    pub(crate) fn replaced(&mut self, before: &Live, now: &Live) {
        self.revisions.retain(|revision| now.place_of(revision).is_none());
        let is_there = |revision: &Arc<Revision>, replica: &Arc<Replica>| {
            now.replicas_of(revision).iter().any(|one| Arc::ptr_eq(one, replica))
        };
        self.replicas.retain(|(revision, replica)| {
            let back = is_there(revision, replica);
            if back {
                replica.set_left(false);
            }
            !back
        });
        for served in &before.served {
            if now.place_of(&served.revision).is_none() {
                self.revisions.push(served.revision.clone());
            }
            for replica in &served.replicas {
                if !is_there(&served.revision, replica) {
                    replica.set_left(true);
                    self.replicas.push((served.revision.clone(), replica.clone()));
                }
            }
        }
        for served in before.served.iter().chain(&now.served) {
            served.revision.changed();
        }
        trim(&mut self.revisions, MOST_REVISIONS, |one| one.busy());
        trim(&mut self.replicas, MOST_REPLICAS, |(_, one)| one.in_flight() > 0);
    }

    /// Revisions that left and still have requests.
    pub(crate) fn busy_revisions(&self) -> impl Iterator<Item = &Arc<Revision>> {
        self.revisions.iter().filter(|one| one.busy())
    }

    /// Replicas of a revision that left and still have requests.
    pub(crate) fn busy_replicas<'a>(
        &'a self,
        revision: &'a Arc<Revision>,
    ) -> impl Iterator<Item = &'a Arc<Replica>> {
        let of = self
            .replicas
            .iter()
            .filter(|(of, one)| Arc::ptr_eq(of, revision) && one.in_flight() > 0);
        of.map(|(_, replica)| replica)
    }
}

/// Forgets the oldest that are not needed until no more than `most` are left.
fn trim<T>(all: &mut Vec<T>, most: usize, busy: impl Fn(&T) -> bool) {
    let mut over = all.len().saturating_sub(most);
    all.retain(|one| {
        let forgotten = over > 0 && !busy(one);
        over -= usize::from(forgotten);
        !forgotten
    });
}
