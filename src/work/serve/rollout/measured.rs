//! What a controller has measured since it began. Held in memory only: its successor measures anew, and
//! until it has, it neither takes a step nor takes replicas away.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{Change, EndpointState, Facts, RevisionId, RevisionState};
use crate::work::serve::guard::{Guard, keeps};
use crate::work::serve::scale::{Averages, Peak, ScaleRules, Scaler, Target, age};
use crate::work::serve::window::{Counts, Meter, Reading, Sample};

/// So long a revision may be without a ready replica before that is a loss. Routers hold requests
/// meanwhile, and most replicas that end are replaced by others that run already.
const LOSS: Duration = Duration::from_secs(10);

/// What has been measured.
#[derive(Clone, Debug)]
pub struct Measured {
    born: Timestamp,
    meter: Meter,
    /// When the last look was.
    looked: Timestamp,
    /// When each router was read last.
    read: BTreeMap<String, Timestamp>,
    /// When the last look was that lacked one of them.
    lacked: Option<Timestamp>,
    step: Step,
    /// The load of all revisions together.
    total: Averages,
    pub(super) scalers: BTreeMap<RevisionId, Scaler>,
    pub(super) floors: BTreeMap<RevisionId, Peak>,
    health: BTreeMap<RevisionId, Health>,
}

/// The requests of one step of one change.
#[derive(Clone, Debug, Default)]
struct Step {
    /// Which: the change, how far it is, and since when.
    of: Option<(u32, u8, Timestamp)>,
    /// Since when its requests have been counted: since routers have its weights and who gains is warm.
    since: Option<Timestamp>,
    counts: BTreeMap<RevisionId, Counts>,
}

/// Which step a change is at.
fn key(change: &Change) -> (u32, u8, Timestamp) {
    (change.number, change.percent, change.since)
}

#[derive(Clone, Copy, Debug, Default)]
struct Health {
    /// It had a warm replica since it was started last.
    was_warm: bool,
    /// Since when it has had none.
    none_since: Option<Timestamp>,
}

