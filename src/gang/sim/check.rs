//! The invariants I1 to I10 of the gang, checked as things happen.

use std::collections::HashMap;

use super::plan::{Ms, SECOND};
use super::world::World;
use crate::gang::{
    AgentExit, Attempt, Completion, FailureClass, FirstFailure, GangEvent, Outcome, ReplicaId,
    Verdict,
};

/// Why a command ended, as only the world knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// By itself; `true` for well.
    Own(bool),
    /// Its agent or its container killed it.
    Killed,
    /// A peer was gone.
    Peer,
}

/// The verdict that a reader of the pods would see.
#[derive(Clone, Debug)]
struct Seen {
    outcome: Outcome,
    epoch: (u32, Attempt),
    by: usize,
    /// Who was linked to that primary then and knew of it.
    witnesses: Vec<usize>,
}

/// What the world remembers in order to judge.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) broken: Option<(&'static str, String)>,
    ended: HashMap<(usize, Attempt), Vec<(usize, Cause)>>,
    disturbed: Vec<Option<Ms>>,
    verdict: Option<Seen>,
    pub(super) crashing: Option<usize>,
    retried: bool,
    /// The generations have started from 0 again.
    pub(super) reset: bool,
    held: Option<Attempt>,
}

impl Facts {
    pub(super) fn new(n: usize) -> Self {
        Self {
            broken: None,
            ended: HashMap::new(),
            disturbed: vec![None; n],
            verdict: None,
            crashing: None,
            retried: false,
            reset: false,
            held: None,
        }
    }

    pub(super) fn ended(&mut self, index: usize, attempt: Attempt, agent: usize, cause: Cause) {
        self.ended.entry((index, attempt)).or_default().push((agent, cause));
        if cause == Cause::Peer {
            self.held = Some(attempt);
        }
    }

    pub(super) fn committed_by(&self, agent: usize) -> bool {
        self.verdict.as_ref().is_some_and(|seen| seen.by == agent)
    }

    fn cause(&self, index: usize, attempt: Attempt, cause: Cause) -> bool {
        let all = self.ended.get(&(index, attempt));
        all.is_some_and(|all| all.iter().any(|(_, c)| *c == cause))
    }
}

