//! The verdict: decided, told, acknowledged, committed, released; the primary exits last.

use std::time::Duration;

use super::machine::Phase;
use super::{Session, SessionOutput};
use crate::gang::rules::{Rule, keeps};
use crate::gang::{
    AgentExit, Completion, FailureClass, FirstFailure, GangEvent, Now, Outcome, ReplicaId,
    ToMember, Verdict,
};

impl Session {
    /// A primary that never had all members at once can't know what an earlier one decided with
    /// those who are missing now.
    fn may_judge(&self) -> bool {
        let first = self.me.generation == 0 && self.highest_attempt == 0;
        self.gathered || first || !keeps(Rule::JudgeOnlyGathered)
    }

    /// Ends the run without a success, if this primary may say so.
    pub(super) fn judge(&mut self, outcome: Outcome, first: Option<FirstFailure>, reason: String) {
        if !matches!(self.phase, Phase::Gathering { .. } | Phase::Running) {
            return;
        }
        if self.may_judge() {
            let attempt = self.carry.epoch.1;
            self.end(Verdict { outcome, attempt, first_failure: first, reason }, Duration::ZERO);
        } else {
            let reason = format!("{reason}; what an earlier primary decided is not known");
            self.event(GangEvent::Warning { message: reason.clone() });
            self.phase = Phase::Disbanding { until: self.ending_until(Duration::ZERO) };
            for i in (0..self.slots.len()).filter(|i| !Self::is_own(*i)) {
                self.tell(i, ToMember::Disband { reason: reason.clone() });
            }
            let attempt = self.carry.epoch.1;
            self.tell(0, ToMember::Stop { attempt });
        }
    }

    pub(super) fn succeed(&mut self) {
        let rule = match self.config.completion {
            Completion::Primary => "the primary ended with exit code 0",
            Completion::All => "every replica ended with exit code 0",
        };
        let verdict = Verdict {
            outcome: Outcome::Succeeded,
            attempt: self.carry.epoch.1,
            first_failure: None,
            reason: rule.into(),
        };
        self.end(verdict, self.config.drain);
    }

    pub(super) fn adopt_verdict(&mut self, verdict: Verdict) {
        self.end(verdict, Duration::ZERO);
    }

    fn ending_until(&self, drain: Duration) -> Now {
        self.now + self.config.ending_bound(drain)
    }

    fn end(&mut self, verdict: Verdict, drain: Duration) {
        let attempt = self.carry.epoch.1;
        self.held = None;
        self.carry.verdict = Some(verdict.clone());
        self.phase = Phase::Ending { committed: false, until: self.ending_until(drain) };
        self.event(GangEvent::Verdict { verdict });
        let replicas: Vec<ReplicaId> = self
            .slots
            .iter()
            .filter(|slot| !slot.serves && slot.exit.is_none() && slot.link.is_some())
            .map(|slot| slot.replica.clone())
            .collect();
        if !drain.is_zero() && !replicas.is_empty() && attempt > 0 {
            self.event(GangEvent::Draining { replicas, within: drain });
        }
        for i in 0..self.slots.len() {
            self.slots[i].acked = false;
            self.tell_verdict(i);
        }
    }

    pub(super) fn tell_verdict(&mut self, i: usize) {
        let Some(verdict) = self.carry.verdict.clone() else { return };
        let drains = verdict.outcome == Outcome::Succeeded && !self.slots[i].serves;
        let drain = if drains { self.config.drain } else { Duration::ZERO };
        self.tell(i, ToMember::Verdict { verdict, drain });
    }

    /// The primary's own pod is being taken away: what is decided is committed in a moment, or when
    /// no start that is still on its way can follow the commit. The pod lasts that long.
    pub(super) fn hurry(&mut self) {
        let mut soon = self.now + self.config.margin();
        if self.config.replaces() && keeps(Rule::HurryAfterStarts) {
            let on_their_way = self.slots.iter().filter(|slot| slot.starting);
            let refused = on_their_way.map(|slot| self.unable_to_start_at(slot));
            let refused = refused.fold(self.starts_until, Now::max);
            soon = soon.max(refused.min(self.now + self.config.leave_bound()));
        }
        if let Phase::Ending { until, .. } | Phase::Disbanding { until } = &mut self.phase {
            *until = soon.min(*until);
        }
    }

    pub(super) fn check_ending(&mut self) {
        self.alone_since = match self.phase {
            Phase::Ending { committed: true, .. } if self.is_alone() => {
                self.alone_since.or(Some(self.now))
            }
            _ => None,
        };
        match self.phase {
            Phase::Ending { committed: false, until } => {
                // Where nothing is replaced nobody can come back without knowing the verdict.
                let known = self
                    .slots
                    .iter()
                    .all(|slot| slot.acked || slot.link.is_none() && !self.config.replaces());
                // Alone, commit and exit are one step: nothing may replace this primary in between.
                // A start may be under way to one that was displaced, until its lease is over.
                let quiet =
                    self.is_quiet() || !self.config.replaces() || !keeps(Rule::CommitInQuiet);
                let early = known && quiet && (self.own_is_idle() || !self.is_alone());
                if early || !keeps(Rule::AckBeforeCommit) {
                    self.commit();
                    self.phase = Phase::Ending { committed: true, until };
                    self.check_ending();
                } else if self.now >= until || !self.worth_waiting() {
                    // Somebody alive may not know it: after the commit this primary must not be
                    // there to be replaced by one that would start again.
                    self.commit();
                    self.exit(self.verdict_exit());
                }
            }
            Phase::Ending { committed: true, until } if self.may_go(until) => {
                self.exit(self.verdict_exit());
            }
            Phase::Disbanding { until } if self.has_ended(until) => self.exit(AgentExit::FinalJob),
            _ => {}
        }
    }

    /// The primary exits last, and late enough for everybody's end to be known.
    fn may_go(&self, until: Now) -> bool {
        let pause = self.config.last_exit_pause();
        let known = self.alone_since.is_some_and(|at| self.now >= at + pause);
        known && self.own_is_idle() || self.now >= until
    }

    fn has_ended(&self, until: Now) -> bool {
        self.is_alone() && self.own_is_idle() || self.now >= until
    }

    fn is_alone(&self) -> bool {
        self.slots.iter().skip(1).all(|slot| slot.link.is_none())
    }

    fn own_is_idle(&self) -> bool {
        self.slots.first().is_none_or(|own| own.idle || !own.present())
    }

    /// Somebody may still acknowledge, or still has to end its command.
    fn worth_waiting(&self) -> bool {
        if !self.is_quiet() && self.config.replaces() {
            return true;
        }
        let unseen = self.now < self.unheard_of_until();
        self.slots.iter().any(|slot| match slot.link {
            Some(_) => !slot.acked || !slot.idle,
            None => unseen && !slot.acked || self.now < self.gone_at(slot),
        })
    }

    fn commit(&mut self) {
        let Some(verdict) = self.carry.verdict.clone() else { return };
        self.push(SessionOutput::Commit(verdict));
        for i in (0..self.slots.len()).filter(|i| !Self::is_own(*i)) {
            self.tell(i, ToMember::Release);
        }
    }

    fn verdict_exit(&self) -> AgentExit {
        match &self.carry.verdict {
            Some(verdict) if verdict.outcome == Outcome::Succeeded => AgentExit::Success,
            Some(Verdict { outcome: Outcome::Failed, first_failure: Some(failure), .. })
                if failure.class == FailureClass::Preemption =>
            {
                AgentExit::FinalEvicted
            }
            _ => AgentExit::FinalJob,
        }
    }
}
