//! What the primaries' own events must not say: I2, I5, I6, I9 and I10.

use super::check::Cause;
use super::plan::{Moment, Ms, SECOND};
use super::world::World;
use crate::gang::{Attempt, Completion, FailureClass, FirstFailure, GangEvent, ReplicaId, Session};

impl World<'_> {
    pub(super) fn index_of(&self, replica: &ReplicaId) -> usize {
        let members = &self.plan.config.members;
        members.iter().position(|m| m.replica == *replica).unwrap_or(usize::MAX)
    }

    pub(super) fn gang_event(&mut self, agent: usize, event: GangEvent) {
        self.reasoned(agent, &event);
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
            GangEvent::AttemptStarted { attempt } => {
                let age = self.now - self.agents[agent].born_at;
                let wait = self.plan.config.dead_after().as_millis() as Ms;
                if self.agents[agent].generation > 0 && age < wait && self.plan.n() > 1 {
                    self.cover.hit("proved end");
                }
                self.attempt_started(agent, attempt);
                self.strike(Moment::Starts);
            }
            GangEvent::FirstFailure { failure } => self.blamed(&failure),
            GangEvent::Completed { attempt } => self.completed(agent, attempt),
            GangEvent::AttemptEnded { .. } => self.cover.hit("attempt ended"),
            GangEvent::Retry { .. } => {
                self.facts.retried = true;
                self.cover.hit("retry");
                self.strike(Moment::Gathers);
            }
            GangEvent::Adopted { .. } => self.cover.hit("adopted attempt"),
            GangEvent::Draining { .. } => self.cover.hit("drained"),
            GangEvent::Verdict { .. } => {
                let before = self.agents.iter().any(|one| {
                    let ours = one.wire.is_some_and(|wire| self.wires[wire].primary == agent);
                    one.alive && ours && one.member.carry().verdict.is_some()
                });
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

    /// I2 and I5: all members are there, and nothing that they remember is forgotten.
    fn attempt_started(&mut self, agent: usize, attempt: Attempt) {
        let memory = self.agents[agent].session.as_ref().map(Session::memory).unwrap_or_default();
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
        if let Some(timeout) = self.plan.config.longest()
            && memory.elapsed > timeout
        {
            self.broken("I8", format!("attempt {attempt} starts after the timeout"));
        }
    }

    /// I6: who is blamed has failed by itself, or was interfered with not long ago.
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

    /// I9: the commands that the completion rule counts have all ended well by themselves.
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