impl World<'_> {
    pub(super) fn broken(&mut self, rule: &'static str, what: String) {
        self.log(|_| format!("BROKEN {rule}: {what}"));
        if self.facts.broken.is_none() {
            self.facts.broken = Some((rule, what));
        }
    }

    /// This index was interfered with; of the primary, all were.
    pub(super) fn disturb(&mut self, index: usize, length: Ms) {
        let until = self.now + length;
        let all = index == 0 && length > 0;
        for (i, at) in self.facts.disturbed.iter_mut().enumerate() {
            if i == index || all {
                *at = Some(at.map_or(until, |old| old.max(until)));
            }
        }
    }

    /// I1 and I7, when a command starts.
    pub(super) fn check_start(&mut self, agent: usize, attempt: Attempt, primary: usize) {
        for other in 0..self.agents.len() {
            let Some(process) = self.agents[other].process else { continue };
            if other == agent || (process.attempt, process.primary) == (attempt, primary) {
                continue;
            }
            let one = &self.agents[other];
            // A process that stands still can't kill its command in time.
            let paused = one.long_pause_until.is_some_and(|until| self.now < until + 15 * SECOND);
            let stuck = process.killed_at.is_some()
                && process.behaviour.unkillable
                && one.wire.is_none_or(|wire| self.wires[wire].primary != primary);
            // Without generation and memory nobody can know of a predecessor.
            let amnesia =
                self.agents.iter().any(|a| a.stamp_zero) || self.facts.reset && !one.visible;
            if paused {
                self.cover.hit("declared pause");
            } else if !stuck && !amnesia {
                let old = process.attempt;
                self.broken("I1", format!("attempt {attempt} starts at agent {agent} while attempt {old} runs at agent {other}"));
                return;
            }
        }
        self.forget();
        if let Some(seen) = &self.facts.verdict {
            let what =
                format!("attempt {attempt} starts at agent {agent} after {:?}", seen.outcome);
            self.broken("I7", what);
        }
    }

    /// A verdict whose every witness was killed is beyond the gang's memory.
    fn forget(&mut self) {
        let lost = self.facts.verdict.as_ref().is_some_and(|seen| {
            seen.witnesses.iter().all(|w| {
                let one = &self.agents[*w];
                !one.visible || !one.alive && one.killed
            }) && !self.agents[seen.by].alive
        });
        if lost {
            self.cover.hit("verdict forgotten with all its witnesses");
            self.facts.verdict = None;
        }
    }

    /// I3: at most one verdict, and the highest epoch counts.
    pub(super) fn committed(&mut self, agent: usize, verdict: &Verdict) {
        if !self.agents[agent].visible {
            return;
        }
        self.forget();
        let epoch = self.agents[agent].session.as_ref().map_or((0, 0), |s| s.memory().epoch);
        let outcome = verdict.outcome;
        if let Some(seen) = &self.facts.verdict {
            if seen.outcome != outcome && epoch >= seen.epoch {
                let what = format!(
                    "{:?} at {:?}, then {outcome:?} at {epoch:?}",
                    seen.outcome, seen.epoch
                );
                self.broken("I3", what);
            }
            return;
        }
        let witnesses: Vec<usize> = (0..self.agents.len())
            .filter(|a| {
                let one = &self.agents[*a];
                let linked = one.wire.is_some_and(|wire| self.wires[wire].primary == agent);
                *a != agent && one.alive && one.visible && linked
            })
            .collect();
        let known = witnesses.iter().all(|w| self.agents[*w].member.carry().verdict.is_some());
        if !known {
            self.cover.hit("commit without all acknowledgements");
        }
        self.facts.verdict = Some(Seen { outcome, epoch, by: agent, witnesses });
        self.cover.hit(match outcome {
            Outcome::Succeeded if self.facts.retried => "success after retry",
            Outcome::Succeeded => "success",
            Outcome::Failed => "failed",
            Outcome::Cancelled => "cancelled",
            Outcome::TimedOut => "timed out",
            Outcome::CouldNotStart => "could not start",
        });
    }

    /// I4: exit 0 means a committed success, and who was released exits by the verdict.
    pub(super) fn check_exit(&mut self, agent: usize, exit: AgentExit) {
        let success = self.facts.verdict.as_ref().is_some_and(|s| s.outcome == Outcome::Succeeded);
        let zero = exit == AgentExit::Success;
        if zero && !success && self.agents[agent].visible {
            self.broken("I4", format!("agent {agent} exits 0 without a committed success"));
        }
        if success && !zero && self.agents[agent].visible {
            let by_us = self.facts.committed_by(agent);
            let knows = self.agents[agent].member.carry().verdict.as_ref();
            let told = knows.is_some_and(|v| v.outcome == Outcome::Succeeded);
            if told && self.agents[agent].released || by_us && exit != AgentExit::Terminated {
                self.broken("I4", format!("agent {agent} exits {} after a success", exit.code()));
            }
        }
    }

    /// I8: nothing is left when nothing more happens.
    pub(super) fn check_all_ended(&mut self) {
        if let Some(agent) = self.agents.iter().position(|agent| agent.alive) {
            self.broken("I8", format!("agent {agent} never exits"));
        }
    }

    fn index_of(&self, replica: &ReplicaId) -> usize {
        let members = &self.plan.config.members;
        members.iter().position(|m| m.replica == *replica).unwrap_or(usize::MAX)
    }

    pub(super) fn gang_event(&mut self, agent: usize, event: GangEvent) {
        match event {
            GangEvent::Joined { replica, pod_uid, .. } => {
                let index = self.index_of(&replica);
                if pod_uid.starts_with("foreign") {
                    self.broken("I10", format!("{pod_uid} was let in"));
                    return;
                }
                let who = self.agents.iter().position(|a| a.pod == pod_uid);
                self.agents[agent].joined[index] = who;
            }
            GangEvent::ReplicaLost { replica, reason } => {
                let index = self.index_of(&replica);
                self.agents[agent].joined[index] = None;
                if self.plan.laptop {
                    self.cover.hit("laptop loss");
                }
                self.log(|_| format!("lost {replica}: {reason}"));
            }
            GangEvent::Refused { pod_uid, .. } => {
                let foreign = pod_uid.starts_with("foreign");
                self.cover.hit(if foreign { "foreign refused" } else { "refused" });
            }
            GangEvent::AttemptStarted { attempt } => self.attempt_started(agent, attempt),
            GangEvent::FirstFailure { failure } => self.blamed(&failure),
            GangEvent::Completed { attempt } => self.completed(agent, attempt),
            GangEvent::AttemptEnded { .. } => self.cover.hit("attempt ended"),
            GangEvent::Retry { .. } => {
                self.facts.retried = true;
                self.cover.hit("retry");
            }
            GangEvent::Adopted { .. } => self.cover.hit("adopted attempt"),
            GangEvent::Draining { .. } => self.cover.hit("drained"),
            GangEvent::Verdict { .. } => {
                let before = self.agents[agent]
                    .joined
                    .iter()
                    .flatten()
                    .any(|a| self.agents[*a].member.carry().verdict.is_some());
                if before {
                    self.cover.hit("adopted verdict");
                }
                if self.plan.config.members.iter().any(|m| m.serves) {
                    self.cover.hit("serving role ended");
                }
            }
            GangEvent::ReplicaReplaced { reason, .. } if reason.contains("two attempts") => {
                self.cover.hit("replaced after two failures");
            }
            GangEvent::Warning { message } if message.contains("not known") => {
                self.cover.hit("disbanded");
            }
            _ => {}
        }
    }

    /// I2 and I5.
    fn attempt_started(&mut self, agent: usize, attempt: Attempt) {
        let memory = self.agents[agent].session.as_ref().map(|s| s.memory()).unwrap_or_default();
        for index in 0..self.plan.n() {
            let who = self.agents[agent].joined[index];
            let present = who.filter(|w| self.now < self.agents[*w].died_at.saturating_add(20_000));
            let Some(who) = present else {
                self.broken("I2", format!("attempt {attempt} starts without index {index}"));
                return;
            };
            let carry = self.agents[who].member.carry();
            let mut both = memory.spent.clone();
            both.join(&carry.spent);
            if carry.epoch.1 >= attempt || carry.elapsed > memory.elapsed || both != memory.spent {
                let what = format!("attempt {attempt} forgets what agent {who} knows: {carry:?}");
                self.broken("I5", what);
                return;
            }
        }
        if memory.spent.0.iter().any(|(class, n)| *n > self.plan.config.budgets.get(*class)) {
            self.broken("I5", format!("more is spent than there is: {:?}", memory.spent));
        }
        if let Some(timeout) = self.plan.config.timeout
            && memory.elapsed > timeout
        {
            self.broken("I8", format!("attempt {attempt} starts after the timeout"));
        }
    }

    /// I6.
    fn blamed(&mut self, failure: &FirstFailure) {
        let index = self.index_of(&failure.replica);
        let attempt = failure.attempt;
        if failure.class == FailureClass::Preemption {
            self.cover.hit("preemption");
        }
        if failure.class == FailureClass::OutOfMemory {
            self.cover.hit("out of memory inferred");
        }
        if failure.reason.contains("stood still") {
            self.cover.hit("primary stood still");
        }
        if let Some(exit) = &failure.exit {
            let own = self.facts.cause(index, attempt, Cause::Own(false));
            if !own || exit.killed_by_gang {
                self.broken("I6", format!("{} is blamed: {exit:?}", failure.replica));
            }
            if self.facts.held == Some(attempt) {
                self.cover.hit("held blame replaced by the cause");
            }
        } else {
            let window = 60 * SECOND;
            let near = self.facts.disturbed[index].is_some_and(|at| self.now < at + window);
            if !near {
                self.broken("I6", format!("{} is blamed: {}", failure.replica, failure.reason));
            }
            if self.facts.held == Some(attempt) {
                self.cover.hit("held blame");
            }
        }
    }

    /// I9.
    fn completed(&mut self, agent: usize, attempt: Attempt) {
        let all = self.plan.config.completion == Completion::All;
        for (index, member) in self.plan.config.members.iter().enumerate() {
            let wanted = if all { !member.serves } else { index == 0 };
            if !wanted {
                continue;
            }
            let who = self.agents[agent].joined[index];
            let ended = self.facts.ended.get(&(index, attempt));
            let well = ended.is_some_and(|all| {
                all.iter().any(|(a, cause)| Some(*a) == who && *cause == Cause::Own(true))
            });
            if !well {
                self.broken("I9", format!("{} did not succeed in {attempt}", member.replica));
                return;
            }
        }
    }
}
