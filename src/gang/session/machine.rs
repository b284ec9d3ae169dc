//! The session's state, its inputs and its clock.

use std::time::Duration;

use super::blame::Held;
use super::slot::Slot;
use super::{Incarnation, LinkId, SessionInput, SessionOutput};
use crate::gang::{
    AgentExit, Attempt, Carry, GangConfig, GangEvent, Now, Outcome, ReplicaId, Sequenced, ToMember,
    ToPrimary,
};

/// The machine of the primary: hand it what happens ([`Session::handle`]), carry out what it
/// returns, and wake it at [`Session::deadline`]. It knows no sockets, processes or clocks.
#[derive(Debug)]
pub struct Session {
    pub(super) config: GangConfig,
    pub(super) me: Incarnation,
    /// The latest time that an input came with.
    pub(super) now: Now,
    pub(super) born_at: Now,
    pub(super) slots: Vec<Slot>,
    /// What the gang remembers. `elapsed` is as of `counted_from`.
    pub(super) carry: Carry,
    /// When the time of the run was last counted; `None` before the first start.
    pub(super) counted_from: Option<Now>,
    /// The first gathering took so long, if this primary saw it.
    pub(super) gathered_for: Duration,
    /// What the cluster has counted of this replica: its pods before this one, and those of them that
    /// were ended from outside.
    pub(super) counted: (u32, u32),
    /// The highest attempt that any joiner knew of.
    pub(super) highest_attempt: Attempt,
    pub(super) phase: Phase,
    /// This primary has started an attempt itself.
    pub(super) started: bool,
    /// All members were here at once in this primary's time.
    pub(super) gathered: bool,
    /// No attempt may start before: a command out of reach may still run.
    pub(super) quiet_until: Now,
    /// The same for what an earlier primary may have left, unless its end is proved.
    pub(super) inherited_until: Now,
    /// It was said that this is waited for.
    pub(super) told_quiet: bool,
    /// Before this time a start that is on its way to a lost member may still be carried out.
    pub(super) starts_until: Now,
    /// No attempt is opened before (after a termination from outside).
    pub(super) pause_until: Now,
    /// The end of this primary's own last pause.
    pub(super) last_pause_end: Option<Now>,
    /// What comes in may have been sent long ago, until its sender answers a probe from this time
    /// on.
    pub(super) trust_from: Now,
    /// A failed attempt whose commands have not all been reported gone.
    pub(super) ending_attempt: Option<Attempt>,
    pub(super) held: Option<Held>,
    /// Since when nobody else is linked, at the end of a run.
    pub(super) alone_since: Option<Now>,
    seq: u64,
    out: Vec<SessionOutput>,
}

/// What the session is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Waiting until all are here and idle; at `until` the run ends without.
    Gathering { until: Now },
    /// The attempt `carry.epoch.1` runs at every member.
    Running,
    /// The verdict in `carry.verdict` is decided. When `until` comes, members that have not
    /// acknowledged it or have not ended are waited for no longer.
    Ending { committed: bool, until: Now },
    /// The gang parts without a verdict; at `until` the primary exits whoever is still there.
    Disbanding { until: Now },
    /// The primary was told to exit.
    Over,
}

impl Session {
    /// A session that knows nothing yet; it learns from those who join.
    pub fn new(config: GangConfig, me: Incarnation, now: Now) -> Self {
        let slots = config.members.iter().map(|m| Slot::new(m.replica.clone(), m.serves)).collect();
        let patience = if me.generation == 0 {
            config.start_timeout
        } else {
            config.start_timeout.max(config.rejoin_timeout)
        };
        Self {
            now,
            born_at: now,
            slots,
            carry: Carry::default(),
            counted_from: None,
            gathered_for: Duration::ZERO,
            counted: (0, 0),
            highest_attempt: 0,
            phase: Phase::Gathering { until: now + patience },
            started: false,
            gathered: false,
            quiet_until: now,
            // A predecessor's commands may run until their leases are over.
            inherited_until: if me.generation == 0 { now } else { now + config.dead_after() },
            told_quiet: false,
            starts_until: Now::ZERO,
            pause_until: now,
            last_pause_end: None,
            trust_from: Now::ZERO,
            ending_attempt: None,
            held: None,
            alone_since: None,
            seq: 0,
            out: Vec::new(),
            config,
            me,
        }
    }

    /// Takes one input; `now` never goes back.
    pub fn handle(&mut self, now: Now, input: SessionInput) -> Vec<SessionOutput> {
        if self.phase == Phase::Over {
            return Vec::new();
        }
        let gap = now.saturating_sub(self.now);
        self.now = self.now.max(now);
        match input {
            SessionInput::Suspended { .. } => self.suspended(),
            _ => self.notice_pause(gap),
        }
        match input {
            SessionInput::Message { link, message: ToPrimary::Join(join) } => self.join(link, join),
            SessionInput::Message { link, message } => {
                if let Some(i) = self.slots.iter().position(|slot| slot.link == Some(link)) {
                    self.heard(i);
                    self.message(i, message);
                }
            }
            SessionInput::LinkLost { link } => {
                if let Some(i) = self.slots.iter().position(|slot| slot.link == Some(link)) {
                    self.link_lost(i);
                }
            }
            SessionInput::NeverCame { replica } => self.never_came(&replica),
            SessionInput::Cancel { by } => {
                self.judge(Outcome::Cancelled, None, format!("cancelled by {by}"));
            }
            SessionInput::Suspended { .. } | SessionInput::Tick => {}
        }
        self.timers();
        self.take_out()
    }

