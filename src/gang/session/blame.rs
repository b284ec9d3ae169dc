//! Who failed first, which budget pays, and who has to be replaced.

use super::Session;
use super::machine::Phase;
use super::slot::Slot;
use crate::gang::rules::{Rule, keeps};
use crate::gang::{Exit, FailureClass, FirstFailure, GangEvent, Now, Outcome, ReplicaId, ToMember};

/// A failure that is probably a consequence: it waits for the real cause.
#[derive(Clone, Debug)]
pub(super) struct Held {
    failure: FirstFailure,
    slot: usize,
    pub(super) until: Now,
    /// When all others were asked whether they still live and have nothing to report.
    probed: Option<Now>,
}

fn lost_touch(slot: &Slot) -> String {
    format!("{} lost touch with the primary", slot.replica)
}

impl Session {
    pub(super) fn command_failed(&mut self, i: usize, exit: Exit) {
        let replica = self.slots[i].replica.clone();
        let attempt = self.carry.epoch.1;
        if exit.killed_by_gang && keeps(Rule::SpareKilled) {
            // Its lease ran out. Either it lost us, or the gang is losing somebody else.
            if self.last_pause_end.is_some_and(|at| self.now < at + self.config.lease * 2) {
                self.primary_stood_still("the primary itself stood still".into());
                return;
            }
            let class = FailureClass::Infrastructure;
            let failure = self.agent_failure(i, class, lost_touch(&self.slots[i]));
            self.hold(i, failure);
            return;
        }
        let class = exit.class.unwrap_or(FailureClass::UserError);
        let reason = format!("{replica}: {}", exit.reason);
        let peer_loss = exit.peer_loss;
        let failure = FirstFailure { attempt, replica, class, exit: Some(exit), reason };
        if peer_loss && keeps(Rule::HoldPeerLoss) {
            self.hold(i, failure);
        } else {
            self.fail(i, failure, false);
        }
    }

    fn hold(&mut self, slot: usize, failure: FirstFailure) {
        match &mut self.held {
            // A lost lease may be the reason for a peer-loss error, never the other way round.
            Some(held) if held.failure.exit.is_some() && failure.exit.is_none() => {
                (held.failure, held.slot) = (failure, slot);
            }
            Some(_) => {}
            None => {
                let until = self.now + self.config.blame_hold;
                self.held = Some(Held { failure, slot, until, probed: None });
            }
        }
    }

    /// The hold is over when everybody else has been asked and had nothing worse to tell. One who
    /// doesn't answer is lost sooner or later, and is then the real cause.
    pub(super) fn check_held(&mut self) {
        let now = self.now;
        if self.phase != Phase::Running {
            self.held = None;
            return;
        }
        let Some(held) = &mut self.held else { return };
        let slot = held.slot;
        if now < held.until {
            return;
        }
        let Some(probed) = held.probed else {
            held.probed = Some(now);
            for i in 0..self.slots.len() {
                self.probe(i);
            }
            return;
        };
        let others = self.slots.iter().enumerate().filter(|(i, _)| *i != slot);
        if others.into_iter().all(|(_, other)| other.answered_probe >= probed)
            && let Some(held) = self.held.take()
        {
            if held.failure.exit.is_some() {
                self.fail(slot, held.failure, false);
            } else {
                let culprit = self.longest_silence().unwrap_or(slot);
                let reason = lost_touch(&self.slots[culprit]);
                let class = FailureClass::Infrastructure;
                let failure = self.agent_failure(culprit, class, reason);
                self.fail(culprit, failure, false);
            }
        }
    }

    /// A lease shrinks with the silence of anybody: who was silent longest of late ended it.
    fn longest_silence(&self) -> Option<usize> {
        let recent = |at: Now| self.now < at + self.config.lease * 2;
        (0..self.slots.len())
            .filter_map(|i| self.slots[i].last_silence.map(|(length, at)| (length, at, i)))
            .filter(|(_, at, _)| recent(*at))
            .max_by_key(|(length, _, _)| *length)
            .map(|(_, _, i)| i)
    }

    /// Asks a member for a sign of life while a failure is held.
    pub(super) fn probe(&mut self, i: usize) {
        if let Some(at) = self.held.as_ref().and_then(|held| held.probed) {
            self.tell(i, ToMember::Probe { at });
        }
    }

    pub(super) fn primary_stood_still(&mut self, reason: String) {
        if self.phase == Phase::Running {
            let failure = self.agent_failure(0, FailureClass::Infrastructure, reason);
            self.fail(0, failure, false);
        }
    }

    pub(super) fn terminated(&mut self, i: usize) {
        if std::mem::replace(&mut self.slots[i].outside, true) {
            return;
        }
        self.pause_until = self.pause_until.max(self.now + self.config.outside_pause);
        if self.phase == Phase::Running {
            let reason = format!("{} was terminated from outside", self.slots[i].replica);
            let failure = self.agent_failure(i, FailureClass::Preemption, reason);
            self.fail(i, failure, !self.config.replaces());
        } else if Self::is_own(i) {
            self.hurry();
        }
    }

