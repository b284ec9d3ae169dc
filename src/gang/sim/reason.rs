//! I11: whatever ends a run has its reason. I12: as long as nobody interferes, everything that is due
//! happens in time.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::plan::{Ms, SECOND};
use super::world::World;
use crate::gang::{
    Attempt, FailureClass, FirstFailure, GangEvent, Outcome, ReplicaId, Session, Verdict,
};

/// What messages between two agents, a dial and a clean-up may take in a calm world.
const SLACK: Ms = 6 * SECOND;

/// What the primaries have said so far, each by its agent.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// A user has cancelled the run.
    pub(super) cancelled: bool,
    /// When the command of this index and attempt ended last.
    pub(super) ended_at: HashMap<(usize, Attempt), Ms>,
    first_start: Option<Ms>,
    retried_at: HashMap<usize, (Attempt, Ms)>,
    attempt_ended: HashSet<(usize, Attempt)>,
    completed: HashSet<(usize, Attempt)>,
    failure: HashMap<usize, (FirstFailure, Ms)>,
    /// What any primary has said of any attempt.
    failures: Vec<FirstFailure>,
    lost_at: HashMap<usize, Ms>,
    replaced: bool,
    verdict_at: HashMap<usize, (Outcome, Ms)>,
}

fn ms(duration: Duration) -> Ms {
    duration.as_millis() as Ms
}

