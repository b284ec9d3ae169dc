//! What the requests of a step are, counted by the world itself.

use std::collections::BTreeMap;

use crate::work::serve::rollout::{Change, Facts, RevisionId};
use crate::work::serve::sim::controller::Controller;
use crate::work::serve::sim::plan::Second;
use crate::work::serve::sim::world::{World, second};
use crate::work::serve::window::Reading;

/// The step of the change under way.
#[derive(Debug, Default)]
pub(in crate::work::serve::sim) struct Step {
    of: Option<(u32, u8, Second)>,
    /// Since when all routers have had its weights.
    pub(super) routed: Option<Second>,
    /// Requests that were answered since then.
    pub(super) answered: BTreeMap<RevisionId, u64>,
}

impl World<'_> {
    fn step_key(&self) -> Option<(u32, u8, Second)> {
        let change = self.state.change.as_ref();
        change.map(|change| (change.number, change.percent, second(change.since)))
    }

    /// Before the routers' second.
    pub(in crate::work::serve::sim) fn watch_step(&mut self) {
        let key = self.step_key();
        if self.watch.step.of != key {
            self.watch.step = Step { of: key, ..Step::default() };
        }
    }

    /// Routers may have the weights by now.
    pub(in crate::work::serve::sim) fn watch_routed(&mut self) {
        if self.watch.step.routed.is_none() && self.routed().as_ref() == Some(&self.state.weights) {
            self.watch.step.routed = Some(self.now);
        }
    }

    /// A request of this revision was answered.
    pub(in crate::work::serve::sim) fn count_evidence(&mut self, id: &RevisionId, count: u64) {
        if self.watch.step.routed.is_none() {
            return;
        }
        *self.watch.step.answered.entry(id.clone()).or_default() += count;
    }

    /// The controller has counted to its step what the routers say, also of those that have begun anew.
    pub(in crate::work::serve::sim) fn check_evidence(
        &mut self,
        controller: &Controller,
        facts: &Facts,
        readings: &[Reading],
    ) {
        let mut new = BTreeMap::<RevisionId, u64>::new();
        let mut seen = BTreeMap::new();
        for reading in readings {
            let before = self.watch.seen.get(&reading.router);
            let mut all = BTreeMap::new();
            for (id, now) in &reading.revisions {
                let now = now.counts.requests;
                all.insert(id.clone(), now);
                let Some(before) = before else { continue };
                let before = before.get(id).copied().unwrap_or_default();
                *new.entry(id.clone()).or_default() +=
                    if now < before { now } else { now - before };
            }
            seen.insert(reading.router.clone(), all);
        }
        self.watch.seen = seen;
        let key = self.step_key();
        if self.watch.counted_key != key || key.is_none() {
            self.watch.counted.clear();
            self.watch.counted_key = None;
            let mut gainers = self.state.change.iter().flat_map(Change::gainers);
            let are_warm =
                gainers.all(|id| facts.revisions.get(id).is_some_and(|one| one.warm > 0));
            if key.is_some() && are_warm && facts.routed.as_ref() == Some(&self.state.weights) {
                self.watch.counted_key = key;
            }
            return;
        }
        for (id, count) in new {
            let all = self.watch.counted.entry(id.clone()).or_default();
            *all += count;
            let all = *all;
            let has = controller.measured.of_step(&id).map_or(0, |counts| counts.requests);
            if has < all {
                self.broken("what was answered counts", format!("{has} of {all} requests to {id}"));
            }
        }
    }
}