    pub(super) fn member_lost(&mut self, i: usize, class: FailureClass, reason: String) {
        let fatal = !self.config.replaces();
        match self.phase {
            Phase::Running => {
                let failure = self.agent_failure(i, class, reason);
                self.fail(i, failure, fatal);
            }
            Phase::Gathering { .. } if fatal => {
                let failure = self.agent_failure(i, class, reason.clone());
                self.carry.first_failure = Some(failure.clone());
                self.judge(Outcome::Failed, Some(failure), reason);
            }
            _ => {}
        }
    }

    /// An agent that nothing replaces ended before it had joined: the others would wait in vain.
    pub(super) fn never_came(&mut self, replica: &ReplicaId) {
        let Some(i) = self.slots.iter().position(|slot| slot.replica == *replica) else { return };
        let gathering = matches!(self.phase, Phase::Gathering { .. });
        if !gathering || self.slots[i].present() || self.config.replaces() {
            return;
        }
        let reason = format!("the agent of {replica} ended before it had joined");
        let failure = self.agent_failure(i, FailureClass::Infrastructure, reason.clone());
        self.carry.first_failure = Some(failure.clone());
        self.judge(Outcome::CouldNotStart, Some(failure), reason);
    }

    pub(super) fn unclean(&mut self, i: usize) {
        let reason = format!("{} could not clean up after its command", self.slots[i].replica);
        match self.phase {
            Phase::Ending { .. } | Phase::Disbanding { .. } | Phase::Over => return,
            Phase::Running => {
                let failure = self.agent_failure(i, FailureClass::Infrastructure, reason.clone());
                self.fail(i, failure, !self.config.replaces());
            }
            Phase::Gathering { .. } if !self.config.replaces() => {
                let failure = self.agent_failure(i, FailureClass::Infrastructure, reason.clone());
                self.judge(Outcome::Failed, Some(failure), reason.clone());
            }
            Phase::Gathering { .. } => {}
        }
        self.replace(i, reason);
    }

    fn replace(&mut self, i: usize, reason: String) {
        if self.config.replaces() && !self.slots[i].replacing {
            self.slots[i].replacing = true;
            let replica = self.slots[i].replica.clone();
            self.event(GangEvent::ReplicaReplaced { replica, reason: reason.clone() });
            self.tell(i, ToMember::Replace { reason });
        }
    }

    fn agent_failure(&self, i: usize, class: FailureClass, reason: String) -> FirstFailure {
        let replica = self.slots[i].replica.clone();
        FirstFailure { attempt: self.carry.epoch.1, replica, class, exit: None, reason }
    }

    /// The attempt has failed: everybody stops, and its class pays or ends the run. `fatal`: what
    /// is lost doesn't come back.
    fn fail(&mut self, i: usize, failure: FirstFailure, fatal: bool) {
        let attempt = self.carry.epoch.1;
        let class = failure.class;
        let again = self.carry.first_failure.as_ref().is_some_and(|last| {
            last.replica == failure.replica
                && last.attempt.checked_add(1) == Some(attempt)
                && last.exit.is_some()
        });
        let repeated = again && failure.exit.is_some();
        self.held = None;
        self.carry.first_failure = Some(failure.clone());
        self.event(GangEvent::FirstFailure { failure: failure.clone() });
        let (budget, spent) = (self.config.budgets.get(class), self.carry.spent.get(class));
        let is_final = self.config.is_final(failure.exit.as_ref());
        if fatal || is_final || spent >= budget && keeps(Rule::BudgetsEnd) {
            let why = if fatal {
                "and nothing replaces a lost replica here".to_owned()
            } else if is_final {
                "and a retry would end the same".to_owned()
            } else {
                format!("and no retry for {class} is left ({spent} of {budget} used)")
            };
            let reason = format!("{}, {why}", failure.reason);
            self.judge(Outcome::Failed, Some(failure), reason);
            return;
        }
        *self.carry.spent.0.entry(class).or_default() += 1;
        let left = budget.saturating_sub(spent + 1);
        self.event(GangEvent::Retry { attempt: attempt.saturating_add(1), class, left });
        self.ending_attempt = Some(attempt);
        let until = self.now + self.config.rejoin_timeout + self.config.stop_bound();
        self.phase = Phase::Gathering { until };
        for other in 0..self.slots.len() {
            self.renew(other);
            self.tell(other, ToMember::Stop { attempt });
        }
        // The only holder of the memory can't be replaced without forgetting the budgets.
        if repeated && self.slots.len() > 1 {
            let replica = &self.slots[i].replica;
            self.replace(i, format!("{replica} failed first in two attempts in a row"));
        }
    }
}
