//! What goes into the primary's machine and what comes out.

use std::time::Duration;

use super::super::{AgentExit, ReplicaId, Sequenced, ToMember, ToPrimary, Verdict};

/// One connection to the primary, numbered by its I/O layer; a number is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// Which pod or process an agent is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incarnation {
    /// Unique per pod or agent process.
    pub pod_uid: String,
    /// How many times this replica's pod has been replaced.
    pub generation: u32,
}

/// What happens to the primary.
///
/// Facts from the Kubernetes API (a node gone, a pod's condition) would be one more input here.
#[expect(clippy::large_enum_variant, reason = "short-lived: passed once by value")]
#[derive(Clone, Debug, PartialEq)]
pub enum SessionInput {
    /// A member said something. The I/O layer has authenticated the link; the primary's own member
    /// has a link like any other, only in-process.
    Message {
        /// On this link.
        link: LinkId,
        /// What it said.
        message: ToPrimary,
    },
    /// The link is closed or broken; no message of it will come any more.
    LinkLost {
        /// Which.
        link: LinkId,
    },
    /// This replica's agent has ended and nothing replaces it. Of one that has joined the lost link
    /// says so too.
    NeverCame {
        /// Who.
        replica: ReplicaId,
    },
    /// Somebody wants the run to end.
    Cancel {
        /// Who, for the verdict.
        by: String,
    },
    /// The whole machine slept for this long (a laptop's lid). Hand it in before any other input
    /// that follows the sleep.
    Suspended {
        /// How long.
        slept: Duration,
    },
    /// The time of [`super::Session::deadline`] has come. Harmless at any other time.
    Tick,
}

/// What the primary's I/O layer has to do, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionOutput {
    /// Send a message.
    Send {
        /// On this link; if it is gone, drop the message.
        link: LinkId,
        /// What to say.
        message: ToMember,
    },
    /// Close this link once everything sent on it has been flushed. No `LinkLost` need follow.
    Close {
        /// Which.
        link: LinkId,
    },
    /// Log it.
    Event(Sequenced),
    /// Hand it to the primary's own member as [`crate::gang::MemberInput::Committed`] and carry out
    /// the `WriteTermination` that comes of it before anything later in the same list. A write that
    /// fails (a full disk) is a warning, not a reason to stop.
    Commit(Verdict),
    /// Exit the primary's process, whatever its member still does: kill its command first, flush
    /// what was sent. (The process also ends when its member says `Exit`, after a SIGTERM.)
    Exit(AgentExit),
}
