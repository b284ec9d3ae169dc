//! Commands as the world plays them: how they start, end, obey, and take their peers along.

use super::check::Cause;
use super::plan::Ends;
use super::world::{CommandEvent, Event, Process, World};
use crate::gang::{Attempt, Exit, ExitStatus, FailureClass, MemberInput, Usage};

impl World<'_> {
    pub(super) fn start_command(&mut self, agent: usize, attempt: Attempt) {
        let Some(wire) = self.agents[agent].wire else { return };
        let primary = self.wires[wire].primary;
        self.check_start(agent, attempt, primary);
        let behaviour = self.plan.behaviour(self.agents[agent].index, attempt, agent);
        let process = Process {
            attempt,
            primary,
            behaviour,
            signalled: false,
            signalled_at: 0,
            killed_at: None,
        };
        self.agents[agent].process = Some(process);
        self.log(|_| format!("agent {agent}: attempt {attempt} runs, {behaviour:?}"));
        let what = CommandEvent::Started;
        self.after(behaviour.starts_after, Event::Command { agent, attempt, what });
        if let Some(runs) = behaviour.runs {
            let what = CommandEvent::Ends;
            self.after(behaviour.starts_after + runs, Event::Command { agent, attempt, what });
        }
    }

    pub(super) fn command(&mut self, agent: usize, attempt: Attempt, what: CommandEvent) {
        let one = &self.agents[agent];
        let Some(process) = one.process.filter(|p| one.alive && p.attempt == attempt) else {
            return;
        };
        if self.asleep_until > self.now {
            self.at(self.asleep_until, Event::Command { agent, attempt, what });
            return;
        }
        let ends = process.behaviour.ends;
        match what {
            CommandEvent::Started if ends == Ends::NotStarted => {
                let status = ExitStatus::NotStarted;
                self.command_ends(agent, process, status, Cause::Own(false), false);
            }
            CommandEvent::Started => {
                let usage = Usage {
                    memory: if one.memory_full { 95 } else { 10 },
                    memory_limit: 100,
                    ..Usage::default()
                };
                self.after(0, Event::Member { agent, input: MemberInput::Usage(usage) });
                let input = MemberInput::CommandStarted { attempt };
                self.after(0, Event::Member { agent, input });
            }
            CommandEvent::Ends if !process.signalled => {
                let (status, cause) = match ends {
                    Ends::Well => (ExitStatus::Code(0), Cause::Own(true)),
                    Ends::Signal => (ExitStatus::Signal(11), Cause::Own(false)),
                    _ => (ExitStatus::Code(1), Cause::Own(false)),
                };
                self.command_ends(agent, process, status, cause, false);
            }
            CommandEvent::LosesPeer if !process.signalled && !process.behaviour.unkillable => {
                self.command_ends(agent, process, ExitStatus::Code(1), Cause::Peer, true);
            }
            CommandEvent::ObeysTerm { zero } => {
                let status = if zero { ExitStatus::Code(0) } else { ExitStatus::Signal(15) };
                self.command_ends(agent, process, status, Cause::Killed, false);
            }
            CommandEvent::Dies => {
                self.command_ends(agent, process, ExitStatus::Signal(9), Cause::Killed, false);
            }
            _ => {}
        }
    }

    /// The command is gone: its agent and its peers find out.
    pub(super) fn command_ends(
        &mut self,
        agent: usize,
        process: Process,
        status: ExitStatus,
        cause: Cause,
        peer_loss: bool,
    ) {
        let attempt = process.attempt;
        self.agents[agent].process = None;
        let index = self.agents[agent].index;
        self.facts.ended(index, attempt, agent, cause);
        self.facts.said.ended_at.insert((index, attempt), self.now);
        self.log(|_| format!("agent {agent}: attempt {attempt} ends, {status:?} {cause:?}"));
        let class = match status {
            ExitStatus::Code(0) => None,
            ExitStatus::Code(_) => Some(FailureClass::UserError),
            ExitStatus::Signal(_) => Some(FailureClass::TransientSignal),
            ExitStatus::NotStarted => Some(FailureClass::Startup),
        };
        let exit = Exit {
            status,
            class,
            peer_loss,
            killed_by_gang: false,
            reason: format!("{status:?}"),
            last_lines: Vec::new(),
        };
        let input = MemberInput::CommandExited { attempt, exit };
        self.after(0, Event::Member { agent, input });
        if cause != Cause::Own(true) {
            self.peers_notice(agent, process);
        }
    }

    pub(super) fn peers_notice(&mut self, agent: usize, ended: Process) {
        let attempt = ended.attempt;
        if !self.plan.coupled {
            return;
        }
        for peer in 0..self.agents.len() {
            let process = self.agents[peer].process;
            let runs = process.is_some_and(|p| (p.attempt, p.primary) == (attempt, ended.primary));
            if peer != agent && runs && self.rng.bool() {
                let delay = 20 + self.rng.u64(..2000);
                let what = CommandEvent::LosesPeer;
                self.after(delay, Event::Command { agent: peer, attempt, what });
            }
        }
    }
}
