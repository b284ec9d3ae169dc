//! Leases: what a member may rely on, and when one that is out of reach is surely dead.

use std::time::Duration;

use super::Session;
use super::machine::Phase;
use super::slot::Slot;
use crate::gang::rules::{Rule, keeps};
use crate::gang::{FailureClass, GangEvent, Now, ToMember};

impl Session {
    /// How long a lease given now is good for. Whoever has lost one member has to assume that it is
    /// about to join another primary: that one waits until all our leases are over.
    fn validity(&self) -> Duration {
        let lease = self.config.lease;
        if !keeps(Rule::LeaseShrinks) {
            return lease;
        }
        // After a verdict only those count who don't know it: with one who does, no attempt starts.
        let ending = matches!(self.phase, Phase::Ending { .. });
        let mut oldest = self.now;
        for slot in &self.slots {
            if ending && (slot.acked || !self.config.replaces()) {
                continue;
            }
            if !slot.present() {
                return Duration::ZERO;
            }
            oldest = oldest.min(slot.last_heard);
        }
        lease.saturating_sub(self.now.saturating_sub(oldest))
    }

    /// Gives a member a lease, counted from its last join or heartbeat, and the gang's memory.
    pub(super) fn renew(&mut self, i: usize) {
        let valid = self.validity();
        let slot = &mut self.slots[i];
        slot.granted_until = slot.granted_until.max(self.now + valid);
        let sent = slot.last_sent;
        let carry = self.memory();
        let quiet = self.is_quiet();
        self.tell(i, ToMember::Lease { carry, sent, valid, quiet });
    }

    /// When nothing of this member's command can be running any more.
    pub(super) fn gone_at(&self, slot: &Slot) -> Now {
        if slot.granted_until.is_zero() {
            return Now::ZERO;
        }
        slot.granted_until + self.config.kill_bound + self.config.margin()
    }

    /// When this member refuses whatever start is still on its way to it: it has no lease then.
    pub(super) fn unable_to_start_at(&self, slot: &Slot) -> Now {
        slot.granted_until + self.config.margin()
    }

    /// Until then a member that has not shown itself to this primary may still do so.
    pub(super) fn unheard_of_until(&self) -> Now {
        self.born_at + self.config.dead_after()
    }

    pub(super) fn link_lost(&mut self, i: usize) {
        self.slots[i].link = None;
        let slot = &self.slots[i];
        if slot.outside || slot.replacing {
            self.lose(i, "its agent left".into());
        } else if !self.config.replaces() {
            self.lose(i, "its agent is gone".into());
        } else if matches!(self.phase, Phase::Disbanding { .. }) {
            self.slots[i].pod = None;
        }
    }

    /// The member is gone: for good on a laptop, until its pod is replaced elsewhere.
    pub(super) fn lose(&mut self, i: usize, reason: String) {
        let gone_at = self.gone_at(&self.slots[i]);
        let unable_at = self.unable_to_start_at(&self.slots[i]);
        let slot = &mut self.slots[i];
        let link = slot.link.take();
        let idle = std::mem::replace(&mut slot.idle, false);
        let starting = std::mem::replace(&mut slot.starting, false);
        slot.pod = None;
        let outside = slot.outside;
        let memory = slot.out_of_memory();
        let replica = slot.replica.clone();
        if let Some(link) = link {
            self.push(super::SessionOutput::Close { link });
        }
        if !idle && keeps(Rule::QuietAfterLoss) {
            self.quiet_until = self.quiet_until.max(gone_at);
        }
        if starting {
            self.starts_until = self.starts_until.max(unable_at);
        }
        self.event(GangEvent::ReplicaLost { replica: replica.clone(), reason: reason.clone() });
        let (class, reason) = if outside {
            (FailureClass::Preemption, format!("{replica} was terminated from outside"))
        } else if memory {
            let why = "its memory was at 90 % of the limit or more: out of memory (inferred)";
            (FailureClass::OutOfMemory, format!("{replica} was lost ({reason}); {why}"))
        } else {
            (FailureClass::Infrastructure, format!("{replica} was lost: {reason}"))
        };
        self.member_lost(i, class, reason);
    }

    /// Long silence of the primary itself: its members could not have been heard, and what they
    /// sent meanwhile says nothing about now.
    pub(super) fn notice_pause(&mut self, gap: Duration) {
        if gap < self.config.heartbeat() * 3 / 2 {
            return;
        }
        let grace = self.now + self.config.heartbeat() * 2;
        let at = self.now;
        let mut any = false;
        for i in 0..self.slots.len() {
            let slot = &mut self.slots[i];
            if slot.link.is_some() {
                slot.lost_at = slot.lost_at.max(grace);
                any = true;
                self.tell(i, ToMember::Probe { at });
            }
        }
        if !any {
            return;
        }
        self.trust_from = at;
        self.last_pause_end = Some(at);
        if gap >= self.config.lease {
            let message = format!("the primary itself stood still for {} s", gap.as_secs());
            self.event(GangEvent::Warning { message: message.clone() });
            self.primary_stood_still(message);
        }
    }
}
