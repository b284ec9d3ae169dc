//! What has to be so at every second, and of every action.

use crate::work::serve::rollout::{Action, Facts, RevisionId, Transition, Weights};
use crate::work::serve::sim::plan::Second;
use crate::work::serve::sim::world::{World, second};

/// A carrier without a replica loses its weight within so long of being watched.
const LOST: Second = 15;
/// So long something may go on that is noticed at the next look.
const SOON: Second = 3;

impl World<'_> {
    /// A replica was started: memory never holds both.
    pub(in crate::work::serve::sim) fn check_starts(&mut self) {
        let mut both = None;
        let coming = self.state.change.as_ref();
        for (id, told) in &self.runtime.told {
            let was = self.watch.in_memory.insert(id.clone(), told.living() > 0).unwrap_or(false);
            if was || told.living() == 0 || told.failures > 0 {
                continue;
            }
            let mut others = self.runtime.told.iter();
            let other = others.find(|(other, told)| {
                let is_coming = coming.is_some_and(|change| change.to.get(other) > 0);
                let has_none = self.state.weights.get(other) == 0 && !is_coming;
                *other != id && told.living() > 0 && has_none
            });
            both = both.or(other.map(|(other, _)| format!("{id} starts, and {other} is there")));
        }
        let is_short = self.plan.transition == Transition::MinimalRam;
        let is_first = self.state.weights.is_empty();
        if let Some(both) = both.filter(|_| is_short && !is_first) {
            self.broken("memory never holds both", both);
        }
    }

    /// An action is about to be carried out.
    pub(in crate::work::serve::sim) fn check_action(&mut self, action: &Action, facts: &Facts) {
        match action {
            Action::Scale { revision, replicas } => self.check_stop(revision, *replicas, facts),
            Action::Replace { revision, .. } => {
                let told = &self.runtime.told[revision];
                let pause = 2_i32.saturating_pow(told.failures.saturating_sub(1)).min(300);
                if told.failed_at.is_some_and(|at| self.now - at < pause) {
                    let what = format!("{revision} after {} failures in a row", told.failures);
                    self.broken("pauses between attempts grow", what);
                }
            }
            Action::SetWeights(_) | Action::Drain { .. } => {}
        }
    }

    fn check_stop(&mut self, id: &RevisionId, replicas: u32, facts: &Facts) {
        let told = self.runtime.told.get(id).map_or(0, |told| told.wanted);
        if replicas >= told || self.state.weights.get(id) > 0 {
            return;
        }
        let up = self.routers.iter().filter(|router| router.is_up());
        if up.into_iter().any(|router| router.weights.get(id) > 0) {
            return self.broken("nothing is stopped that routers send to", id.to_string());
        }
        let in_flight = facts.revisions.get(id).map_or(0, |fact| fact.in_flight);
        let waited = self.state.revisions.get(id).map(|one| self.now - second(one.since));
        let has_time = waited.is_some_and(|waited| waited < self.plan.drain);
        if replicas == 0 && in_flight > 0 && has_time {
            let what = format!("{in_flight} requests to {id} are under way");
            self.broken("what is stopped is drained first", what);
        }
    }

    /// The controller has nothing more to decide.
    pub(in crate::work::serve::sim) fn check_quiescent(&mut self) {
        let is_swap = self.plan.transition == Transition::MinimalRam;
        let ids: Vec<_> = self.state.revisions.keys().cloned().collect();
        for id in &ids {
            let revision = &self.state.revisions[id];
            let (replicas, idle) = (revision.replicas, revision.idle_since.map(second));
            let (min, max) = self.wanted_bounds(id);
            let weight = self.state.weights.get(id);
            if replicas > max {
                self.broken("at most", format!("{replicas} of {max} replicas of {id}"));
            }
            let has_min = self.state.is_current(id) && !is_swap || weight > 0 && replicas > 0;
            if replicas < min && has_min {
                self.broken("at least", format!("{replicas} of {min} replicas of {id}"));
            }
            let age = idle.map(|since| (self.now - since).max(0));
            let is_kept = age.is_some_and(|age| age < self.plan.keep_warm);
            if is_kept && weight == 0 && !is_swap && replicas == 0 {
                self.broken("what carries nothing stays warm", id.to_string());
            }
        }
        self.check_old_stays();
        self.check_rollback();
    }

    /// As long as a change goes on, who loses can take everything back.
    fn check_old_stays(&mut self) {
        let Some(change) = self.state.change.as_ref().filter(|change| change.percent > 0) else {
            return;
        };
        // What a router can't tell is not known to be needed.
        let is_unread = self.now <= self.watch.unread_until + SOON;
        if self.plan.transition == Transition::MinimalRam || is_unread {
            return;
        }
        let window = self.plan.scaling.window.as_secs() as usize;
        let load = (0..4).map(|ago| self.loads.total(window, ago)).fold(f64::INFINITY, f64::min);
        let each = self.plan.scaling.target.per_replica() / 0.7;
        let mut few = None;
        for id in change.losers() {
            let replicas = self.state.revisions[id].replicas;
            let needs = load * f64::from(change.from.get(id)) / 100.0;
            let bears = f64::from(replicas) * each;
            if (bears < needs || replicas == 0) && replicas < self.state.bounds(id).max {
                few = Some(format!("{replicas} of {id} for a load of {needs:.2}"));
            }
        }
        if let Some(few) = few {
            self.broken("the old one stays", few);
        }
    }

    /// A rollback to what is warm is done at once.
    fn check_rollback(&mut self) {
        let Some((number, since)) = self.watch.rollback else { return };
        let change = self.state.change.as_ref();
        let Some(change) = change.filter(|one| one.number == number && one.percent == 0) else {
            self.watch.rollback = None;
            return;
        };
        let scaling = &self.plan.scaling;
        let window = scaling.window.as_secs() as usize;
        let panic = scaling.panic_window().as_secs() as usize;
        let load = self.loads.total(window, 0).max(self.loads.total(panic, 0)) * 1.3;
        let carrying = self.state.weights.iter();
        let most = carrying.map(|(id, _)| self.state.revisions[id].replicas).max().unwrap_or(0);
        let is_warm = change.gainers().all(|id| {
            let warm = self.warm(id);
            let enough = scaling.target.replicas(load).max(most).max(1);
            warm >= enough.min(self.wanted_bounds(id).1)
        });
        let is_warm = is_warm && change.to.iter().all(|(id, _)| self.warm(id) > 0);
        let can_be =
            is_warm && change.paused.is_none() && self.plan.transition == Transition::Availability;
        let since = since.filter(|_| can_be).or(can_be.then_some(self.now));
        self.watch.rollback = Some((number, since));
        if since.is_some_and(|since| self.now - since >= 1) {
            self.broken("a rollback to what is warm is done at once", format!("change {number}"));
        }
    }

    /// At the end of each second.
    pub(in crate::work::serve::sim) fn check_second(&mut self) {
        for (id, told) in &self.runtime.told {
            let now = self.now;
            if told.warm(now) > 0 {
                self.watch.down_since.remove(id);
                self.watch.warm_since.entry(id.clone()).or_insert(now);
            } else {
                self.watch.warm_since.remove(id);
                self.watch.down_since.entry(id.clone()).or_insert(now);
            }
        }
        self.check_panic();
        self.check_lost();
        self.check_woken();
    }

    /// Weight does not stay with what is lost, where something else is there to take it.
    fn check_lost(&mut self) {
        let is_watched = self.controller.is_some() && self.now - self.watch.born > LOST;
        if !is_watched || self.plan.transition == Transition::MinimalRam {
            return;
        }
        let long_since = |at: Second| self.now - at >= LOST;
        let is_down = |id: &RevisionId| {
            let one = &self.state.revisions[id];
            let since = self.watch.down_since.get(id).copied();
            // It was warm when this controller began to look, or has had its time to start.
            let was_warm = since.is_some_and(|since| since > self.watch.born + 1);
            let woken = one.woken.map_or(0, second);
            let is_late = self.now - woken > self.plan.start_timeout + LOST;
            let is_meant = one.replicas > 0 && long_since(second(one.since));
            is_meant
                && since.is_some_and(long_since)
                && (was_warm && since > Some(woken) || is_late)
        };
        let is_there = |weights: &Weights| {
            let mut all = weights.iter();
            !weights.is_empty()
                && all.all(|(id, _)| self.watch.warm_since.get(id).copied().is_some_and(long_since))
        };
        let what = match &self.state.change {
            Some(change) if change.percent > 0 => {
                let lost = change.gainers().find(|id| is_down(id));
                let long = long_since(second(change.since));
                lost.filter(|_| long && is_there(&change.from))
                    .map(|id| format!("{id} keeps its weight"))
            }
            Some(_) => None,
            None => {
                let is_down = self.state.weights.iter().all(|(id, _)| is_down(id));
                let before = self.state.before.as_ref().filter(|before| is_there(before));
                before.filter(|_| is_down).map(|before| format!("{before} do not take over"))
            }
        };
        if let Some(what) = what {
            self.broken("weight leaves what is lost", what);
        }
    }

    /// The first request that waits starts a replica.
    fn check_woken(&mut self) {
        let ids: Vec<_> = self.state.weights.iter().map(|(id, _)| id.clone()).collect();
        for id in ids {
            let has_room = self.plan.transition == Transition::Availability
                || self.runtime.told.iter().all(|(other, told)| *other == id || told.is_gone());
            let waits = self.held(&id) > 0 && self.state.revisions[&id].replicas == 0;
            if !waits || !has_room || self.controller.is_none() {
                self.watch.unheard.remove(&id);
                continue;
            }
            let since = *self.watch.unheard.entry(id.clone()).or_insert(self.now);
            if self.now - since >= SOON {
                self.broken("a request that waits starts a replica", id.to_string());
            }
        }
    }
}
