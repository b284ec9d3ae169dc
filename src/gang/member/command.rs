//! The command of one attempt: started once, ended by grace and SIGKILL, cleaned up after.

use super::{MemberEvent, MemberMachine, MemberOutput};
use crate::gang::rules::{Rule, keeps};
use crate::gang::{Attempt, Exit, ExitStatus, FailureClass, Now, ToPrimary};
use std::time::Duration;

/// What runs at this member, as far as the machine knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Nothing runs and nothing is left of an earlier command.
    None,
    /// A command, or its set-up.
    Running(Running),
    /// The command is gone; what it left is being removed.
    Cleaning { attempt: Attempt, until: Now },
    /// Killing or cleaning did not end in time. Nothing can be started here any more.
    Stuck { attempt: Attempt },
}

/// A command that has not been reaped yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Running {
    pub(super) attempt: Attempt,
    pub(super) started: bool,
    pub(super) stopping: Option<Stopping>,
}

/// How far the ending of a command has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopping {
    /// SIGTERM was sent; SIGKILL at this time.
    Signalled(Now),
    /// SIGKILL was sent; given up at this time.
    Killed(Now),
}

impl Command {
    /// The attempt that is not cleaned up yet.
    pub(super) fn attempt(&self) -> Option<Attempt> {
        match self {
            Self::None => None,
            Self::Running(Running { attempt, .. })
            | Self::Cleaning { attempt, .. }
            | Self::Stuck { attempt } => Some(*attempt),
        }
    }

    /// Nothing runs, or nothing can be done about what runs.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::None | Self::Stuck { .. })
    }
}

impl MemberMachine {
    pub(super) fn start(&mut self, attempt: Attempt) {
        if attempt <= self.highest_attempt {
            return;
        }
        self.highest_attempt = attempt;
        self.last_exit = None;
        let free =
            self.command == Command::None && self.outside_until.is_none() && !self.is_leaving();
        let allowed = self.now < self.lease_until && self.carry.verdict.is_none();
        if free && allowed {
            self.command = Command::Running(Running { attempt, started: false, stopping: None });
            self.out.push(MemberOutput::StartCommand { attempt });
        } else {
            // The primary must not wait for a command that never ran.
            let exit = Exit {
                status: ExitStatus::NotStarted,
                class: Some(FailureClass::Infrastructure),
                peer_loss: false,
                killed_by_gang: true,
                reason: "told to start without a lease".into(),
                last_lines: Vec::new(),
            };
            self.last_exit = Some((attempt, exit.clone()));
            self.send(ToPrimary::Exited { attempt, exit });
            self.report_stopped();
        }
    }

    pub(super) fn command_started(&mut self, attempt: Attempt) {
        if let Command::Running(running) = &mut self.command
            && running.attempt == attempt
        {
            running.started = true;
            self.send(ToPrimary::Started { attempt });
        }
    }

    pub(super) fn command_exited(&mut self, attempt: Attempt, mut exit: Exit) {
        let Command::Running(running) = self.command else { return };
        if running.attempt != attempt {
            return;
        }
        exit.killed_by_gang |= running.stopping.is_some();
        self.last_exit = Some((attempt, exit.clone()));
        self.send(ToPrimary::Exited { attempt, exit });
        self.command = Command::Cleaning { attempt, until: self.now + self.config.kill_bound };
        self.out.push(MemberOutput::CleanUp { attempt });
    }

    pub(super) fn cleaned_up(&mut self, attempt: Attempt, clean: bool) {
        if matches!(self.command, Command::Cleaning { attempt: a, .. } if a == attempt) {
            if clean {
                self.command = Command::None;
                self.report_stopped();
            } else {
                self.give_up(attempt);
            }
        }
    }

    /// Says what is left of the highest attempt heard of, where the command is over.
    pub(super) fn report_stopped(&mut self) {
        let clean = self.command == Command::None;
        if self.command.is_over() {
            self.send(ToPrimary::Stopped { attempt: self.highest_attempt, clean });
        }
    }

    /// SIGTERM now, SIGKILL after `grace`; a shorter grace than the one under way wins.
    pub(super) fn stop_command(&mut self, grace: Duration) {
        let Command::Running(running) = &mut self.command else { return };
        let kill_at = self.now + grace;
        match &mut running.stopping {
            None => {
                running.stopping = Some(Stopping::Signalled(kill_at));
                self.out.push(MemberOutput::SignalCommand { attempt: running.attempt });
            }
            Some(Stopping::Signalled(at)) => *at = kill_at.min(*at),
            Some(Stopping::Killed(_)) => {}
        }
    }

    pub(super) fn command_timers(&mut self) {
        if self.drain_until.is_some_and(|until| self.now >= until) {
            self.drain_until = None;
            self.stop_command(self.config.grace);
        }
        if let Command::Running(running) = self.command
            && self.now >= self.lease_until
            && keeps(Rule::LeaseKills)
        {
            if running.stopping.is_none() {
                self.event(MemberEvent::LeaseExpired { attempt: running.attempt });
            }
            self.stop_command(self.config.short_grace());
        }
        let now = self.now;
        match &mut self.command {
            Command::Running(Running { attempt, stopping: Some(stopping), .. }) => {
                let attempt = *attempt;
                match *stopping {
                    Stopping::Signalled(at) if now >= at && keeps(Rule::GraceEnds) => {
                        *stopping = Stopping::Killed(now + self.config.kill_bound);
                        self.out.push(MemberOutput::KillCommand { attempt });
                    }
                    Stopping::Killed(until) if now >= until => self.give_up(attempt),
                    _ => {}
                }
            }
            Command::Cleaning { attempt, until } if now >= *until => {
                let attempt = *attempt;
                self.give_up(attempt);
            }
            _ => {}
        }
    }

    pub(super) fn command_times(&self, times: &mut Vec<Now>) {
        match self.command {
            Command::Running(Running { stopping, .. }) => {
                times.push(self.lease_until);
                times.extend(self.drain_until);
                if let Some(Stopping::Signalled(at) | Stopping::Killed(at)) = stopping {
                    times.push(at);
                }
            }
            Command::Cleaning { until, .. } => times.push(until),
            Command::None | Command::Stuck { .. } => {}
        }
    }

    fn give_up(&mut self, attempt: Attempt) {
        self.command = Command::Stuck { attempt };
        self.event(MemberEvent::Unclean { attempt });
        self.report_stopped();
    }
}
