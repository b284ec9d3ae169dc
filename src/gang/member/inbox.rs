//! What the primary says, and what a member makes of it.

use std::time::Duration;

use super::command::Command;
use super::link::Link;
use super::{MemberEvent, MemberMachine};
use crate::gang::rules::{Rule, keeps};
use crate::gang::{AgentExit, Attempt, Now, ToMember, ToPrimary, Verdict};

impl MemberMachine {
    pub(super) fn message(&mut self, message: ToMember) {
        if !matches!(self.link, Link::Joining(_) | Link::In) {
            return;
        }
        self.last_heard = self.now;
        match message {
            ToMember::Welcome { carry, met } => {
                self.carry.merge(&carry);
                self.met = met;
                if self.link != Link::In {
                    self.link = Link::In;
                    self.dial_pause = self.config.first_dial_pause();
                    self.welcomed = true;
                    self.event(MemberEvent::Welcomed);
                    self.repeat();
                }
            }
            ToMember::Refuse { reason } => {
                self.event(MemberEvent::Refused { reason: reason.clone() });
                self.leave(self.gone_for_another(), reason);
            }
            ToMember::Start { attempt } => self.start(attempt),
            ToMember::Stop { attempt } => self.stop(attempt),
            ToMember::Lease { carry, sent, valid, quiet } => {
                self.carry.merge(&carry);
                if let Some(met) = &mut self.met {
                    met.quiet = quiet;
                }
                self.renew(sent, valid);
            }
            ToMember::Left { carry, over } => {
                self.carry.merge(&carry);
                if let Some(met) = &mut self.met {
                    met.left = over;
                }
            }
            ToMember::Probe { at } => {
                self.last_probe = at;
                self.heartbeat();
            }
            ToMember::Verdict { verdict, drain } => self.verdict(verdict, drain),
            ToMember::Release => {
                self.committed = self.carry.verdict.is_some();
                self.released = self.committed;
            }
            ToMember::Disband { reason } => self.leave(AgentExit::Final, reason),
            ToMember::Replace { reason } => {
                if self.carry.verdict.is_none() {
                    self.leave(self.gone_for_another(), reason);
                }
            }
        }
    }

    fn gone_for_another(&self) -> AgentExit {
        if self.config.replaces() { AgentExit::Count } else { AgentExit::Final }
    }

    fn stop(&mut self, attempt: Attempt) {
        self.highest_attempt = self.highest_attempt.max(attempt);
        self.stop_command(self.config.grace);
        self.report_stopped();
    }

    fn renew(&mut self, sent: Now, valid: Duration) {
        let from = if keeps(Rule::LeaseFromSending) { sent } else { self.now };
        // A time that has not come yet is none of ours.
        if sent <= self.now && !valid.is_zero() {
            self.lease_until = self.lease_until.max(from.saturating_add(valid));
        }
    }

    fn verdict(&mut self, verdict: Verdict, drain: Duration) {
        if keeps(Rule::FirstVerdictStays) {
            self.carry.verdict.get_or_insert(verdict);
        } else {
            self.carry.verdict = Some(verdict);
        }
        self.send(ToPrimary::Ack);
        if drain.is_zero() || self.outside_until.is_some() {
            self.stop_command(self.config.grace);
        } else if matches!(self.command, Command::Running(_)) {
            let until = self.now.saturating_add(drain);
            self.drain_until = Some(self.drain_until.map_or(until, |old| old.min(until)));
        }
        self.report_stopped();
    }
}
