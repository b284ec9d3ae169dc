//! Numbers of replicas: within their bounds, not too fast, never down in panic or unmeasured.

use super::super::journal::Before;
use crate::work::serve::rollout::RevisionId;
use crate::work::serve::sim::plan::{Second, seconds};
use crate::work::serve::sim::world::World;

/// So many times more or fewer than are ready.
const UP: u32 = 1000;
const DOWN: u32 = 2;

impl World<'_> {
    /// Bounds that count, by what people and specs have said.
    pub(super) fn wanted_bounds(&self, id: &RevisionId) -> (u32, u32) {
        let own = self.state.revisions.get(id).map(|one| (one.rules.min, one.rules.max));
        let own = self.watch.bounds.get(&id.name).copied().or(own).unwrap_or((0, 1));
        let max = own.1.max(1);
        (own.0.min(max), max)
    }

    /// A line says how many replicas a revision has.
    pub(super) fn check_scaled(
        &mut self,
        id: &RevisionId,
        from: u32,
        to: u32,
        before: &Before,
        born: Option<Second>,
    ) {
        let had = before.replicas.iter().find(|(other, _)| other == id).map_or(0, |(_, n)| *n);
        let Some(has) = self.state.revisions.get(id).map(|one| one.replicas) else { return };
        if has == had {
            return;
        }
        if had != from {
            let what = format!("{id} goes from {had} to {has} by a line from {from}");
            return self.broken("stale lines change nothing", what);
        }
        let Some(born) = born else { return };
        let (_, max) = self.wanted_bounds(id);
        let ready = self.ready(id);
        if to > from {
            self.cover.hit("more replicas");
            if to > max {
                return self.broken("at most", format!("{to} of {max} replicas of {id}"));
            }
            // What a change of weights needs is no matter of the scaler's.
            if to > ready.max(1).saturating_mul(UP) && self.state.change.is_none() {
                let what = format!("{to} replicas of {id} with {ready} ready");
                return self.broken("at most so many more at once", what);
            }
            return;
        }
        let rules = self.plan.scaling.clone();
        let told = self.runtime.told.get(id).map_or(0, |told| told.wanted);
        if self.state.weights.get(id) == 0 || max < from || told == 0 {
            return;
        }
        self.cover.hit("fewer replicas");
        let age = seconds(self.now - born);
        if age < rules.window {
            let what = format!("{id} from {from} to {to}, {age:?} after its birth");
            return self.broken("a new controller takes nothing away", what);
        }
        let complete = seconds(self.now - self.watch.unread_until);
        // One that began when a router could not be read does not know of it.
        if self.watch.unread_from > born && complete + seconds(1) < rules.window {
            let what = format!("{id} from {from} to {to}, {complete:?} after a router was unread");
            return self.broken("a new controller takes nothing away", what);
        }
        if to < ready / DOWN {
            let what = format!("{to} replicas of {id} with {ready} ready");
            return self.broken("at most so many fewer at once", what);
        }
        if let Some(at) = self.watch.panicked.get(id)
            && seconds(self.now - at) < rules.window
        {
            let what = format!("{id} from {from} to {to}");
            return self.broken("never fewer in a panic", what);
        }
        if to == 0 {
            self.cover.hit("to zero");
            let idle = self.now - self.loads.active.get(id).copied().unwrap_or_default();
            if seconds(idle) < rules.window + rules.scale_to_zero_after {
                self.broken("the last one waits", format!("{id} had a request {idle} s ago"));
            }
        }
    }

    /// A sudden rise is a panic, and is answered.
    pub(super) fn check_panic(&mut self) {
        let rules = self.plan.scaling.clone();
        let length = rules.panic_window().as_secs() as usize;
        let seconds_of_panic = rules.panic_window().as_secs() as Second;
        let each = rules.target.per_replica();
        let ids: Vec<_> = self.state.weights.iter().map(|(id, _)| id.clone()).collect();
        for id in ids {
            let is_seen = self.controller.is_some()
                && self.now - self.watch.born > seconds_of_panic + 2
                && self.now > self.watch.unread_until + seconds_of_panic + 2;
            let lowest = (0..2).map(|ago| self.loads.average(&id, length, ago));
            let asked = (lowest.fold(f64::INFINITY, f64::min) * 0.8 / each).floor() as u32;
            let ready = self.ready(&id);
            if !is_seen || asked < ready.max(1) * 2 || self.state.revisions[&id].replicas == 0 {
                self.watch.sudden.insert(id, 0);
                continue;
            }
            self.cover.hit("panic");
            let sudden = self.watch.sudden.entry(id.clone()).or_default();
            *sudden += 1;
            let sudden = *sudden;
            if sudden < 2 {
                continue;
            }
            self.watch.panicked.insert(id.clone(), self.now);
            let most = self.wanted_bounds(&id).1.min(ready.max(1).saturating_mul(UP));
            let has = self.state.revisions[&id].replicas;
            if has < asked.min(most) {
                let what = format!("{has} replicas of {id}, where {asked} are needed");
                return self.broken("a sudden rise is answered", what);
            }
        }
    }
}
