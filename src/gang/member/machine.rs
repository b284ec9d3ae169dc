//! An agent's state and its clockwork.

use std::time::Duration;

use super::command::Command;
use super::link::Link;
use super::{MemberEvent, MemberInput, MemberOutput};
use crate::gang::rules::{Rule, keeps};
use crate::gang::{
    AgentExit, Attempt, Carry, Exit, GangConfig, Incarnation, Met, Now, Outcome, ReplicaId,
    TerminationMessage, TerminationState, ToPrimary, Usage,
};

/// The machine of one agent: hand it what happens ([`MemberMachine::handle`]), carry out what it
/// returns, and wake it at [`MemberMachine::deadline`]. It knows no sockets, processes or clocks.
#[derive(Debug)]
pub struct MemberMachine {
    pub(super) config: GangConfig,
    pub(super) replica: ReplicaId,
    pub(super) me: Incarnation,
    /// The latest time that an input came with.
    pub(super) now: Now,
    pub(super) carry: Carry,
    pub(super) link: Link,
    /// How long the next dial waits after a failed one.
    pub(super) dial_pause: Duration,
    /// The last word of any primary; at first the agent's start.
    pub(super) last_heard: Now,
    pub(super) welcomed: bool,
    /// The primary that let this member in last; `None` from the next join on.
    pub(super) met: Option<Met>,
    pub(super) next_heartbeat: Now,
    /// The `at` of the last probe of the primary at the other end; zero before the first.
    pub(super) last_probe: Now,
    pub(super) usage: Usage,
    pub(super) lease_until: Now,
    /// The highest attempt that may not be started here any more.
    pub(super) highest_attempt: Attempt,
    pub(super) command: Command,
    pub(super) last_exit: Option<(Attempt, Exit)>,
    /// SIGTERM came from outside, and when waiting for a release of a known verdict ends.
    pub(super) outside_until: Option<Now>,
    pub(super) drain_until: Option<Now>,
    pub(super) committed: bool,
    /// The primary at the other end of this link has confirmed the verdict.
    pub(super) released: bool,
    leaving: Option<(AgentExit, String)>,
    last_written: Option<TerminationMessage>,
    exited: bool,
    pub(super) out: Vec<MemberOutput>,
}

impl MemberMachine {
    /// A machine that has not connected yet; its first [`MemberOutput::Dial`] comes from the first
    /// `Tick`. The primary's own member is the one whose `replica` is the first of the config: a
    /// verdict doesn't make it exit, its session does.
    pub fn new(config: GangConfig, replica: ReplicaId, me: Incarnation, now: Now) -> Self {
        let dial_pause = config.first_dial_pause();
        Self {
            config,
            replica,
            me,
            now,
            carry: Carry::default(),
            link: Link::New,
            dial_pause,
            last_heard: now,
            welcomed: false,
            met: None,
            next_heartbeat: now,
            last_probe: Now::ZERO,
            usage: Usage::default(),
            lease_until: Now::ZERO,
            highest_attempt: 0,
            command: Command::None,
            last_exit: None,
            outside_until: None,
            drain_until: None,
            committed: false,
            released: false,
            leaving: None,
            last_written: None,
            exited: false,
            out: Vec::new(),
        }
    }

    /// Takes one input; `now` never goes back.
    pub fn handle(&mut self, now: Now, input: MemberInput) -> Vec<MemberOutput> {
        if self.exited {
            return Vec::new();
        }
        self.now = self.now.max(now);
        match input {
            MemberInput::LinkUp => self.link_up(),
            MemberInput::PrimaryGone => self.primary_gone(),
            MemberInput::LinkLost { refused } => self.link_lost(refused),
            MemberInput::Message(message) => self.message(message),
            MemberInput::CommandStarted { attempt } => self.command_started(attempt),
            MemberInput::CommandExited { attempt, exit } => self.command_exited(attempt, exit),
            MemberInput::CleanedUp { attempt, clean } => self.cleaned_up(attempt, clean),
            MemberInput::Committed(verdict) => {
                self.carry.verdict.get_or_insert(verdict);
                self.committed = true;
            }
            MemberInput::Sigterm => self.sigterm(),
            MemberInput::Usage(usage) => self.usage = usage,
            MemberInput::Suspended { slept } => self.suspended(slept),
            MemberInput::Tick => {}
        }
        self.command_timers();
        self.link_timers();
        self.settle();
        std::mem::take(&mut self.out)
    }

    /// When a [`MemberInput::Tick`] is wanted at the latest.
    pub fn deadline(&self) -> Option<Now> {
        if self.exited {
            return None;
        }
        if self.link == Link::New {
            return Some(self.now);
        }
        let mut times = Vec::with_capacity(8);
        self.command_times(&mut times);
        self.link_times(&mut times);
        times.extend(self.outside_until);
        times.into_iter().filter(|time| *time > self.now).min()
    }

