//! The world: its clock and who lives in it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::check::Watch;
use super::controller::Controller;
use super::cover::Cover;
use super::loads::Loads;
use super::plan::{Act, Plan, Second};
use super::requests::Served;
use super::router::Router;
use super::runtime::Runtime;
use crate::work::serve::rollout::{EndpointState, Entry, Facts, Line, RevisionId, Weights};

/// What the clock shows.
pub(super) fn at(second: Second) -> Timestamp {
    Timestamp::from_second(1_000_000 + i64::from(second)).unwrap()
}

/// The second of a time.
pub(super) fn second(time: Timestamp) -> Second {
    (time.as_second() - 1_000_000) as Second
}

/// The state of one simulated endpoint and what was observed of it.
pub(super) struct World<'p> {
    pub(super) plan: &'p Plan,
    pub(super) now: Second,
    pub(super) rng: fastrand::Rng,
    /// The journal, and what it says.
    pub(super) lines: Vec<Line>,
    pub(super) state: EndpointState,
    pub(super) runtime: Runtime,
    pub(super) routers: Vec<Router>,
    /// The weights that routers were last told, for those that begin.
    pub(super) config: Weights,
    pub(super) controller: Option<Controller>,
    pub(super) controller_back: Second,
    /// After so many steps the controller dies, for so long; late lines of it may come after that.
    pub(super) crash: Option<(u32, Second, bool)>,
    pub(super) late: Vec<(Second, Entry)>,
    /// What people do between a controller's reading and its writing.
    pub(super) racing: Vec<(Second, Act)>,
    pub(super) acted: usize,
    pub(super) struck: usize,
    pub(super) arriving: f64,
    pub(super) forcing: f64,
    pub(super) served: BTreeMap<RevisionId, Served>,
    pub(super) loads: Loads,
    pub(super) watch: Watch,
    pub(super) broken: Option<(&'static str, String)>,
    pub(super) cover: Cover,
    pub(super) trace: Option<Vec<String>>,
}

impl<'p> World<'p> {
    pub(super) fn new(plan: &'p Plan, trace: bool) -> Self {
        let mut rng = fastrand::Rng::with_seed(plan.seed ^ 0x5eed);
        let routers = (0..plan.routers)
            .map(|index| Router::new(format!("router-{index}"), rng.i32(0..=plan.router_delay)));
        let routers = routers.collect();
        Self {
            plan,
            now: 0,
            rng,
            lines: Vec::new(),
            state: EndpointState::default(),
            runtime: Runtime::default(),
            routers,
            config: Weights::default(),
            controller: None,
            controller_back: 0,
            crash: None,
            late: Vec::new(),
            racing: Vec::new(),
            acted: 0,
            struck: 0,
            arriving: 0.0,
            forcing: 0.0,
            served: BTreeMap::new(),
            loads: Loads::default(),
            watch: Watch::default(),
            broken: None,
            cover: Cover::default(),
            trace: trace.then(Vec::new),
        }
    }

    /// Runs until the endpoint has settled, an invariant breaks, or it ought to have settled.
    pub(super) fn run(&mut self) {
        let horizon = self.horizon();
        while self.broken.is_none() {
            self.second();
            if self.broken.is_some() {
                break;
            }
            if self.has_settled() {
                self.check_end();
                break;
            }
            if self.now > horizon {
                let why = self.unsettled().unwrap_or_default();
                self.broken("settles", why);
            }
            self.now += 1;
        }
    }

    fn second(&mut self) {
        self.people();
        self.strike();
        let ended = self.runtime.advance(self.plan, self.now, &mut self.rng);
        self.check_starts();
        self.cut(ended);
        self.watch_step();
        self.route();
        self.control();
        self.check_second();
    }

    /// What is known now.
    pub(super) fn facts(&self) -> Facts {
        let mut revisions = self.runtime.facts(self.now);
        for router in self.routers.iter().filter(|router| router.is_up()) {
            for held in &router.held {
                revisions.entry(held.revision.clone()).or_default().held += held.count as u32;
            }
        }
        Facts { now: at(self.now), routed: self.routed(), revisions }
    }

    pub(super) fn log(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.trace.is_some() {
            let line = format!("{:>5}  {}", self.now, line(self));
            if let Some(trace) = &mut self.trace {
                trace.push(line);
            }
        }
    }

    pub(super) fn broken(&mut self, rule: &'static str, what: String) {
        self.log(|_| format!("BROKEN {rule}: {what}"));
        if self.broken.is_none() {
            self.broken = Some((rule, what));
        }
    }

    /// Warm replicas of a revision.
    pub(super) fn warm(&self, id: &RevisionId) -> u32 {
        self.runtime.told.get(id).map_or(0, |told| told.warm(self.now))
    }

    /// Ready replicas of a revision.
    pub(super) fn ready(&self, id: &RevisionId) -> u32 {
        self.runtime.told.get(id).map_or(0, |told| told.ready(self.now))
    }
}
