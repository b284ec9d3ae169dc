//! Steps of a change: in their order, for a reason, to what is there.

use super::super::journal::Before;
use crate::work::serve::rollout::{
    Change, ChangeKind, RevisionId, RolloutRules, Rules, Transition, Weights,
};
use crate::work::serve::sim::plan::{Model, Second, Trouble, seconds};
use crate::work::serve::sim::world::{World, second};

/// Fewer requests prove nothing for sure.
const SURE: u64 = 20;

/// Whether replicas of it come up and stay.
pub(super) fn can_run(model: &Model) -> bool {
    !matches!(model.trouble, Trouble::NeverReady | Trouble::EndsAtStart | Trouble::Dies { .. })
}

/// What carries weight goes before what follows it starts.
fn is_swap(change: &Change, rules: &Rules, weights: &Weights) -> bool {
    rules.transition == Transition::MinimalRam
        && change.from.iter().chain(weights.iter()).any(|(id, _)| change.to.get(id) == 0)
}

impl World<'_> {
    fn model(&self, id: &RevisionId) -> Option<&Model> {
        let revision = self.state.revisions.get(id)?;
        Some(self.plan.model(&revision.rules.digest))
    }

    /// A controller's line says how far a change is.
    pub(super) fn check_step(
        &mut self,
        number: u32,
        percent: u8,
        before: &Before,
        born: Option<Second>,
    ) {
        let new = self.state.change.as_ref().map(|change| (change.number, change.percent));
        let old = before.change.as_ref().map(|change| (change.number, change.percent));
        if new == old && self.state.weights == before.weights {
            return;
        }
        let (Some(change), Some(rules)) = (&before.change, &before.rules) else {
            return self.broken("stale lines change nothing", format!("change {number} is none"));
        };
        if change.number != number || percent <= change.percent {
            let what = format!("{percent} % of {number} at {old:?}");
            return self.broken("stale lines change nothing", what);
        }
        if change.paused.is_some() {
            return self.broken("a paused change waits", format!("it goes to {percent} %"));
        }
        self.cover.hit("step");
        let is_gradual =
            change.kind == ChangeKind::Rollout && !is_swap(change, rules, &before.weights);
        let rollout = rules.rollout.as_ref().filter(|_| is_gradual);
        let steps = rollout.map(|rollout| rollout.steps.clone()).unwrap_or_default();
        let mut later = steps.into_iter().filter(|step| *step > change.percent && *step < 100);
        let next = later.next().unwrap_or(100);
        let nothing_left =
            !change.from.is_empty() && change.from.iter().all(|(id, _)| self.warm(id) == 0);
        if percent != next && !(percent == 100 && nothing_left) {
            let what = format!("{percent} % after {} %, not {next} %", change.percent);
            return self.broken("steps in their order", what);
        }
        let Some(born) = born else { return };
        if is_swap(change, rules, &before.weights) {
            return;
        }
        if self.watch.rollback.is_some_and(|(of, _)| of == number) {
            self.cover.hit("rolled back by a person");
        }
        if !nothing_left {
            self.check_there(change, rules, before);
        }
        if let Some(rollout) = rollout.filter(|_| change.percent > 0 && !nothing_left) {
            self.check_passed(change, rollout, born);
        }
    }

    /// Who gains is warm, and enough of it.
    fn check_there(&mut self, change: &Change, rules: &Rules, before: &Before) {
        let window = rules.scaling.window.as_secs() as usize;
        let known = window.min((self.now - self.watch.born).max(1) as usize);
        // Its load comes from the same requests, so it is known to be no less than this.
        let lowest = |window| (0..3).map(move |ago| (window, ago));
        let averages = lowest(window).chain(lowest(known));
        let averages = averages.map(|(window, ago)| self.loads.total(window, ago));
        let load = averages.fold(f64::INFINITY, f64::min);
        let each = rules.scaling.target.per_replica() / 0.7;
        let weights = self.state.weights.clone();
        for (id, weight) in weights.iter().filter(|(id, weight)| *weight > before.weights.get(id)) {
            let warm = self.warm(id);
            if warm == 0 {
                let what = format!("{id} gets {weight} % in change {}", change.number);
                return self.broken("warm before weight", what);
            }
            let bears = f64::from(warm) * each;
            let needs = load * f64::from(weight) / 100.0;
            // What it had before it takes back at once, whether it can bear it by now or not.
            let is_back = weight <= change.from.get(id);
            // One that has measured nothing yet takes what carries all of it now for what is needed.
            let carrying = before.weights.iter().map(|(id, _)| self.ready(id)).max().unwrap_or(0);
            let is_new =
                seconds(self.now - self.watch.born) < rules.scaling.window && warm >= carrying;
            let is_back = is_back || is_new;
            if !is_back && bears < needs && warm < self.state.bounds(id).max {
                let what =
                    format!("{warm} replicas of {id} for a load of {needs:.2} at {weight} %");
                return self.broken("enough before weight", what);
            }
        }
    }

    /// The step before it was judged, by enough of its own requests, and by what they said.
    fn check_passed(&mut self, change: &Change, rollout: &RolloutRules, born: Second) {
        let Some(routed) = self.watch.step.routed else {
            return self.broken("a step is judged by its own requests", "routers lack it".into());
        };
        let since = second(change.since).max(born).max(routed);
        let waited = seconds(self.now - since);
        if waited < rollout.interval {
            return self.broken("interval", format!("passed after {waited:?}"));
        }
        for id in change.gainers() {
            let answered = self.watch.step.answered.get(id).copied().unwrap_or_default();
            if answered < rollout.min_requests.max(1) {
                let what = format!("{answered} of {} to {id}", rollout.min_requests);
                return self.broken("a step is judged by its own requests", what);
            }
            if self.is_found_out(id, change, rollout) {
                let what = format!("{id} passes {} %", change.percent);
                return self.broken("what is broken goes no further", what);
            }
        }
    }

    /// What is wrong with it shows at this step, in a figure that is looked at.
    fn is_found_out(&self, id: &RevisionId, change: &Change, rollout: &RolloutRules) -> bool {
        let Some(model) = self.model(id) else { return false };
        // It shows where routers give it at least as much, as they do by now.
        let judged = change.from.toward(&change.to, change.percent).get(id);
        if !model.shows(self.state.weights.get(id).min(judged)) {
            return false;
        }
        let answered = |id: &RevisionId| self.watch.counted.get(id).copied().unwrap_or(0);
        let others: u64 = change.losers().map(answered).sum();
        let new = answered(id);
        if new < SURE {
            return false;
        }
        let is_good = |id: &RevisionId| self.model(id).is_some_and(Model::is_good);
        let is_compared = rollout.compare_to_stable
            && others >= SURE.max(new / 2)
            && change.losers().all(is_good);
        let has_many = others >= 4 * new;
        let has_limit = rollout.max_latency.p95.is_some();
        match model.trouble {
            Trouble::Errors { every } | Trouble::Cut { every } => {
                rollout.max_error_rate.is_some() || is_compared && (every == 1 || has_many)
            }
            Trouble::Refuses { every } => is_compared && (every == 1 || has_many),
            Trouble::Slow { .. } => has_limit || is_compared && others > 250,
            _ => false,
        }
    }

    pub(super) fn check_finished(&mut self, number: u32, before: &Before, born: Option<Second>) {
        let Some(change) = &before.change else { return };
        let is_over = self.state.change.is_none();
        if !is_over {
            return;
        }
        if change.number != number || change.percent < 100 {
            return self.broken("stale lines change nothing", format!("{number} finishes"));
        }
        self.cover.hit("finished");
        if self.state.weights != change.to {
            let what = format!("{} and not {}", self.state.weights, change.to);
            return self.broken("it ends where it leads", what);
        }
        let is_new = !change.from.is_empty() && change.from != change.to;
        if is_new && self.state.before.as_ref() != Some(&change.from) {
            return self.broken("a rollback leads back", format!("{} is forgotten", change.from));
        }
        let (Some(born), Some(rules)) = (born, &before.rules) else { return };
        if change.paused.is_some() {
            return self.broken("a paused change waits", "it is over".into());
        }
        let rollout = rules.rollout.as_ref().filter(|_| change.kind == ChangeKind::Rollout);
        let Some(rollout) = rollout else { return };
        let last = rollout.steps.iter().copied().filter(|step| *step < 100).max().unwrap_or(0);
        if rollout.steps.contains(&100) || change.last_percent < last {
            self.check_passed(change, rollout, born);
        }
    }

    /// A slow answer, or one that was the client's fault, condemns nothing before there are enough of them.
    fn check_enough_to_fail(&mut self, change: &Change, reason: &str, before: &Before) {
        let is_early_figure = reason.contains(": its latency") || reason.contains("client's fault");
        let rollout = before.rules.as_ref().and_then(|rules| rules.rollout.as_ref());
        let Some(rollout) = rollout.filter(|_| is_early_figure) else { return };
        let answered = |id: &RevisionId| self.watch.step.answered.get(id).copied().unwrap_or(0);
        let of = change.gainers().find(|id| reason.starts_with(&format!("{id}: ")));
        let Some(id) = of.filter(|id| answered(id) < rollout.min_requests.max(1)) else { return };
        let what = format!("{} of {} to {id}: {reason}", answered(id), rollout.min_requests);
        self.broken("enough requests before failure", what);
    }

    pub(super) fn check_failed(&mut self, number: u32, reason: &str, before: &Before) {
        let Some(change) = &before.change else { return };
        if self.state.change.is_some() {
            return;
        }
        if change.number != number {
            return self.broken("stale lines change nothing", format!("{number} fails"));
        }
        self.cover.hit("failed");
        self.check_enough_to_fail(change, reason, before);
        if self.state.weights != change.from {
            let what = format!("{} and not {}", self.state.weights, change.from);
            return self.broken("failure takes the weight", what);
        }
        for id in change.gainers().filter(|id| change.from.get(id) == 0) {
            let is_condemned =
                self.state.revisions.get(id).is_some_and(|one| one.condemned.is_some());
            if !is_condemned {
                return self.broken("failure condemns", format!("{id} is not"));
            }
        }
        let since = second(change.since) - 60;
        let is_good = |id: &RevisionId| {
            self.model(id).is_some_and(Model::is_good) && !self.is_disturbed(id, since)
        };
        // Those that take seconds come by chance.
        let is_chance = reason.contains("latency") && self.plan.long > 0.0;
        if change.gainers().all(is_good) && !is_chance {
            self.broken("what is good is not condemned", reason.to_owned());
        }
    }
}
