//! The agents' I/O layer and their commands, as the world plays them.

use super::check::Cause;
use super::net::Wire;
use super::plan::{Ends, Ms, OnTerm};
use super::world::{CommandEvent, Event, Process, World};
use crate::gang::{
    AgentExit, Attempt, Exit, ExitStatus, FailureClass, GangEvent, MemberEvent, MemberInput,
    MemberOutput, SessionInput, SessionOutput, ToPrimary, Usage,
};

/// Both ends of the link are one process.
pub(super) fn same(wire: &Wire) -> bool {
    wire.member == Some(wire.primary)
}

impl World<'_> {
    pub(super) fn member_input(&mut self, agent: usize, input: MemberInput) {
        if !self.agents[agent].alive {
            return;
        }
        let now = self.local(agent);
        let outputs = self.agents[agent].member.handle(now, input);
        for output in outputs {
            if !self.agents[agent].alive {
                return;
            }
            self.member_output(agent, output);
        }
        self.schedule_tick(agent);
    }

    fn schedule_tick(&mut self, agent: usize) {
        let one = &self.agents[agent];
        let wanted = [one.member.deadline(), one.session.as_ref().and_then(|s| s.deadline())];
        let Some(local) = wanted.into_iter().flatten().min() else { return };
        // Rounded up: a timer never fires early.
        let at = (local.as_micros().div_ceil(1000) as Ms).saturating_sub(one.offset);
        let at = at.max(self.now);
        if at < one.tick_at {
            self.agents[agent].tick_at = at;
            self.at(at, Event::Tick { agent });
        }
    }

    fn member_output(&mut self, agent: usize, output: MemberOutput) {
        match output {
            MemberOutput::Send(message) => {
                if !matches!(message, ToPrimary::Heartbeat { .. }) {
                    self.log(|_| format!("agent {agent} -> {message:?}"));
                }
                self.send_up(agent, message);
            }
            MemberOutput::Dial { after } => {
                if let Some(wire) = self.agents[agent].wire {
                    self.member_closes(wire);
                }
                self.agents[agent].dial += 1;
                let dial = self.agents[agent].dial;
                self.after(after.as_millis() as Ms + 1, Event::Dialled { agent, dial });
            }
            MemberOutput::StartCommand { attempt } => self.start_command(agent, attempt),
            MemberOutput::SignalCommand { attempt } => {
                self.log(|_| format!("agent {agent}: SIGTERM to attempt {attempt}"));
                let Some(process) = &mut self.agents[agent].process else { return };
                process.signalled = true;
                if process.behaviour.unkillable {
                    return;
                }
                let (delay, zero) = match process.behaviour.on_term {
                    OnTerm::Ignores => return,
                    OnTerm::Dies(delay) => (delay, false),
                    OnTerm::ExitsZero(delay) => (delay, true),
                };
                let what = CommandEvent::ObeysTerm { zero };
                self.after(delay, Event::Command { agent, attempt, what });
            }
            MemberOutput::KillCommand { attempt } => {
                self.cover.hit("SIGKILL after grace");
                let now = self.now;
                let Some(process) = &mut self.agents[agent].process else { return };
                process.killed_at = Some(now);
                process.signalled = true;
                if !process.behaviour.unkillable {
                    let what = CommandEvent::Dies;
                    self.after(20, Event::Command { agent, attempt, what });
                }
            }
            MemberOutput::CleanUp { attempt } => {
                let index = self.agents[agent].index;
                match self.plan.behaviour(index, attempt, agent).cleans_after {
                    Some(delay) => {
                        let input = MemberInput::CleanedUp { attempt, clean: true };
                        self.after(delay, Event::Member { agent, input });
                    }
                    None => self.disturb(index, 0),
                }
            }
            MemberOutput::WriteTermination(_) => {}
            MemberOutput::Exit(exit) => self.agent_exits(agent, exit),
            MemberOutput::Event(event) => {
                match &event {
                    MemberEvent::LeaseExpired { .. } => self.cover.hit("lease expired"),
                    MemberEvent::Unclean { .. } => self.cover.hit("unclean"),
                    MemberEvent::Exiting { reason, .. }
                        if reason.starts_with("the primary was") =>
                    {
                        self.cover.hit("orphan");
                    }
                    _ => {}
                }
                self.log(|_| format!("agent {agent}: {event:?}"));
            }
        }
    }

    fn start_command(&mut self, agent: usize, attempt: Attempt) {
        let Some(wire) = self.agents[agent].wire else { return };
        let primary = self.wires[wire].primary;
        self.check_start(agent, attempt, primary);
        let behaviour = self.plan.behaviour(self.agents[agent].index, attempt, agent);
        let process = Process { attempt, primary, behaviour, signalled: false, killed_at: None };
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
        self.facts.ended(self.agents[agent].index, attempt, agent, cause);
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

    fn peers_notice(&mut self, agent: usize, ended: Process) {
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

    pub(super) fn session_input(&mut self, agent: usize, input: SessionInput) {
        if !self.agents[agent].alive {
            return;
        }
        let now = self.local(agent);
        let Some(session) = &mut self.agents[agent].session else { return };
        let join = matches!(&input, SessionInput::Message { message: ToPrimary::Join(_), .. });
        let before = join.then(|| session.fingerprint());
        let outputs = session.handle(now, input);
        if let Some(before) = before {
            let only_refused = outputs.len() == 3
                && matches!(&outputs[0], SessionOutput::Event(e)
                    if matches!(e.event, GangEvent::Refused { .. }));
            if only_refused && session.fingerprint() != before {
                self.broken("I10", "a refused join changed the session".into());
            }
        }
        let exits = outputs.iter().any(|output| matches!(output, SessionOutput::Exit(_)));
        for output in outputs {
            if !self.agents[agent].alive {
                return;
            }
            let verdict = matches!(&output, SessionOutput::Event(e)
                if matches!(e.event, GangEvent::Verdict { .. }));
            let commit = matches!(&output, SessionOutput::Commit(_));
            self.session_output(agent, output);
            if verdict && self.crash_after.is_some() {
                self.facts.crashing = Some(agent);
            }
            // One list that commits and exits is one step.
            if self.facts.crashing == Some(agent)
                && !(exits && (commit || self.facts.committed_by(agent)))
                && let Some(left) = &mut self.crash_after
            {
                if *left == 0 {
                    self.crash_after = None;
                    self.cover.hit("crash in verdict");
                    self.kill(agent, true);
                    return;
                }
                *left -= 1;
            }
        }
        self.schedule_tick(agent);
    }

    fn session_output(&mut self, agent: usize, output: SessionOutput) {
        match output {
            SessionOutput::Send { link, message } => {
                if !matches!(message, crate::gang::ToMember::Lease { .. }) {
                    self.log(|w| {
                        format!(
                            "primary {agent} -> {:?}: {message:?}",
                            w.wires[link.0 as usize].member
                        )
                    });
                }
                self.send_down(link.0 as usize, message);
            }
            SessionOutput::Close { link } => self.primary_closes(link.0 as usize),
            SessionOutput::Event(event) => {
                self.log(|_| format!("primary {agent}: {:?}", event.event));
                self.gang_event(agent, event.event);
            }
            SessionOutput::Commit(verdict) => {
                self.log(|_| format!("primary {agent} commits {:?}", verdict.outcome));
                self.committed(agent, &verdict);
                self.member_input(agent, MemberInput::Committed(verdict));
            }
            SessionOutput::Exit(exit) => self.agent_exits(agent, exit),
        }
    }

    fn agent_exits(&mut self, agent: usize, exit: AgentExit) {
        self.log(|_| format!("agent {agent} exits with {}", exit.code()));
        self.check_exit(agent, exit);
        self.cover.hit(match exit {
            AgentExit::Success => "agent exits 0",
            AgentExit::Count => "agent exits 40",
            AgentExit::Final => "agent exits 41",
            AgentExit::FinalJob => "agent exits 42",
            AgentExit::Terminated => "agent exits 143",
        });
        self.agents[agent].killed = matches!(exit, AgentExit::Terminated | AgentExit::Count);
        self.dies(agent, false);
        self.pod_ended(agent, exit.code());
    }

    /// SIGKILL to the whole container.
    pub(super) fn kill(&mut self, agent: usize, noticed: bool) {
        if !self.agents[agent].alive {
            return;
        }
        self.log(|_| format!("agent {agent} is killed"));
        self.agents[agent].killed = true;
        self.disturb(self.agents[agent].index, 0);
        self.dies(agent, !noticed);
        if noticed {
            self.pod_ended(agent, 137);
        }
    }

    /// The process is gone, and its command with it. `silent`: the links just stop.
    fn dies(&mut self, agent: usize, silent: bool) {
        self.agents[agent].alive = false;
        self.agents[agent].died_at = self.now;
        if let Some(process) = self.agents[agent].process.take() {
            let index = self.agents[agent].index;
            self.facts.ended(index, process.attempt, agent, Cause::Killed);
            self.peers_notice(agent, process);
        }
        for wire in 0..self.wires.len() {
            let link = &self.wires[wire];
            if same(link) {
                continue;
            }
            if silent {
                continue;
            }
            if link.member == Some(agent) {
                self.member_closes(wire);
            } else if link.primary == agent {
                self.primary_closes(wire);
            }
        }
    }
}