    /// Its command could not be ended.
    pub fn is_stuck(&self) -> bool {
        matches!(self.command, Command::Stuck { .. })
    }

    /// What this agent remembers of the gang.
    pub fn carry(&self) -> &Carry {
        &self.carry
    }

    pub(super) fn is_primary(&self) -> bool {
        self.config.primary() == Some(&self.replica)
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving.is_some()
    }

    pub(super) fn send(&mut self, message: ToPrimary) {
        self.out.push(MemberOutput::Send(message));
    }

    pub(super) fn event(&mut self, event: MemberEvent) {
        self.out.push(MemberOutput::Event(event));
    }

    /// Decides to exit as soon as the command is gone. The first decision stays.
    pub(super) fn leave(&mut self, exit: AgentExit, reason: impl Into<String>) {
        if self.leaving.is_none() {
            self.leaving = Some((exit, reason.into()));
            self.stop_command(self.config.grace);
        }
    }

    /// A sleep of the whole machine paused all alike: nobody's lease ran out by it. A machine in a
    /// cluster that slept did so alone, and its lease is over.
    fn suspended(&mut self, slept: Duration) {
        if !self.config.replaces() {
            self.last_heard = self.now;
            // One that was over before the sleep stays so.
            if self.now.saturating_sub(slept) < self.lease_until {
                self.lease_until = self.lease_until.max(self.now + self.config.lease);
            }
            self.touch_link();
        }
    }

    fn sigterm(&mut self) {
        if self.outside_until.is_some() {
            return;
        }
        self.outside_until = Some(self.now + self.config.grace + self.config.margin());
        self.event(MemberEvent::TerminatedFromOutside);
        if self.link == Link::In {
            self.send(ToPrimary::TerminatedFromOutside);
        }
        self.stop_command(self.config.grace);
    }

    /// Exits when it is time to, and keeps the termination message up to date.
    fn settle(&mut self) {
        if self.command.is_over()
            && let Some((exit, reason)) = self.reason_to_leave()
        {
            self.exited = true;
            self.write_termination(TerminationState::Exiting, &reason);
            self.event(MemberEvent::Exiting { exit, reason });
            self.out.push(MemberOutput::Exit(exit));
            return;
        }
        let state = match &self.command {
            Command::None if self.last_exit.is_none() => TerminationState::Waiting,
            Command::Running(running) if running.stopping.is_none() => TerminationState::Running,
            _ => TerminationState::Stopped,
        };
        self.write_termination(state, "");
    }

    /// Called when no command is left. A committed verdict outranks every other reason.
    fn reason_to_leave(&self) -> Option<(AgentExit, String)> {
        if let Some(verdict) = self.carry.verdict.as_ref().filter(|_| self.committed) {
            if self.is_primary() {
                // Its session exits, last of all and by the verdict.
                return None;
            }
            if self.awaits_successor() {
                return None;
            }
            let success = verdict.outcome == Outcome::Succeeded;
            let exit = if success { AgentExit::Success } else { AgentExit::Final };
            return Some((exit, verdict.reason.clone()));
        }
        if self.leaving.is_some() {
            return self.leaving.clone();
        }
        let until = self.outside_until?;
        // Its pod dies soon, but the release of a known verdict is worth a moment.
        if self.carry.verdict.is_some() && self.now < until && self.link == Link::In {
            return None;
        }
        let success = self.last_exit.as_ref().is_some_and(|(_, exit)| exit.status.is_success());
        let exit = if success && !keeps(Rule::OutsideIsNoSuccess) {
            AgentExit::Success
        } else {
            AgentExit::Terminated
        };
        Some((exit, "terminated from outside".to_owned()))
    }

    /// A primary that vanished before its exit is replaced by one that can learn the verdict only
    /// from those who are still there.
    fn awaits_successor(&self) -> bool {
        let confirmed = self.link == Link::In && self.released;
        let alone =
            self.outside_until.is_some() || self.is_leaving() || self.now >= self.orphan_at();
        self.config.replaces() && !confirmed && !alone && keeps(Rule::HandOver)
    }

    fn write_termination(&mut self, state: TerminationState, reason: &str) {
        let message = TerminationMessage {
            run: self.config.run.clone(),
            replica: self.replica.clone(),
            pod_uid: self.me.pod_uid.clone(),
            generation: self.me.generation,
            epoch: self.carry.epoch,
            state,
            terminated_from_outside: self.outside_until.is_some(),
            verdict: self.carry.verdict.clone().filter(|_| self.committed),
            first_failure: self.carry.first_failure.clone(),
            exit: self.last_exit.as_ref().map(|(_, exit)| exit.clone()),
            reason: reason.to_owned(),
        };
        if self.last_written.as_ref() != Some(&message) {
            self.last_written = Some(message.clone());
            self.out.push(MemberOutput::WriteTermination(message));
        }
    }
}
