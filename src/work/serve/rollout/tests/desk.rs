//! An endpoint whose world is set by hand.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::work::serve::rollout::*;
use crate::work::serve::scale::{ScaleRules, Target};
use crate::work::serve::window::{Counts, Reading, RevisionReading};

/// The journal's state, what was measured of it, and what is so.
pub(super) struct Desk {
    pub(super) state: EndpointState,
    pub(super) measured: Measured,
    pub(super) facts: Facts,
    /// Routers take new weights at once.
    pub(super) routes: bool,
    /// Requests at once of each revision.
    pub(super) load: BTreeMap<RevisionId, f64>,
    /// The router can be read.
    pub(super) reads: bool,
    counted: BTreeMap<RevisionId, Counts>,
    second: i64,
}

pub(super) fn id(text: &str) -> RevisionId {
    text.parse().unwrap()
}

pub(super) fn weights(all: &[(&str, u8)]) -> Weights {
    Weights::new(all.iter().map(|(name, weight)| (id(name), *weight))).unwrap()
}

pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

/// A spec with revisions of this name, digest and share, at least and at most so many replicas.
pub(super) fn rules(transition: Transition, all: &[(&str, &str, u8, u32, u32)]) -> Rules {
    let revisions = all.iter().map(|(name, digest, traffic, min, max)| {
        let rules = RevisionRules {
            digest: (*digest).into(),
            traffic: *traffic,
            min: *min,
            max: *max,
            start_timeout: seconds(30),
        };
        (name.parse().unwrap(), rules)
    });
    Rules {
        revisions: revisions.collect(),
        transition,
        scaling: ScaleRules {
            target: Target::Concurrency(10.0),
            window: seconds(20),
            scale_to_zero_after: seconds(5),
        },
        rollout: Some(RolloutRules {
            steps: vec![20, 60],
            interval: seconds(5),
            min_requests: 20,
            max_error_rate: Some(0.05),
            max_latency: LatencyLimits::default(),
            compare_to_stable: false,
            on_failure: OnFailure::Rollback,
            max_wait: seconds(40),
        }),
        keep_warm: seconds(60),
        drain: seconds(10),
    }
}

impl Desk {
    /// An endpoint of this spec, which nobody has started yet.
    pub(super) fn new(rules: Rules) -> Self {
        let mut desk = Self {
            state: EndpointState::default(),
            measured: Measured::new(at(0)),
            facts: Facts { now: at(0), routed: None, revisions: BTreeMap::new() },
            routes: true,
            load: BTreeMap::new(),
            reads: true,
            counted: BTreeMap::new(),
            second: 0,
        };
        desk.says(Entry::Applied { rules: Box::new(rules) });
        desk
    }

    /// One whose first revision, `v1`, carries everything with so many replicas.
    pub(super) fn of_v1(transition: Transition, replicas: u32) -> Self {
        let mut desk = Self::new(rules(transition, &[("v1", "a", 100, 1, 8)]));
        desk.are_warm("v1", replicas);
        desk.pass(3);
        assert_eq!(desk.state.weights, weights(&[("v1", 100)]));
        assert_eq!(desk.state.change, None);
        desk
    }

    /// A person's line.
    pub(super) fn says(&mut self, entry: Entry) {
        self.write("a person", entry);
    }

    pub(super) fn write(&mut self, by: &str, entry: Entry) {
        let time = at(self.second);
        self.state.fold(&Line { v: JOURNAL_VERSION, time, by: by.into(), entry });
    }

    /// So many replicas of a revision are there, and warm.
    pub(super) fn are_warm(&mut self, name: &str, count: u32) {
        let fact = self.facts.revisions.entry(id(name)).or_default();
        (fact.wanted, fact.ready, fact.warm) = (Some(count), count, count);
    }

    /// A revision has answered so many more requests, of which so many with an error.
    pub(super) fn answers(&mut self, name: &str, requests: u64, errors: u64) {
        let counts = self.counted.entry(id(name)).or_default();
        counts.requests += requests;
        counts.errors += errors;
        counts.latency.add_many(Duration::from_millis(50), requests - errors);
    }

    /// A look of the controller a second later, and what it has written.
    pub(super) fn second(&mut self) -> Vec<Entry> {
        self.second += 1;
        self.facts.now = at(self.second);
        if self.routes {
            self.facts.routed = Some(self.state.weights.clone());
        }
        let ids = self.counted.keys().chain(self.load.keys());
        let revisions = ids.map(|id| {
            let counts = self.counted.get(id).cloned().unwrap_or_default();
            let concurrency = self.load.get(id).copied().unwrap_or_default();
            (id.clone(), RevisionReading { counts, concurrency })
        });
        let reading = Reading { router: "router".into(), revisions: revisions.collect() };
        let readings: Vec<_> = self.reads.then_some(reading).into_iter().collect();
        self.measured.look(&self.state, &self.facts, &readings);
        let mut written = Vec::new();
        loop {
            let entries = decide(&self.state, &mut self.measured, &self.facts);
            if entries.is_empty() {
                return written;
            }
            assert!(written.len() < 50, "it writes without end: {written:?}");
            for entry in entries {
                self.write(CONTROLLER, entry.clone());
                written.push(entry);
            }
        }
    }

    /// The same for so many seconds.
    pub(super) fn pass(&mut self, seconds: u32) -> Vec<Entry> {
        (0..seconds).flat_map(|_| self.second()).collect()
    }

    /// How many replicas a revision is to have.
    pub(super) fn replicas(&self, name: &str) -> u32 {
        self.state.revisions[&id(name)].replicas
    }
}
