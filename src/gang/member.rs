//! The half that every agent runs: it obeys the primary, and its lease when the primary is silent.

use std::time::Duration;

use super::{
    AgentExit, Attempt, Exit, GangConfig, Incarnation, Now, ReplicaId, TerminationMessage,
    ToMember, ToPrimary, Usage,
};

/// What happens to an agent.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberInput {
    /// The connection asked for by [`MemberOutput::Dial`] is up and authenticated.
    LinkUp,
    /// The connection is gone, or could not be made.
    LinkLost {
        /// Nothing listens there. On a laptop the primary is then gone for good.
        refused: bool,
    },
    /// The primary said something.
    Message(ToMember),
    /// The command runs (after its set-up).
    CommandStarted {
        /// As this attempt.
        attempt: Attempt,
    },
    /// The command ended, or could not be started ([`super::ExitStatus::NotStarted`]). Whether the
    /// gang killed it is the machine's knowledge: it sets `killed_by_gang` itself.
    CommandExited {
        /// Which attempt's.
        attempt: Attempt,
        /// How.
        exit: Exit,
    },
    /// The answer to [`MemberOutput::CleanUp`].
    CleanedUp {
        /// Of which attempt.
        attempt: Attempt,
        /// Nothing is left: no process, port, shared or accelerator memory.
        clean: bool,
    },
    /// The agent itself was sent SIGTERM.
    Sigterm,
    /// What the processes use, for the next heartbeat.
    Usage(Usage),
    /// The whole machine slept for this long (a laptop's lid).
    Suspended {
        /// How long.
        slept: Duration,
    },
    /// The time of [`MemberMachine::deadline`] has come. Harmless at any other time.
    Tick,
}

/// What an agent's I/O layer has to do, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberOutput {
    /// Send to the primary; if the link is gone, drop the message (the machine repeats itself).
    Send(ToPrimary),
    /// Connect after this delay, resolving the address anew; answer with `LinkUp` or `LinkLost`.
    /// A link that is still there is closed first, silently.
    Dial {
        /// Wait so long before.
        after: Duration,
    },
    /// Run set-up if it has not run yet, then the command; answer `CommandStarted`, `CommandExited`.
    StartCommand {
        /// As this attempt.
        attempt: Attempt,
    },
    /// SIGTERM to the command's process group. The machine owns the grace timer.
    SignalCommand {
        /// Which attempt's.
        attempt: Attempt,
    },
    /// SIGKILL to the command and all its descendants (or abort its set-up).
    KillCommand {
        /// Which attempt's.
        attempt: Attempt,
    },
    /// Kill all descendants, empty what the attempt left; answer `CleanedUp`. The machine owns the
    /// time limit.
    CleanUp {
        /// Of which attempt.
        attempt: Attempt,
    },
    /// Replace the termination message (whole file).
    WriteTermination(TerminationMessage),
    /// Exit the agent: kill whatever is left first. Nothing is wanted of this machine afterwards.
    Exit(AgentExit),
    /// Log it as the agent's own line; gang events come from the primary's session.
    Event(MemberEvent),
}

/// What an agent says about itself in its own log.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub enum MemberEvent {
    /// Connected and welcome.
    Welcomed,
    /// The primary can't be reached.
    PrimaryLost,
    /// The primary turned this agent away.
    Refused {
        /// Its words.
        reason: String,
    },
    /// The lease ran out: the command is killed.
    LeaseExpired {
        /// Which attempt's.
        attempt: Attempt,
    },
    /// SIGTERM came from outside.
    TerminatedFromOutside,
    /// The clean-up did not end in time.
    Unclean {
        /// Of which attempt.
        attempt: Attempt,
    },
    /// This agent exits.
    Exiting {
        /// With this.
        exit: AgentExit,
        /// One sentence.
        reason: String,
    },
}

/// An agent's state.
#[derive(Debug)]
pub struct MemberMachine {
    config: GangConfig,
    replica: ReplicaId,
    me: Incarnation,
}

impl MemberMachine {
    /// A machine that has not connected yet; its first [`MemberOutput::Dial`] comes from the first
    /// `Tick`. The primary's own member is one whose `replica` is the first of the config: it exits
    /// by SIGTERM only, else its session does.
    pub fn new(config: GangConfig, replica: ReplicaId, me: Incarnation, _now: Now) -> Self {
        Self { config, replica, me }
    }

    /// Takes one input; `now` never goes back.
    pub fn handle(&mut self, _now: Now, _input: MemberInput) -> Vec<MemberOutput> {
        let _ = (&self.config, &self.replica, &self.me);
        Vec::new()
    }

    /// When a [`MemberInput::Tick`] is wanted at the latest.
    pub fn deadline(&self) -> Option<Now> {
        None
    }
}
