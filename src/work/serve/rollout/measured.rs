//! What a controller has measured since it began. Held in memory only: its successor measures anew, and
//! until it has, it neither takes a step nor takes replicas away.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{EndpointState, Facts, RevisionId, RevisionState};
use crate::work::serve::guard::{Guard, keeps};
use crate::work::serve::scale::{Peak, ScaleRules, Scaler, Target, age};
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
    step: Step,
    pub(super) scalers: BTreeMap<RevisionId, Scaler>,
    pub(super) floors: BTreeMap<RevisionId, Peak>,
    health: BTreeMap<RevisionId, Health>,
}

/// The requests of one step of one change.
#[derive(Clone, Debug, Default)]
struct Step {
    /// Which: the change, how far it is, and since when.
    of: Option<(u32, u8, Timestamp)>,
    /// Since when its requests have been counted: since routers have its weights.
    since: Option<Timestamp>,
    counts: BTreeMap<RevisionId, Counts>,
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
            step: Step::default(),
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
            let empty = Sample::default();
            for (id, revision) in &state.revisions {
                let sample = samples.get(id).unwrap_or(&empty);
                self.weigh(id, revision, sample, past, facts, &rules.scaling);
            }
        }
        self.scalers.retain(|id, _| state.revisions.contains_key(id));
        self.floors.retain(|id, _| state.revisions.contains_key(id));
        self.health.retain(|id, _| state.revisions.contains_key(id));
    }

    /// Counts requests to the step under way.
    fn count(
        &mut self,
        state: &EndpointState,
        facts: &Facts,
        samples: &BTreeMap<RevisionId, Sample>,
    ) {
        let of = state.change.as_ref().map(|change| (change.number, change.percent, change.since));
        if self.step.of != of && (keeps(Guard::OwnEvidence) || of.is_none()) {
            self.step = Step { of, ..Step::default() };
        }
        let is_routed = facts.routed.as_ref() == Some(&state.weights);
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

    fn weigh(
        &mut self,
        id: &RevisionId,
        revision: &RevisionState,
        sample: &Sample,
        past: f64,
        facts: &Facts,
        rules: &ScaleRules,
    ) {
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
    }

    /// What a revision's step has counted.
    pub(super) fn counts(&self, id: &RevisionId) -> Counts {
        self.step.counts.get(id).cloned().unwrap_or_default()
    }

    /// Since when the step under way has been measured; `None` before routers have its weights.
    pub(super) fn step_since(&self) -> Option<Timestamp> {
        self.step.since
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

    /// The load of all revisions together, in the unit of the target.
    pub(super) fn total_load(&self, now: Timestamp, rules: &ScaleRules) -> f64 {
        let loads = self.scalers.values().map(|scaler| scaler.load(now, rules));
        loads.map(|(stable, panic)| stable.max(panic)).sum()
    }

    /// Whether it has measured for a whole window.
    pub(super) fn is_settled(&self, now: Timestamp, rules: &ScaleRules) -> bool {
        age(now, self.born) >= rules.window || !keeps(Guard::FreshHolds)
    }
}
