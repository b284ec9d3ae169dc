//! One attempt after the other: gather, start, notice that it is over.

use std::time::Duration;

use super::Session;
use super::machine::Phase;
use crate::gang::rules::{Rule, keeps};
use crate::gang::{Attempt, Completion, Exit, GangEvent, Outcome, ToMember};

impl Session {
    pub(super) fn check_gathering(&mut self) {
        let Phase::Gathering { until } = self.phase else { return };
        let idle = self.slots.iter().all(|slot| slot.idle || !slot.present());
        if idle && let Some(attempt) = self.ending_attempt.take() {
            self.event(GangEvent::AttemptEnded { attempt });
        }
        let fresh = self.config.heartbeat() * 3;
        let ready = self.slots.iter().all(|slot| {
            slot.ready() && self.now.saturating_sub(slot.last_heard) < fresh
                || !slot.present() && !keeps(Rule::StartNeedsAll) && self.now > self.born_at
                || slot.present() && !slot.idle && !keeps(Rule::WaitForStopped)
        });
        if ready && self.is_quiet() && self.now >= self.pause_until {
            self.count_in();
            self.start();
        } else if ready && !self.is_quiet() && !std::mem::replace(&mut self.told_quiet, true) {
            let within = self.quiet_at().saturating_sub(self.now);
            self.event(GangEvent::Quiet { within });
        } else if self.now >= until && keeps(Rule::GatheringEnds) {
            self.not_gathered();
        }
    }

    fn start(&mut self) {
        let attempt = self.carry.epoch.1.max(self.highest_attempt).saturating_add(1);
        let generation = self.carry.epoch.0.max(self.me.generation);
        if attempt == 1 {
            self.gathered_for = self.now.saturating_sub(self.born_at);
        }
        self.carry.epoch = (generation, attempt);
        self.carry.elapsed = self.elapsed();
        self.counted_from = Some(self.now);
        self.highest_attempt = attempt;
        self.started = true;
        // Whatever an earlier primary had left has ended.
        self.inherited_until = self.now;
        self.phase = Phase::Running;
        self.ending_attempt = None;
        self.held = None;
        self.event(GangEvent::AttemptStarted { attempt });
        for i in 0..self.slots.len() {
            self.slots[i].exit = None;
            self.renew(i);
            self.tell_start(i);
        }
    }

    /// Tells a member to start the current attempt.
    pub(super) fn tell_start(&mut self, i: usize) {
        let attempt = self.carry.epoch.1;
        self.slots[i].idle = false;
        self.slots[i].starting = true;
        self.tell(i, ToMember::Start { attempt });
    }

    /// A member said something about this attempt: it has read that it should start it.
    pub(super) fn start_arrived(&mut self, i: usize, attempt: Attempt) {
        if attempt >= self.carry.epoch.1 {
            self.slots[i].starting = false;
        }
    }

    fn not_gathered(&mut self) {
        let missing = self.missing();
        let names = if missing.is_empty() {
            "not every replica became idle".to_owned()
        } else {
            let names: Vec<_> = missing.iter().map(ToString::to_string).collect();
            format!("{} did not come", names.join(", "))
        };
        if self.carry.epoch.1 == 0 && self.highest_attempt == 0 {
            self.judge(Outcome::CouldNotStart, None, names);
        } else {
            let failure = self.carry.first_failure.clone();
            self.judge(Outcome::Failed, failure, format!("{names} back in time"));
        }
    }

    pub(super) fn check_timeout(&mut self) {
        if !matches!(self.phase, Phase::Gathering { .. } | Phase::Running) {
            return;
        }
        if self.counted_from.is_some()
            && let Some((left, reason)) = self.limit()
            && left.is_zero()
        {
            let failure = self.carry.first_failure.clone();
            self.judge(Outcome::TimedOut, failure, reason);
        }
    }

    /// The limit that comes first: what is left until then, and why the run ends there.
    pub(super) fn limit(&self) -> Option<(Duration, String)> {
        let timeout = self
            .config
            .timeout
            .map(|timeout| (timeout, format!("the timeout of {} s is over", timeout.as_secs())));
        let cost = self.config.cost_limit.as_ref().map(|limit| {
            let time = limit.time.saturating_sub(self.gathered_for);
            (time, limit.reason())
        });
        let (time, reason) = timeout.into_iter().chain(cost).min_by_key(|(time, _)| *time)?;
        Some((time.saturating_sub(self.elapsed()), reason))
    }

    pub(super) fn exited(&mut self, i: usize, attempt: Attempt, exit: Exit) {
        if attempt != self.carry.epoch.1 && keeps(Rule::CurrentExitsOnly) {
            return;
        }
        self.start_arrived(i, attempt);
        if self.slots[i].exit.is_some() {
            return;
        }
        let replica = self.slots[i].replica.clone();
        self.event(GangEvent::ReplicaExited { attempt, replica, exit: exit.clone() });
        self.slots[i].exit = Some(exit.clone());
        if self.phase != Phase::Running {
            return;
        }
        if !exit.status.is_success() || exit.killed_by_gang {
            self.command_failed(i, exit);
        } else if self.is_complete() {
            self.event(GangEvent::Completed { attempt });
            self.succeed();
        }
    }

    fn is_complete(&self) -> bool {
        match self.config.completion {
            Completion::Primary => self.slots.first().is_some_and(super::slot::Slot::succeeded),
            Completion::All => {
                let none_ends = self.slots.iter().all(|slot| slot.serves);
                self.slots.iter().all(|slot| slot.succeeded() || slot.serves && !none_ends)
            }
        }
    }

    pub(super) fn stopped(&mut self, i: usize, attempt: Attempt, clean: bool) {
        if attempt < self.carry.epoch.1 {
            return;
        }
        self.start_arrived(i, attempt);
        let replica = self.slots[i].replica.clone();
        let news = !self.slots[i].idle;
        if clean || matches!(self.phase, Phase::Ending { .. }) {
            self.slots[i].idle = true;
        }
        if news {
            self.event(GangEvent::ReplicaStopped { attempt, replica, clean });
        }
        if !clean && keeps(Rule::UncleanIsReplaced) {
            self.unclean(i);
        } else if !clean {
            self.slots[i].idle = true;
        }
    }
}
