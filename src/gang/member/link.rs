//! The link to the primary: dialled, joined, kept alive by heartbeats, given up at last.

use std::time::Duration;

use super::{MemberEvent, MemberMachine, MemberOutput};
use crate::gang::rules::{Rule, keeps};
use crate::gang::{AgentExit, Join, Now, ToPrimary};

/// How far the connection to the primary has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// No connection was ever asked for.
    New,
    /// Asked for at this time, to be made at a later one.
    Dialling(Now),
    /// Up; the join was sent, or the last word heard, at this time.
    Joining(Now),
    /// The primary has let this member in.
    In,
}

impl MemberMachine {
    pub(super) fn link_up(&mut self) {
        self.link = Link::Joining(self.now);
        // It may be another primary, with another clock.
        self.last_probe = Now::ZERO;
        self.released = false;
        let join = Join {
            run: self.config.run.clone(),
            job_uid: self.config.job_uid.clone(),
            replica: self.replica.clone(),
            pod_uid: self.me.pod_uid.clone(),
            generation: self.me.generation,
            size: self.config.members.len() as u32,
            running: self.command.attempt(),
            seen: self.highest_attempt,
            sent: self.now,
            carry: self.carry.clone(),
            met: self.met.take(),
        };
        self.send(ToPrimary::Join(join));
    }

    pub(super) fn link_lost(&mut self, _refused: bool) {
        if self.link == Link::In {
            self.event(MemberEvent::PrimaryLost);
        }
        if self.welcomed && !self.config.replaces() {
            self.link = Link::Dialling(self.now);
            self.orphaned();
        } else {
            let after = self.dial_pause;
            self.dial_pause = (after * 2).min(self.config.heartbeat() / 3);
            self.dial(after);
        }
    }

    /// Whoever has not been let in by now would dial in vain.
    pub(super) fn primary_gone(&mut self) {
        if !self.welcomed && !self.config.replaces() {
            self.orphaned();
        }
    }

    /// Says everything again that the primary may have missed.
    pub(super) fn repeat(&mut self) {
        if let Some((attempt, exit)) = self.last_exit.clone() {
            self.send(ToPrimary::Exited { attempt, exit });
        }
        if self.outside_until.is_some() {
            self.send(ToPrimary::TerminatedFromOutside);
        }
        if self.highest_attempt > 0 {
            self.report_stopped();
        }
        self.next_heartbeat = self.now + self.config.heartbeat();
    }

    pub(super) fn heartbeat(&mut self) {
        self.next_heartbeat = self.now + self.config.heartbeat();
        self.send(ToPrimary::Heartbeat {
            running: self.command.attempt(),
            carry: self.carry.clone(),
            usage: self.usage,
            sent: self.now,
            answers: self.last_probe,
        });
    }

    /// The machine slept: silence so far proves nothing.
    pub(super) fn touch_link(&mut self) {
        if let Link::Joining(since) = &mut self.link {
            *since = self.now;
        }
    }

    pub(super) fn link_timers(&mut self) {
        if !self.is_leaving()
            && self.now >= self.orphan_at()
            && !self.is_primary()
            && keeps(Rule::OrphansLeave)
        {
            self.orphaned();
        }
        match self.link {
            Link::New => self.dial(Duration::ZERO),
            Link::Dialling(since) if self.now >= since + self.config.lease => {
                self.dial(Duration::ZERO);
            }
            Link::Joining(since) if self.now >= since + self.silence() => {
                self.dial(Duration::ZERO);
            }
            // Where nobody is replaced a broken link would end the gang: bear the silence.
            Link::In if self.config.replaces() && self.now >= self.last_heard + self.silence() => {
                self.event(MemberEvent::PrimaryLost);
                self.dial(Duration::ZERO);
            }
            Link::In if self.now >= self.next_heartbeat => self.heartbeat(),
            _ => {}
        }
    }

    pub(super) fn link_times(&self, times: &mut Vec<Now>) {
        if !self.is_leaving() && !self.is_primary() {
            times.push(self.orphan_at());
        }
        match self.link {
            Link::New => {}
            Link::Dialling(since) => times.push(since + self.config.lease),
            Link::Joining(since) => times.push(since + self.silence()),
            Link::In => {
                times.push(self.next_heartbeat);
                times.push(self.last_heard + self.silence());
            }
        }
    }

    /// Early enough that a new link can still save the lease.
    fn silence(&self) -> Duration {
        self.config.heartbeat() * 3
    }

    pub(super) fn orphan_at(&self) -> Now {
        self.last_heard + self.config.orphan_bound(self.welcomed, self.me.generation)
    }

    /// Nobody is left who could say how the run ends. A verdict that was heard of but not released
    /// may never have been committed, so it isn't reported either.
    fn orphaned(&mut self) {
        if self.committed {
            return;
        }
        let reason = match &self.carry.verdict {
            Some(verdict) => format!(
                "the primary was lost before it confirmed its decision ({})",
                verdict.outcome.as_str()
            ),
            None if self.welcomed => "the primary was lost".to_owned(),
            None => "the primary did not come".to_owned(),
        };
        // Who has never met a primary waits in vain with all others: the whole Job gives its places back.
        let is_first = !self.welcomed && self.me.generation == 0;
        let exit = if is_first { AgentExit::FinalJob } else { AgentExit::Final };
        self.leave(exit, reason);
    }

    fn dial(&mut self, after: Duration) {
        self.link = Link::Dialling(self.now + after);
        self.out.push(MemberOutput::Dial { after });
    }
}