impl Measured {
    /// Nothing yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            born: now,
            meter: Meter::default(),
            looked: now,
            read: BTreeMap::new(),
            lacked: None,
            step: Step::default(),
            total: Averages::default(),
            scalers: BTreeMap::new(),
            floors: BTreeMap::new(),
            health: BTreeMap::new(),
        }
    }

    /// Takes a look in: what routers have counted, one reading for each, at the time of the facts. To be
    /// called about once a second, before [`decide`](super::decide). A router that can't be read is left
    /// out.
    pub fn look(&mut self, state: &EndpointState, facts: &Facts, readings: &[Reading]) {
        let now = facts.now;
        let samples = self.meter.look(readings);
        self.count(state, facts, &samples);
        let past = age(now, self.looked).as_secs_f64();
        self.looked = now;
        if let Some(rules) = &state.rules {
            self.watch_routers(now, readings, rules.scaling.window);
            let empty = Sample::default();
            let mut total = 0.0;
            for (id, revision) in &state.revisions {
                let sample = samples.get(id).unwrap_or(&empty);
                total += self.weigh(id, revision, sample, past, facts, &rules.scaling);
            }
            self.total.add(now, total, rules.scaling.window);
        }
        self.scalers.retain(|id, _| state.revisions.contains_key(id));
        self.floors.retain(|id, _| state.revisions.contains_key(id));
        self.health.retain(|id, _| state.revisions.contains_key(id));
    }

    /// Notices routers whose load this look does not have. One that has not been read for a whole window
    /// is no more.
    fn watch_routers(&mut self, now: Timestamp, readings: &[Reading], window: Duration) {
        self.read.extend(readings.iter().map(|reading| (reading.router.clone(), now)));
        self.read.retain(|_, at| age(now, *at) < window);
        if readings.is_empty() || self.read.values().any(|at| *at < now) {
            self.lacked = Some(now);
        }
    }

    /// Counts requests to the step under way.
    fn count(
        &mut self,
        state: &EndpointState,
        facts: &Facts,
        samples: &BTreeMap<RevisionId, Sample>,
    ) {
        let of = state.change.as_ref().map(key);
        if self.step.of != of && (keeps(Guard::OwnEvidence) || of.is_none()) {
            self.step = Step { of, ..Step::default() };
        }
        let is_routed = facts.routed.as_ref() == Some(&state.weights);
        // Who makes room first is followed by one that has still to start, which is no time of its step.
        let can_answer = state.change.as_ref().is_none_or(|change| {
            let warm = |id| facts.revisions.get(id).is_some_and(|fact| fact.warm > 0);
            change.gainers().all(warm)
        });
        let is_routed = is_routed && can_answer;
        if self.step.since.is_none() {
            // What this look has counted may still have been routed by the weights before.
            if is_routed || !keeps(Guard::EvidenceOnceRouted) {
                self.step.since = Some(facts.now);
            }
            if keeps(Guard::EvidenceOnceRouted) {
                return;
            }
        }
        for (id, sample) in samples {
            if sample.counts.requests > 0 {
                self.step.counts.entry(id.clone()).or_default().merge(&sample.counts);
            }
        }
    }

    /// Takes a revision's load in, and returns it.
    fn weigh(
        &mut self,
        id: &RevisionId,
        revision: &RevisionState,
        sample: &Sample,
        past: f64,
        facts: &Facts,
        rules: &ScaleRules,
    ) -> f64 {
        let now = facts.now;
        let fact = facts.revisions.get(id);
        let warm = fact.map_or(0, |fact| fact.warm);
        let load = match rules.target {
            Target::Concurrency(_) => sample.concurrency,
            Target::RequestsPerSecond(_) if past > 0.0 => sample.counts.requests as f64 / past,
            Target::RequestsPerSecond(_) => 0.0,
            Target::Cpu(_) => fact.map_or(0.0, |fact| fact.cpu),
        };
        let ready = fact.map_or(0, |fact| fact.ready);
        let scaler = self.scalers.entry(id.clone()).or_insert_with(|| Scaler::new(now, ready));
        scaler.add(now, load, rules);
        if sample.counts.requests > 0 || fact.is_some_and(|fact| fact.in_flight + fact.held > 0) {
            scaler.stay_awake(now);
        }
        let health = self.health.entry(id.clone()).or_default();
        if revision.replicas == 0 {
            *health = Health::default();
        } else if warm > 0 {
            *health = Health { was_warm: true, none_since: None };
        } else {
            health.none_since.get_or_insert(now);
        }
        load
    }

    /// The step that a change is at, if anything of it has been measured. One that was decided since the
    /// last look has nothing yet: what there is belongs to the step before it.
    fn step_of(&self, change: &Change) -> Option<&Step> {
        let is_own = self.step.of == Some(key(change)) || !keeps(Guard::OwnEvidence);
        is_own.then_some(&self.step)
    }

    /// What the step that a change is at has counted of a revision.
    pub(super) fn counts(&self, change: &Change, id: &RevisionId) -> Counts {
        let step = self.step_of(change);
        step.and_then(|step| step.counts.get(id)).cloned().unwrap_or_default()
    }

    /// Since when the step that a change is at has been measured; `None` before routers have its weights.
    pub(super) fn step_since(&self, change: &Change) -> Option<Timestamp> {
        self.step_of(change)?.since
    }

    /// What the step under way has counted of a revision, for a person to look at.
    pub fn of_step(&self, id: &RevisionId) -> Option<&Counts> {
        self.step.counts.get(id)
    }

    /// Since when a controller has been measuring.
    pub fn born(&self) -> Timestamp {
        self.born
    }

    /// It had a warm replica since it was started last.
    pub(super) fn was_warm(&self, id: &RevisionId) -> bool {
        self.health.get(id).is_some_and(|health| health.was_warm)
    }

    /// A revision that is to run has no warm replica, and is not just starting.
    pub(super) fn is_lost(
        &self,
        id: &RevisionId,
        revision: &RevisionState,
        now: Timestamp,
    ) -> bool {
        let Some(health) = self.health.get(id) else { return false };
        let is_late =
            revision.woken.is_none_or(|woken| age(now, woken) >= revision.rules.start_timeout);
        let is_long = health.none_since.is_some_and(|since| age(now, since) >= LOSS);
        is_long && (health.was_warm || is_late)
    }

    /// The load of all revisions together, in the unit of the target. Averaged as a whole: each
    /// revision's own averages would count requests twice that have just moved from one to another.
    pub(super) fn total_load(&self, now: Timestamp, rules: &ScaleRules) -> f64 {
        let over = |window| self.total.over(now, window);
        over(rules.window).max(over(rules.panic_window()))
    }

    /// Whether what it has measured for a whole window is all that there was, so that what it does not
    /// show may be taken away.
    pub(super) fn is_complete(&self, now: Timestamp, rules: &ScaleRules) -> bool {
        let lacked = self.lacked.is_some_and(|at| age(now, at) < rules.window);
        self.is_settled(now, rules) && (!lacked || !keeps(Guard::FreshHolds))
    }

    /// Whether it has measured for a whole window.
    pub(super) fn is_settled(&self, now: Timestamp, rules: &ScaleRules) -> bool {
        age(now, self.born) >= rules.window || !keeps(Guard::FreshHolds)
    }
}
