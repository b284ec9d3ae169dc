//! The Job controller as an actor: rule order, back-off, replacement, deadline, suspension.

use super::plan::{Ms, SECOND};
use super::world::{Event, World};
use crate::gang::MemberInput;

/// Failures of one index before it is given up.
const BACKOFF_LIMIT_PER_INDEX: u32 = 5;

/// One index of the Job.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Index {
    failures: u32,
    ignored: u32,
    zero: bool,
    pub(super) pod: Option<usize>,
    pub(super) done: bool,
}

/// The Job of the run as its controller keeps it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) indexes: Vec<Index>,
    over: bool,
    suspended: bool,
}

impl Job {
    pub(super) fn new(n: usize) -> Self {
        Self { indexes: vec![Index::default(); n], over: false, suspended: false }
    }

    /// The pod of an index is gone for the Job, which counts it as a disruption.
    pub(super) fn replace_at_once(&mut self, index: usize) {
        self.indexes[index].pod = None;
        self.indexes[index].ignored += 1;
    }
}

impl World<'_> {
    pub(super) fn create(&mut self, index: usize) {
        let state = self.job.indexes[index];
        if self.job.over || self.job.suspended || state.done || state.pod.is_some() {
            return;
        }
        let generation = if state.zero { 0 } else { state.failures + state.ignored };
        let zero = state.zero;
        self.job.indexes[index].zero = false;
        if state.failures + state.ignored > 0 {
            self.cover.hit("new pod");
        }
        let agent = self.spawn(index, generation, if state.zero { 0 } else { state.ignored });
        self.agents[agent].stamp_zero = zero;
        self.job.indexes[index].pod = Some(agent);
    }

    pub(super) fn pod_ended(&mut self, agent: usize, code: u8) {
        let index = self.agents[agent].index;
        let disruption = self.agents[agent].disruption;
        if self.plan.laptop || !self.agents[agent].visible {
            return;
        }
        let state = &mut self.job.indexes[index];
        if state.pod == Some(agent) {
            state.pod = None;
        }
        state.zero |= self.agents[agent].stamp_zero && self.agents[agent].killed;
        if self.job.over {
            return;
        }
        match code {
            0 => {
                state.done = true;
                if index == 0 {
                    self.job_over();
                }
            }
            42 | 43 => self.job_over(),
            41 => state.done = true,
            _ if self.job.suspended => {}
            _ => {
                if disruption {
                    state.ignored += 1;
                } else {
                    state.failures += 1;
                }
                if state.failures > BACKOFF_LIMIT_PER_INDEX {
                    state.done = true;
                } else {
                    let power = (state.failures + state.ignored - 1).min(3);
                    let delay = (10 * SECOND) << power;
                    self.after(delay, Event::Create { index });
                }
            }
        }
    }

    pub(super) fn job_over(&mut self) {
        self.job.over = true;
        self.delete_all();
    }

    fn delete_all(&mut self) {
        for agent in 0..self.agents.len() {
            if self.agents[agent].visible {
                self.terminate(agent);
            }
        }
    }

    /// SIGTERM, and SIGKILL when the grace period of the pod is over.
    pub(super) fn terminate(&mut self, agent: usize) {
        if !self.agents[agent].alive || self.agents[agent].deleted {
            return;
        }
        self.disturb(self.agents[agent].index, 0);
        self.after(0, Event::Member { agent, input: MemberInput::Sigterm });
        if !self.plan.laptop {
            self.agents[agent].deleted = true;
            let period = self.plan.config.leave_bound();
            self.after(period.as_millis() as Ms + 5 * SECOND, Event::Kill { agent });
        }
    }

    pub(super) fn suspend(&mut self, length: Ms) {
        if self.job.over || self.job.suspended {
            return;
        }
        self.cover.hit("suspended");
        self.job.suspended = true;
        self.delete_all();
        self.after(length, Event::Resume);
    }

    /// Once every pod is gone the counters start again from nothing.
    pub(super) fn resume(&mut self) {
        if self.job.indexes.iter().any(|index| index.pod.is_some()) {
            self.after(SECOND, Event::Resume);
            return;
        }
        self.job.suspended = false;
        self.facts.reset = true;
        for index in 0..self.plan.n() {
            let state = &mut self.job.indexes[index];
            (state.failures, state.ignored) = (0, 0);
            self.after(0, Event::Create { index });
        }
    }

    pub(super) fn node_back(&mut self, agent: usize) {
        self.pod_ended(agent, 137);
    }
}
