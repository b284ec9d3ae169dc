//! Who may join, and what a new primary learns from it.

use super::machine::Phase;
use super::{Incarnation, LinkId, Session, SessionOutput};
use crate::gang::rules::{Rule, keeps};
use crate::gang::{Attempt, FailureClass, GangEvent, Join, Now, ToMember};

impl Session {
    pub(super) fn join(&mut self, link: LinkId, join: Join) {
        let i = match self.admit(&join) {
            Ok(i) => i,
            Err(reason) => {
                self.event(GangEvent::Refused {
                    replica: join.replica,
                    pod_uid: join.pod_uid,
                    reason: reason.clone(),
                });
                self.send(link, ToMember::Refuse { reason });
                self.push(SessionOutput::Close { link });
                return;
            }
        };
        let same = self.slots[i].pod.as_ref().is_some_and(|pod| pod.pod_uid == join.pod_uid);
        if !same && self.slots[i].present() {
            let reason = "a newer pod took its place";
            self.tell(i, ToMember::Replace { reason: reason.into() });
            self.lose(i, reason.into());
        }
        if matches!(self.phase, Phase::Over) {
            return;
        }
        if let Some(old) = self.slots[i].link.replace(link)
            && old != link
        {
            self.push(SessionOutput::Close { link: old });
        }
        self.slots[i].answered_probe = Now::ZERO;
        if !same {
            self.slots[i].last_heard = Now::ZERO;
        }
        self.heard(i);
        let slot = &mut self.slots[i];
        if !same {
            slot.last_silence = None;
            slot.exit = None;
            slot.outside = false;
            slot.replacing = false;
            slot.acked = false;
            slot.met = join.met;
            slot.granted_until = slot.granted_until.min(self.now);
        }
        slot.pod = Some(Incarnation { pod_uid: join.pod_uid.clone(), generation: join.generation });
        slot.last_sent = join.sent;
        slot.idle = join.running.is_none();
        // A member that has dialled anew hears nothing more of its earlier links.
        slot.starting = false;
        self.adopt(&join);
        if self.slots.iter().all(super::slot::Slot::present) {
            self.gathered = true;
        }
        let missing = self.missing();
        self.event(GangEvent::Joined {
            replica: join.replica,
            pod_uid: join.pod_uid,
            generation: join.generation,
            missing,
        });
        self.welcome(i, join.running, join.seen);
    }

    /// The slot of a join, or why it is refused. A refused join changes nothing.
    fn admit(&self, join: &Join) -> Result<usize, String> {
        let position = self.slots.iter().position(|slot| slot.replica == join.replica);
        let Some(i) = position else {
            return Err(format!("{} is no member of this gang", join.replica));
        };
        if keeps(Rule::RefuseForeign) {
            if join.run != self.config.run || join.job_uid != self.config.job_uid {
                return Err("it belongs to another run or job".into());
            }
            if join.size as usize != self.slots.len() {
                return Err(format!("it expects {} members, not {}", join.size, self.slots.len()));
            }
        }
        if Self::is_own(i) && join.pod_uid != self.me.pod_uid {
            return Err("the primary's replica is taken".into());
        }
        let Some(pod) = &self.slots[i].pod else { return Ok(i) };
        let newer = join.generation > pod.generation || pod.pod_uid == join.pod_uid;
        if !newer && keeps(Rule::RefuseDuplicates) {
            return Err(format!("pod {} holds its place and lives", pod.pod_uid));
        }
        Ok(i)
    }

    fn adopt(&mut self, join: &Join) {
        let known = join.carry.epoch.1.max(join.seen);
        let ours = self.started;
        if keeps(Rule::Adopt) {
            let mut carry = join.carry.clone();
            carry.verdict = None;
            let elapsed = self.elapsed();
            if !ours && known > self.highest_attempt {
                if join.carry.verdict.is_none() {
                    let failure = carry.first_failure.clone();
                    self.event(GangEvent::Adopted {
                        attempt: known,
                        elapsed: carry.elapsed.max(elapsed),
                        failure: failure.filter(|failure| failure.attempt == known),
                        spent: carry.spent.clone(),
                    });
                }
                if keeps(Rule::QuietAfterAdoption) {
                    // Its primary has lost it at the latest now, and fences itself in that time.
                    let fenced = self.now + self.config.dead_after();
                    self.inherited_until = self.inherited_until.max(fenced);
                }
            }
            self.highest_attempt = self.highest_attempt.max(known);
            if !keeps(Rule::CarriedElapsed) {
                carry.elapsed = elapsed;
            }
            if ours {
                // Our own epoch is under way: only what is spent and gone can be news.
                carry.epoch = (0, 0);
            }
            self.carry.elapsed = elapsed;
            self.carry.merge(&carry);
            if self.highest_attempt > 0 {
                self.counted_from = Some(self.now);
            }
        }
        if let Some(verdict) = &join.carry.verdict
            && self.carry.verdict.is_none()
            && keeps(Rule::AdoptVerdict)
        {
            self.carry.epoch = self.carry.epoch.max(join.carry.epoch);
            self.adopt_verdict(verdict.clone());
        }
    }

    /// Lets it in and tells it again whatever it may have missed.
    fn welcome(&mut self, i: usize, running: Option<Attempt>, seen: Attempt) {
        let carry = self.memory();
        let met = Some(self.as_met());
        self.tell(i, ToMember::Welcome { carry, met });
        self.renew(i);
        if !self.trust_from.is_zero() {
            self.tell(i, ToMember::Probe { at: self.now });
        }
        let current = self.carry.epoch.1;
        match self.phase {
            Phase::Running if running.is_some_and(|attempt| attempt != current) => {
                let reason = "runs an attempt of another primary".into();
                self.member_lost(i, FailureClass::Infrastructure, reason);
                self.stop_stray(i, running);
            }
            Phase::Running => {
                if seen < current && running.is_none() {
                    self.tell_start(i);
                }
                self.probe(i);
            }
            Phase::Gathering { .. } => self.stop_stray(i, running),
            Phase::Ending { committed, .. } => {
                self.tell_verdict(i);
                if committed && !Self::is_own(i) {
                    self.tell(i, ToMember::Release);
                }
            }
            Phase::Disbanding { .. } | Phase::Over => {}
        }
    }

    /// A command runs where none of that attempt should.
    pub(super) fn stop_stray(&mut self, i: usize, running: Option<Attempt>) {
        let Some(attempt) = running else { return };
        if matches!(self.phase, Phase::Gathering { .. } | Phase::Disbanding { .. }) {
            self.slots[i].idle = false;
            let attempt = attempt.max(self.carry.epoch.1);
            self.tell(i, ToMember::Stop { attempt });
        }
    }
}
