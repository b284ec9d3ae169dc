//! The agents' I/O layer and their commands, as the world plays them.

use super::check::Cause;
use super::net::Wire;
use super::plan::{Ms, OnTerm};
use super::world::{CommandEvent, Event, World};
use crate::gang::{
    AgentExit, GangEvent, MemberEvent, MemberInput, MemberOutput, Session, SessionInput,
    SessionOutput, ToPrimary,
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
        let wanted = [one.member.deadline(), one.session.as_ref().and_then(Session::deadline)];
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
                self.signalled(agent);
                self.log(|_| format!("agent {agent}: SIGTERM to attempt {attempt}"));
                let Some(process) = &mut self.agents[agent].process else { return };
                process.signalled = true;
                process.signalled_at = self.now;
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
                self.check_grace(agent);
                let now = self.now;
                let Some(process) = &mut self.agents[agent].process else { return };
                process.killed_at = Some(now);
                process.signalled = true;
                if process.behaviour.unkillable {
                    self.disturb(self.agents[agent].index, 0);
                } else {
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
            MemberOutput::WriteTermination(message) => {
                let (torn, until) = self.agents[agent].disk_full;
                if until <= self.now {
                    self.agents[agent].said = Some(message);
                } else {
                    self.cover.hit("disk full");
                    if torn {
                        self.agents[agent].said = None;
                    }
                }
            }
            MemberOutput::Exit(exit) => {
                self.leaves_reasoned(agent);
                let clean = !self.agents[agent].member.is_stuck();
                let last = self.agents[agent].session.as_mut().map(|one| one.farewell(clean));
                for output in last.into_iter().flatten() {
                    self.cover.hit("farewell");
                    self.session_output(agent, output);
                }
                self.agent_exits(agent, exit);
            }
            MemberOutput::Event(event) => {
                match &event {
                    MemberEvent::LeaseExpired { .. } => self.cover.hit("lease expired"),
                    MemberEvent::Unclean { .. } => {
                        self.cover.hit("unclean");
                        self.unclean_reasoned(agent);
                    }
                    MemberEvent::Exiting { reason, .. }
                        if reason.starts_with("the primary was") =>
                    {
                        self.cover.hit("orphan");
                    }
                    // A primary that comes at that very moment may let it in.
                    MemberEvent::Exiting { reason, .. }
                        if reason.starts_with("the primary did") =>
                    {
                        self.disturb(self.agents[agent].index, 0);
                    }
                    _ => {}
                }
                self.log(|_| format!("agent {agent}: {event:?}"));
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
            SessionOutput::Exit(exit) => {
                self.exit_in_time(agent);
                self.agent_exits(agent, exit);
            }
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
            AgentExit::FinalEvicted => "agent exits 43",
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

    /// On a laptop the primary is told of an agent's end, whether it had joined or not.
    pub(super) fn never_came(&mut self, index: usize) {
        let primary = self.agents.iter().position(|agent| agent.index == 0 && agent.alive);
        if let Some(agent) = primary.filter(|_| self.plan.laptop) {
            let replica = self.plan.config.members[index].replica.clone();
            let delay = 1 + self.rng.u64(..50);
            self.after(delay, Event::Session { agent, input: SessionInput::NeverCame { replica } });
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
        self.never_came(self.agents[agent].index);
        if self.plan.laptop && self.agents[agent].index == 0 {
            for other in 0..self.agents.len() {
                let delay = 1 + self.rng.u64(..50);
                let input = MemberInput::PrimaryGone;
                self.after(delay, Event::Member { agent: other, input });
            }
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