    /// When a [`SessionInput::Tick`] is wanted at the latest.
    pub fn deadline(&self) -> Option<Now> {
        let mut times = vec![self.quiet_until, self.inherited_until, self.pause_until];
        match &self.phase {
            Phase::Over => return None,
            Phase::Gathering { until } | Phase::Disbanding { until } => times.push(*until),
            Phase::Running => {}
            Phase::Ending { until, .. } => {
                times.push(*until);
                times.extend(self.slots.iter().map(|slot| self.gone_at(slot)));
                times.push(self.unheard_of_until());
                times.extend(self.alone_since.map(|at| at + self.config.last_exit_pause()));
            }
        }
        times.extend(self.slots.iter().filter(|slot| slot.present()).map(|slot| slot.lost_at));
        times.extend(self.held.as_ref().map(|held| held.until));
        if self.counted_from.is_some() {
            times.extend(self.limit().map(|(left, _)| self.now.saturating_add(left)));
        }
        times.into_iter().filter(|time| *time > self.now).min()
    }

    fn message(&mut self, i: usize, message: ToPrimary) {
        match message {
            ToPrimary::Join(_) => {}
            ToPrimary::Heartbeat { running, usage, sent, answers, carry: _ } => {
                let slot = &mut self.slots[i];
                slot.usage = usage;
                slot.last_sent = sent;
                slot.answered_probe = answers;
                self.heard(i);
                self.repeat_usage(i);
                self.renew(i);
                self.stop_stray(i, running);
                self.start_arrived(i, running.unwrap_or(0));
            }
            ToPrimary::Started { attempt } => {
                self.start_arrived(i, attempt);
                let replica = self.slots[i].replica.clone();
                self.event(GangEvent::ReplicaStarted { attempt, replica });
            }
            ToPrimary::Exited { attempt, exit } => self.exited(i, attempt, exit),
            ToPrimary::Stopped { attempt, clean } => self.stopped(i, attempt, clean),
            ToPrimary::TerminatedFromOutside => self.terminated(i),
            ToPrimary::Ack => {
                self.slots[i].acked = true;
                self.slots[i].starting = false;
            }
        }
    }

    pub(super) fn heard(&mut self, i: usize) {
        let slot = &mut self.slots[i];
        slot.lost_at = self.now + self.config.lease;
        if slot.answered_probe < self.trust_from {
            return;
        }
        let silence = self.now.saturating_sub(slot.last_heard);
        if slot.present() && silence > self.config.heartbeat() * 2 {
            slot.last_silence = Some((silence, self.now));
        }
        slot.last_heard = self.now;
    }

    fn timers(&mut self) {
        for i in 0..self.slots.len() {
            if self.slots[i].present() && self.now >= self.slots[i].lost_at {
                let silence = self.now.saturating_sub(self.slots[i].last_heard);
                self.lose(i, format!("no sign of life for {} s", silence.as_secs()));
            }
        }
        self.check_held();
        self.check_timeout();
        self.check_gathering();
        self.check_ending();
    }

    /// A sleep of the whole machine: nobody was silent, all slept alike. But nobody has been heard
    /// of since either.
    fn suspended(&mut self) {
        if !self.config.replaces() {
            for slot in &mut self.slots {
                slot.lost_at = self.now + self.config.lease;
            }
            let soon = self.now + self.config.lease;
            if let Phase::Gathering { until }
            | Phase::Ending { until, .. }
            | Phase::Disbanding { until } = &mut self.phase
            {
                *until = soon.max(*until);
            }
        }
    }

    /// Everything that a refused join must leave as it is.
    #[cfg(test)]
    pub(crate) fn fingerprint(&self) -> String {
        let memory = (&self.carry, self.highest_attempt, self.gathered, self.started);
        format!("{:?} {:?} {:?} {:?}", self.phase, self.slots, memory, self.quiet_at())
    }

    pub(super) fn is_own(i: usize) -> bool {
        i == 0
    }

    pub(super) fn send(&mut self, link: LinkId, message: ToMember) {
        self.out.push(SessionOutput::Send { link, message });
    }

    pub(super) fn tell(&mut self, i: usize, message: ToMember) {
        if let Some(link) = self.slots[i].link {
            self.send(link, message);
        }
    }

    pub(super) fn take_out(&mut self) -> Vec<SessionOutput> {
        std::mem::take(&mut self.out)
    }

    pub(super) fn push(&mut self, output: SessionOutput) {
        self.out.push(output);
    }

    pub(super) fn exit(&mut self, exit: AgentExit) {
        self.phase = Phase::Over;
        self.out.push(SessionOutput::Exit(exit));
    }

    pub(super) fn event(&mut self, event: GangEvent) {
        self.seq += 1;
        let sequenced = Sequenced { generation: self.me.generation, seq: self.seq, event };
        self.out.push(SessionOutput::Event(sequenced));
    }

    pub(super) fn missing(&self) -> Vec<ReplicaId> {
        self.slots.iter().filter(|slot| !slot.present()).map(|s| s.replica.clone()).collect()
    }

    /// How long the run has been going.
    pub(super) fn elapsed(&self) -> Duration {
        let since = self.counted_from.map_or(Duration::ZERO, |from| self.now.saturating_sub(from));
        self.carry.elapsed.saturating_add(since)
    }

    /// What the gang remembers, as of the last input.
    pub fn memory(&self) -> Carry {
        Carry { elapsed: self.elapsed(), ..self.carry.clone() }
    }
}
