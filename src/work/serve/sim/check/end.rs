//! When the world calms down, the endpoint becomes what it is to be, and nothing more is written.

use super::steps::can_run;
use crate::work::serve::rollout::{EndpointState, Entry, Line, RevisionId};
use crate::work::serve::sim::plan::{Act, Second, Trouble};
use crate::work::serve::sim::traffic::Shape;
use crate::work::serve::sim::world::{World, second};

/// So many requests prove that errors which come evenly are as rare as they may be.
const ENOUGH: u32 = 60;

fn whole(duration: std::time::Duration) -> Second {
    duration.as_secs() as Second
}

impl World<'_> {
    /// Nothing is written for so long before the world has settled: all that goes by time has gone.
    fn quiet(&self) -> Second {
        let scaling = &self.plan.scaling;
        whole(scaling.window) * 2 + whole(scaling.scale_to_zero_after) + 5
    }

    /// By then it must have settled.
    pub(in crate::work::serve::sim) fn horizon(&self) -> Second {
        let plan = self.plan;
        let rollouts = plan.acts.iter().filter_map(|(_, act, _)| match act {
            Act::Apply(spec) => spec.rollout.as_ref(),
            _ => None,
        });
        let longest = rollouts.map(|rollout| {
            let steps = Second::try_from(rollout.steps.len()).unwrap() + 1;
            steps * (whole(rollout.max_wait) + whole(rollout.interval) + 10)
        });
        let longest = longest.max().unwrap_or(0);
        plan.calm_at
            + longest
            + 2 * plan.start_timeout
            + plan.keep_warm
            + 2 * plan.drain
            + 4 * self.quiet()
            + 120
    }

    pub(in crate::work::serve::sim) fn has_settled(&self) -> bool {
        self.now > self.plan.calm_at && self.unsettled().is_none()
    }

    /// What has still to happen.
    pub(in crate::work::serve::sim) fn unsettled(&self) -> Option<String> {
        let state = &self.state;
        if self.controller.is_none() {
            return Some("there is no controller".into());
        }
        let quiet = self.now - self.watch.written.max(self.plan.calm_at);
        if quiet < self.quiet() {
            return Some(format!("a line was written {} s ago", self.now - self.watch.written));
        }
        if let Some(change) = state.change.as_ref().filter(|change| change.paused.is_none()) {
            return Some(format!("change {} is under way", change.number));
        }
        if self.routed().as_ref() != Some(&state.weights) {
            return Some(format!("routers do not have {}", state.weights));
        }
        for (id, one) in &state.revisions {
            let is_warm = one.idle_since.map(second).filter(|_| state.weights.get(id) == 0);
            if is_warm.is_some_and(|since| self.now - since <= self.plan.keep_warm + 1) {
                return Some(format!("{id} is kept warm"));
            }
        }
        for (id, told) in &self.runtime.told {
            let wanted = state.revisions.get(id).map_or(0, |one| one.replicas);
            if told.wanted != wanted {
                return Some(format!(
                    "{id} is to have {wanted} replicas and was told {}",
                    told.wanted
                ));
            }
            let draining = told.replicas.iter().any(|one| one.drains.is_some());
            let has_all = told.ready(self.now) + told.waiting == wanted;
            if draining || can_run(self.plan.model(&told.digest)) && !has_all {
                return Some(format!(
                    "{} of {wanted} replicas of {id} are ready",
                    told.ready(self.now)
                ));
            }
        }
        None
    }

    /// It has settled: is it what it is to be?
    pub(in crate::work::serve::sim) fn check_end(&mut self) {
        self.cover.hit("settled");
        let ids: Vec<RevisionId> = self.state.revisions.keys().cloned().collect();
        for id in ids {
            let one = self.state.revisions[&id].clone();
            let weight = self.state.weights.get(&id);
            let model = self.plan.model(&one.rules.digest);
            let (min, max) = self.wanted_bounds(&id);
            let in_change = self
                .state
                .change
                .as_ref()
                .is_some_and(|change| change.from.get(&id) > 0 || change.to.get(&id) > 0);
            if in_change {
                continue;
            }
            if weight == 0 && !self.state.is_current(&id) && one.replicas > 0 {
                let what = format!("{} replicas of {id} for nothing", one.replicas);
                return self.broken("what carries nothing goes in the end", what);
            }
            if weight == 0 {
                continue;
            }
            // By what it gets itself, and with room for what rounding does.
            let rules = &self.plan.scaling;
            let load = self.loads.average(&id, whole(rules.window) as usize, 0);
            let needs = rules.target.replicas(load * 0.97);
            let most = rules.target.replicas(load * 1.03) + 1;
            if can_run(model) && one.replicas < needs.min(max) {
                let what = format!("{} replicas of {id} for a load of {load:.2}", one.replicas);
                return self.broken("enough in the end", what);
            }
            let most = if load > 0.0 { most.max(min) } else { min };
            if can_run(model) && one.replicas > most.min(max).max(min) {
                let what = format!("{} replicas of {id} for a load of {load:.2}", one.replicas);
                return self.broken("no more than needed in the end", what);
            }
        }
        self.check_broken_gone();
        self.check_good_arrived();
        self.check_readers();
    }

    /// A good revision that nobody and nothing has touched, and that gets requests enough, carries what the
    /// spec says.
    fn check_good_arrived(&mut self) {
        let plan = self.plan;
        let (Shape::Constant(rate), [_, (_, Act::Apply(spec), _)]) =
            (&plan.traffic, &plan.acts[..])
        else {
            return;
        };
        let (Some(rollout), Some(last)) = (&spec.rollout, spec.revisions.last()) else { return };
        let share = f64::from(rollout.steps.iter().copied().min().unwrap_or(100));
        let share = share / 100.0 * f64::from(last.traffic) / 100.0;
        let requests = rate.min(plan.calm) * share * rollout.max_wait.as_secs_f64() * 0.7;
        let is_enough = requests >= f64::from(ENOUGH) && requests >= rollout.min_requests as f64;
        let is_good = plan.models[last.model].is_good();
        if !plan.faults.is_empty() || !is_good || !is_enough || plan.long > 0.0 {
            return;
        }
        self.cover.hit("a good one arrived");
        let name = last.name.parse().unwrap();
        let has = self.state.current(&name).map_or(0, |id| self.state.weights.get(id));
        if has != last.traffic || self.state.change.is_some() {
            let what = format!("{} has {has} and not {} %", last.name, last.traffic);
            self.broken("what is good arrives", what);
        }
    }

    /// Whoever reads the journal reads the same, also a shorter one.
    fn check_readers(&mut self) {
        let text: Vec<String> =
            self.lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
        let read: Vec<Line> = text.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let half = read.len() / 2;
        let state = Box::new(EndpointState::of(&read[..half]));
        let first = Line { entry: Entry::Snapshot { state }, ..read[0].clone() };
        let shorter = std::iter::once(&first).chain(&read[half..]);
        if EndpointState::of(&read) != self.state || EndpointState::of(shorter) != self.state {
            self.broken("one state", "another reader reads another one".into());
        }
    }

    /// A rollout that nobody has touched gives no weight to what never was ready.
    fn check_broken_gone(&mut self) {
        if self.plan.acts.len() > 2 || !self.plan.faults.is_empty() {
            return;
        }
        let never = self.state.weights.iter().find(|(id, _)| {
            let model = self.plan.model(&self.state.revisions[*id].rules.digest);
            matches!(model.trouble, Trouble::NeverReady | Trouble::EndsAtStart)
        });
        if let Some((id, weight)) = never {
            let what = format!("{id} has {weight} %");
            self.broken("what never was ready carries nothing", what);
        }
    }
}
