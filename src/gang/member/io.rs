//! What goes into a member's machine and what comes out.

use std::time::Duration;

use crate::gang::{
    AgentExit, Attempt, Exit, TerminationMessage, ToMember, ToPrimary, Usage, Verdict,
};

/// What an agent's I/O layer hands to its [`super::MemberMachine`].
#[expect(clippy::large_enum_variant, reason = "short-lived: passed once by value")]
#[derive(Clone, Debug, PartialEq)]
pub enum MemberInput {
    /// The connection asked for by [`MemberOutput::Dial`] is up and authenticated. From here on no
    /// message of an earlier connection may be handed in.
    LinkUp,
    /// The connection is gone, or could not be made.
    LinkLost {
        /// Nothing listens there. On a laptop the primary is then gone for good.
        refused: bool,
    },
    /// The primary's agent has ended and nothing replaces it. Of a member that was let in the lost
    /// link says so.
    PrimaryGone,
    /// A message of the primary, received on the connection that is up now.
    Message(ToMember),
    /// The command runs (after its set-up).
    CommandStarted {
        /// The attempt of the `StartCommand` that this answers.
        attempt: Attempt,
    },
    /// The command ended, or could not be started ([`crate::gang::ExitStatus::NotStarted`]).
    /// Whether the gang killed it is the machine's knowledge: it sets `killed_by_gang` itself.
    CommandExited {
        /// The attempt of the `StartCommand` that the command was started by.
        attempt: Attempt,
        /// Its status, its class and its last lines of output.
        exit: Exit,
    },
    /// The answer to [`MemberOutput::CleanUp`].
    CleanedUp {
        /// The attempt of the `CleanUp` that this answers.
        attempt: Attempt,
        /// Nothing is left: no process, port, shared or accelerator memory.
        clean: bool,
    },
    /// In the primary's agent: its session said [`crate::gang::SessionOutput::Commit`].
    Committed(Verdict),
    /// The agent itself was sent SIGTERM.
    Sigterm,
    /// What the processes use, for the next heartbeat.
    Usage(Usage),
    /// The whole machine slept for this long (a laptop's lid). Hand it in before any other input
    /// that follows the sleep.
    Suspended {
        /// The length of the sleep, by a clock that goes on during it.
        slept: Duration,
    },
    /// The time of [`super::MemberMachine::deadline`] has come. Harmless at any other time.
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
        /// How long to wait before the first try; zero for at once.
        after: Duration,
    },
    /// Run set-up if it has not run yet, then the command; answer `CommandStarted`,
    /// `CommandExited`.
    StartCommand {
        /// The attempt, which the command learns from its environment.
        attempt: Attempt,
    },
    /// SIGTERM to the command's process group. The machine owns the grace timer.
    SignalCommand {
        /// The attempt of the command that runs.
        attempt: Attempt,
    },
    /// SIGKILL to the command and all its descendants (or abort its set-up).
    KillCommand {
        /// The attempt of the command that runs.
        attempt: Attempt,
    },
    /// Kill all descendants, empty what the attempt left; answer `CleanedUp`. The machine owns the
    /// time limit.
    CleanUp {
        /// The attempt of the command that has just ended.
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
    /// The primary has let this agent in.
    Welcomed,
    /// The primary can't be reached.
    PrimaryLost,
    /// The primary turned this agent away.
    Refused {
        /// Why, in the primary's words: a clause for people.
        reason: String,
    },
    /// The lease ran out: the command is killed.
    LeaseExpired {
        /// The attempt of the command that is killed.
        attempt: Attempt,
    },
    /// The agent was sent SIGTERM by somebody else than the gang: a drain, a preemption, a person.
    TerminatedFromOutside,
    /// The clean-up did not end in time.
    Unclean {
        /// The attempt of which something may be left.
        attempt: Attempt,
    },
    /// The agent exits; no event of it follows.
    Exiting {
        /// What its exit status says to the Job.
        exit: AgentExit,
        /// Why it exits, one sentence for a person.
        reason: String,
    },
}
