//! Carries out what the gang's machines ask for.

use std::sync::Arc;
use std::time::Duration;

use super::config::AgentRuntime;
use super::serve::{Agent, Nameless, Work};
use super::stream::{Hypertune, Reports};
use super::{events, links, termination};
use crate::event::EventKind;
use crate::gang::{
    AgentExit, Carry, GangEvent, LinkId, MemberInput, MemberOutput, SessionInput, SessionOutput,
};
use crate::sys;

impl Agent {
    /// Gives an input to its machine and carries out what that asks for.
    pub(super) fn step(&mut self, work: Work) {
        let now = self.now();
        match work {
            Work::Session(input) => {
                let outputs = self.session.as_mut().map(|session| session.handle(now, input));
                for output in outputs.into_iter().flatten() {
                    self.carry_out_session(output);
                }
            }
            Work::Member(input) => {
                for output in self.member.handle(now, input) {
                    self.carry_out_member(output);
                }
            }
        }
    }

    pub(super) fn carry_out_session(&mut self, output: SessionOutput) {
        match output {
            SessionOutput::Send { link, message } => {
                if self.own_link == Some(link) {
                    self.work.push_back(Work::Member(MemberInput::Message(message)));
                } else if let Some(link) = self.members.get(&link.0) {
                    link.send(message);
                }
            }
            SessionOutput::Close { link } => {
                if self.own_link == Some(link) {
                    self.own_link = None;
                    self.work.push_back(Work::Member(MemberInput::LinkLost { refused: false }));
                } else {
                    self.members.remove(&link.0);
                }
            }
            SessionOutput::Event(sequenced) => {
                match sequenced.event {
                    GangEvent::AttemptStarted { attempt } => self.attempt = attempt,
                    GangEvent::Verdict { .. } => self.decided = true,
                    // Replicas that leave after the verdict do what they were told, so they are not
                    // lost.
                    GangEvent::ReplicaLost { .. } if self.decided => return,
                    _ => {}
                }
                let (attempt, replica, kind) =
                    events::of_gang(sequenced.event, &self.config.gang, self.attempt);
                self.log.gang(attempt, replica, kind);
            }
            SessionOutput::Commit(verdict) => {
                let now = self.now();
                self.committed = Some(verdict.clone());
                for output in self.member.handle(now, MemberInput::Committed(verdict)) {
                    self.carry_out_member(output);
                }
            }
            SessionOutput::Exit(exit) => self.exit = self.exit.or(Some(exit)),
        }
    }

    fn carry_out_member(&mut self, output: MemberOutput) {
        match output {
            MemberOutput::Send(message) => {
                if let Some(link) = self.own_link {
                    self.work.push_back(Work::Session(SessionInput::Message { link, message }));
                } else if let Some(primary) = &self.primary {
                    primary.send(message);
                }
            }
            MemberOutput::Dial { after } => self.connect(after),
            MemberOutput::StartCommand { attempt } => {
                // What a plan says is read from when the command's folder is there.
                let reports = match self.config.metrics {
                    Some(_) => Reports::default(),
                    None => Reports::Usual(Hypertune::new(self.runner.reports(attempt))),
                };
                self.log.begin(attempt, reports);
                self.meter.begin();
                self.log.own(EventKind::CommandStarting);
                self.runner.start(attempt);
            }
            MemberOutput::SignalCommand { attempt } => self.runner.signal(attempt),
            MemberOutput::KillCommand { attempt } => self.runner.kill(attempt),
            MemberOutput::CleanUp { attempt } => self.runner.clean_up(attempt),
            MemberOutput::WriteTermination(mut message) => {
                if let Some(Nameless { since, reason, .. }) = &self.nameless {
                    let seconds = since.elapsed().as_secs();
                    let known = std::mem::take(&mut message.reason);
                    let known =
                        if known.is_empty() { "it has met no primary".into() } else { known };
                    message.reason = format!("{known}; for {seconds} s {reason}");
                }
                if let Err(error) = termination::write(&self.config, &message) {
                    let message = format!("the termination message: {error}");
                    self.log.own(EventKind::Warning { message });
                }
            }
            MemberOutput::Exit(exit) => self.exit = self.exit.or(Some(exit)),
            MemberOutput::Event(event) => {
                if let Some(kind) = events::of_member(&event) {
                    self.log.own(kind);
                }
            }
        }
    }

    /// Connects the member to the primary, after a delay. The primary's own member needs no
    /// connection.
    fn connect(&mut self, after: Duration) {
        if self.session.is_some() {
            // The link of the primary's own member has no connection behind it. Messages of an
            // older link must not arrive over the new one.
            self.work.retain(|work| !matches!(work, Work::Member(MemberInput::Message(_))));
            if let Some(link) = self.own_link.take() {
                self.work.push_back(Work::Session(SessionInput::LinkLost { link }));
            }
            self.next_link += 1;
            self.own_link = Some(LinkId(self.next_link));
            self.work.push_back(Work::Member(MemberInput::LinkUp));
            return;
        }
        self.primary = None;
        self.dial += 1;
        links::dial(
            self.dial,
            self.config.primary_address.clone(),
            Arc::clone(&self.token),
            self.config.gang.run.clone(),
            after,
            self.inputs.clone(),
        );
    }

    /// Ends the agent: kills all that is left of the command, and waits until messages to others
    /// are sent.
    pub(super) fn leave(mut self, exit: AgentExit) -> AgentExit {
        self.runner.kill_all();
        let clean = !self.member.is_stuck();
        let last = self.session.as_mut().map(|session| session.farewell(clean));
        last.into_iter().flatten().for_each(|output| self.carry_out_session(output));
        if self.session.is_some() && self.committed.is_some() {
            self.runner.give_back();
        }
        if let (Some(session), Some(keeper)) = (&self.session, self.keeper.take()) {
            keeper.finish(Carry { verdict: self.committed.take(), ..session.memory() });
        }
        if self.config.runtime == AgentRuntime::Processes {
            // In a pod they end with its container.
            let replica = self.config.replica.to_string();
            sys::end_beside(&self.config.gang.run, Some(&replica), self.config.gang.kill_bound);
        }
        for (_, link) in std::mem::take(&mut self.members) {
            link.flush();
        }
        if let Some(primary) = self.primary.take() {
            primary.flush();
        }
        self.log.end();
        exit
    }
}
