//! What the world remembers in order to judge.

use std::collections::BTreeMap;

use super::evidence::Step;
use crate::gang::RevisionName;
use crate::work::serve::rollout::RevisionId;
use crate::work::serve::sim::plan::Second;
use crate::work::serve::sim::world::World;

/// All of it.
#[derive(Debug, Default)]
pub(in crate::work::serve::sim) struct Watch {
    /// When the journal got its last line.
    pub(super) written: Second,
    /// Since when a controller lives.
    pub(super) born: Second,
    /// Since when a router's counters were not all read.
    pub(super) unread_from: Second,
    /// Until when a router's counters were not all read.
    pub(super) unread_until: Second,
    /// When a replica of it failed last, or could not be had.
    pub(super) disturbed: BTreeMap<RevisionId, Second>,
    /// Since when nothing of it is ready.
    pub(super) down_since: BTreeMap<RevisionId, Second>,
    /// Since when a warm one is there.
    pub(super) warm_since: BTreeMap<RevisionId, Second>,
    /// What was started since nothing of it was in memory.
    pub(super) in_memory: BTreeMap<RevisionId, bool>,
    /// When its load last was so sudden that it must panic.
    pub(super) panicked: BTreeMap<RevisionId, Second>,
    /// For so many seconds it has been so.
    pub(super) sudden: BTreeMap<RevisionId, u32>,
    /// Since when requests wait for a revision that is to have no replica.
    pub(super) unheard: BTreeMap<RevisionId, Second>,
    /// Bounds that people have set and no spec has changed.
    pub(super) bounds: BTreeMap<RevisionName, (u32, u32)>,
    /// Bounds of the spec.
    pub(super) specified: BTreeMap<RevisionName, (u32, u32)>,
    /// A rollback, its change, and since when it could have been done.
    pub(super) rollback: Option<(u32, Option<Second>)>,
    /// The digest that a revision began with.
    pub(super) digests: BTreeMap<RevisionId, String>,
    pub(super) step: Step,
    /// What each router had counted when it was read last.
    pub(super) seen: BTreeMap<String, BTreeMap<RevisionId, u64>>,
    /// At least so much the controller has to have counted to the step.
    pub(super) counted: BTreeMap<RevisionId, u64>,
    /// The step that these are of: the change, how far it is, since when.
    pub(super) counted_key: Option<(u32, u8, Second)>,
}

impl Watch {
    pub(in crate::work::serve::sim) fn written(&mut self, now: Second) {
        self.written = now;
    }

    pub(in crate::work::serve::sim) fn controller_born(&mut self, now: Second) {
        self.born = now;
        self.seen.clear();
        self.counted.clear();
        self.counted_key = None;
        self.panicked.clear();
        self.sudden.clear();
    }

    pub(in crate::work::serve::sim) fn unread(&mut self, from: Second, until: Second) {
        self.unread_from = from;
        self.unread_until = self.unread_until.max(until);
    }
}

impl World<'_> {
    /// Something has happened to a revision's replicas that is not the controller's doing.
    pub(in crate::work::serve::sim) fn disturb(&mut self, id: &RevisionId) {
        self.watch.disturbed.insert(id.clone(), self.now);
    }

    /// Whether that was so since then.
    pub(super) fn is_disturbed(&self, id: &RevisionId, since: Second) -> bool {
        self.watch.disturbed.get(id).is_some_and(|at| *at >= since)
    }

    /// Its replicas are not there, and the controller is not to blame.
    pub(in crate::work::serve::sim) fn is_excused(&self, id: &RevisionId) -> bool {
        let long = crate::work::serve::sim::router::HOLD + 60;
        let model = self.state.revisions.get(id).map(|one| self.plan.model(&one.rules.digest));
        !model.is_some_and(super::steps::can_run) || self.is_disturbed(id, self.now - long)
    }

    /// Requests that a client did not get an answer to.
    pub(in crate::work::serve::sim) fn lost(&mut self, id: &RevisionId, count: u64, why: &str) {
        self.log(|_| format!("{count} requests to {id} are lost, {why}"));
        if !self.is_excused(id) {
            self.broken("no request is lost", format!("{count} of {id}, {why}"));
        }
        self.cover.hit("request lost with its replicas");
    }
}