impl World<'_> {
    /// Nobody was interfered with so far, all came soon enough, and no pod had to be replaced.
    fn is_calm(&self) -> bool {
        let soon = self.plan.starts.iter().all(|at| *at < 100 * SECOND);
        let disturbed = self.facts.disturbed.iter().any(Option::is_some) || self.asleep_until > 0;
        soon && !disturbed && !self.facts.reset && !self.facts.said.replaced
    }

    /// I12.
    fn in_time(&mut self, since: Ms, bound: Ms, what: &str) {
        if self.is_calm() && self.now > since + bound {
            let late = self.now - since;
            self.broken("I12", format!("{what} comes {late} ms after its cause, not {bound}"));
        }
    }

    /// Follows what a primary says, before the rest of the world acts on it.
    pub(super) fn reasoned(&mut self, agent: usize, event: &GangEvent) {
        let now = self.now;
        match event {
            GangEvent::AttemptStarted { attempt } => self.start_reasoned(agent, *attempt),
            GangEvent::AttemptEnded { attempt } => {
                let left = self.agents[agent].joined.iter().flatten().any(|who| {
                    let process = self.agents[*who].process;
                    process.is_some_and(|process| process.attempt <= *attempt)
                });
                if left {
                    self.broken("I11", format!("attempt {attempt} is said to be over but runs"));
                }
                self.facts.said.attempt_ended.insert((agent, *attempt));
            }
            GangEvent::FirstFailure { failure } => {
                if failure.exit.is_some() {
                    let index = self.index_of(&failure.replica);
                    let ended = self.facts.said.ended_at.get(&(index, failure.attempt)).copied();
                    let bound = ms(self.plan.config.blame_hold) + SLACK;
                    self.in_time(ended.unwrap_or(now), bound, "the blame");
                }
                self.facts.said.failure.insert(agent, (failure.clone(), now));
                self.facts.said.failures.push(failure.clone());
            }
            GangEvent::Retry { attempt, class, left } => {
                let memory = self.agents[agent].session.as_ref().map(Session::memory);
                let spent = memory.map_or(0, |memory| memory.spent.get(*class));
                let budget = self.plan.config.budgets.get(*class);
                if spent + left != budget {
                    let what = format!("{spent} of {budget} are spent, yet {left} left");
                    self.broken("I11", what);
                }
                self.facts.said.retried_at.insert(agent, (*attempt, now));
            }
            GangEvent::ReplicaReplaced { replica, reason } => {
                let twice = self.failed_twice().as_ref() == Some(replica);
                if reason.contains("two attempts") && !twice {
                    self.broken("I11", format!("{replica} did not fail twice: {reason}"));
                }
                self.facts.said.replaced = true;
            }
            GangEvent::ReplicaLost { .. } => {
                self.facts.said.lost_at.insert(agent, now);
            }
            GangEvent::Draining { replicas, .. } => {
                let serving = replicas.iter().any(|replica| {
                    let index = self.index_of(replica);
                    self.plan.config.members[index].serves
                });
                if serving {
                    self.broken("I11", format!("{replicas:?} serve, and are ended at once"));
                }
            }
            GangEvent::Completed { attempt } => {
                let ends = &self.facts.said.ended_at;
                let ended = ends.iter().filter(|((_, of), _)| of == attempt).map(|(_, at)| *at);
                let ended = ended.max().unwrap_or(now);
                self.in_time(ended, SLACK, "the completion");
                self.facts.said.completed.insert((agent, *attempt));
            }
            GangEvent::Verdict { verdict } => {
                if let Some(missing) = self.lacks_reason(agent, verdict) {
                    self.broken("I11", format!("{:?}, but {missing}", verdict.outcome));
                }
                let lost = self.facts.said.lost_at.get(&agent).copied().unwrap_or(now);
                if self.plan.laptop
                    && lost < now
                    && !self.facts.said.verdict_at.contains_key(&agent)
                {
                    self.broken("I12", "a loss for good is no verdict at once".into());
                }
                if let Some(limit) = self.ends_at() {
                    self.in_time(limit, SLACK, "a verdict after the limit");
                }
                self.facts.said.verdict_at.insert(agent, (verdict.outcome, now));
            }
            _ => {}
        }
    }

    /// The replica whose command failed first in the last two attempts, in a gang that has others.
    fn failed_twice(&self) -> Option<ReplicaId> {
        let failures = &self.facts.said.failures;
        let last = failures.last().filter(|last| last.exit.is_some() && self.plan.n() > 1)?;
        let before = failures.iter().find(|failure| {
            failure.exit.is_some()
                && (failure.attempt + 1, &failure.replica) == (last.attempt, &last.replica)
        });
        before.map(|_| last.replica.clone())
    }

    fn start_reasoned(&mut self, agent: usize, attempt: Attempt) {
        let now = self.now;
        let said = &self.facts.said;
        if let Some((failure, at)) = said.failure.get(&agent)
            && failure.class == FailureClass::Preemption
            && now < at + ms(self.plan.config.outside_pause)
        {
            self.broken("I11", format!("attempt {attempt} doesn't wait after a termination"));
        } else if let Some((next, at)) = said.retried_at.get(&agent).copied() {
            if !said.attempt_ended.contains(&(agent, next - 1)) {
                self.broken("I11", format!("attempt {attempt} starts, the last one never ended"));
            }
            let bound = ms(self.plan.config.grace) + SLACK;
            self.in_time(at, bound, "the next attempt");
            if self.is_calm() && !self.plan.laptop && self.failed_twice().is_some() {
                self.broken("I12", "who failed twice is not replaced".into());
            }
        } else {
            let last = self.plan.starts.iter().copied().max().unwrap_or(0);
            self.in_time(last, SLACK, "the first attempt");
        }
        self.facts.said.first_start.get_or_insert(now);
    }

    /// When the run's time is over, by the world's clock: the primary's may be behind it.
    fn ends_at(&self) -> Option<Ms> {
        let config = &self.plan.config;
        let start = self.facts.said.first_start?;
        let begun = self.plan.starts[0];
        let timeout = config.timeout.map(|timeout| start + ms(timeout));
        let cost = config.cost_limit.as_ref().map(|limit| (begun + ms(limit.time)).max(start));
        timeout.into_iter().chain(cost).min()
    }

    /// What a verdict that a primary has come to by itself would have to follow from.
    fn lacks_reason(&self, agent: usize, verdict: &Verdict) -> Option<&'static str> {
        let said = &self.facts.said;
        let config = &self.plan.config;
        let known =
            |one: &super::world::Agent| one.member.carry().verdict.as_ref() == Some(verdict);
        if self.agents.iter().any(known) || !self.agents[agent].visible {
            return None;
        }
        let gone = self.plan.laptop && self.agents.iter().any(|one| !one.alive)
            || self.job.indexes.iter().any(|index| index.done);
        let lost = gone && !self.is_calm();
        let session = self.agents[agent].session.as_ref();
        let memory = session.map(Session::memory).unwrap_or_default();
        let since = said.retried_at.get(&agent).map_or(self.agents[agent].born_at, |(_, at)| *at);
        match verdict.outcome {
            Outcome::Succeeded => {
                let met = said.completed.contains(&(agent, verdict.attempt));
                (!met).then_some("its rule was not met")
            }
            Outcome::Cancelled => (!said.cancelled).then_some("nobody cancelled"),
            Outcome::TimedOut => {
                let over = self.ends_at().is_some_and(|at| self.now >= at);
                (!over).then_some("there was time left")
            }
            Outcome::CouldNotStart => {
                if memory.epoch.1 > 0 {
                    return Some("it had started");
                }
                let over = self.now >= since + ms(config.start_timeout) && !self.is_calm();
                (!over && !lost).then_some("there was time left to gather")
            }
            Outcome::Failed => {
                let first = verdict.first_failure.as_ref();
                let own = said.failure.get(&agent).map(|(failure, _)| failure);
                let exhausted = first.is_some_and(|failure| {
                    own == first
                        && memory.spent.get(failure.class) >= config.budgets.get(failure.class)
                });
                let gone = self.plan.laptop && first.is_some_and(|failure| failure.exit.is_none());
                let over = self.now >= since + ms(config.rejoin_timeout) && !self.is_calm();
                (!exhausted && !gone && !over).then_some("a retry was left, and time to gather")
            }
        }
    }

    /// A primary exits by its verdict, soon enough, and after everybody else.
    pub(super) fn exit_in_time(&mut self, agent: usize) {
        let config = &self.plan.config;
        let Some((outcome, at)) = self.facts.said.verdict_at.get(&agent).copied() else {
            if self.is_calm() {
                self.broken(
                    "I12",
                    "a primary that nobody disturbed exits without a verdict".into(),
                );
            }
            return;
        };
        let drain = if outcome == Outcome::Succeeded { ms(config.drain) } else { 0 };
        let bound = drain + ms(config.grace) + ms(config.last_exit_pause()) + SLACK;
        let ends = self.agents.iter().filter(|one| one.index > 0).map(|one| one.died_at);
        let last = ends.max().unwrap_or(0).saturating_add(ms(config.last_exit_pause()));
        if self.is_calm() && self.facts.said.first_start.is_some() && self.now < last {
            self.broken("I12", "the primary exits before everybody's end is known".into());
        }
        // A primary waits a while for those who have not come yet.
        let last = self.plan.starts.iter().copied().max().unwrap_or(0);
        self.in_time(at.max(last), bound, "the exit of the primary");
    }

    /// After a success only commands that serve are ended before `drain` is over.
    pub(super) fn signalled(&mut self, agent: usize) {
        let one = &self.agents[agent];
        let verdict = one.member.carry().verdict.as_ref();
        let serves = self.plan.config.members[one.index].serves;
        let at = self.facts.said.verdict_at.values().map(|(_, at)| *at).max().unwrap_or(0);
        let early = self.now < at + ms(self.plan.config.drain);
        let success = verdict.is_some_and(|verdict| verdict.outcome == Outcome::Succeeded);
        if success && early && !serves && self.is_calm() {
            self.broken("I12", format!("agent {agent} does not let its command finish"));
        }
    }

    /// A command has its grace before SIGKILL; the shorter one only when its lease is over.
    pub(super) fn check_grace(&mut self, agent: usize) {
        let Some(process) = self.agents[agent].process else { return };
        let config = &self.plan.config;
        let grace = if self.is_calm() { config.grace } else { config.short_grace() };
        if self.now < process.signalled_at + ms(grace) {
            self.broken("I12", format!("agent {agent} kills its command before its grace is over"));
        }
    }

    /// What can be killed and removed in time is given the time for it.
    pub(super) fn unclean_reasoned(&mut self, agent: usize) {
        if self.is_calm() {
            self.broken("I11", format!("agent {agent} gives up a command that can be ended"));
        }
    }

    /// Nobody leaves a calm gang before any verdict.
    pub(super) fn leaves_reasoned(&mut self, agent: usize) {
        if self.is_calm() && self.facts.said.verdict_at.is_empty() {
            self.broken("I12", format!("agent {agent} leaves a gang that goes on"));
        }
    }
}
