//! What goes into the primary's machine and what comes out.

use std::time::Duration;

use crate::gang::{AgentExit, ReplicaId, Sequenced, ToMember, ToPrimary, Verdict};

/// One connection to the primary, numbered by its I/O layer; a number is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// One agent of a replica: it is another one after every replacement of the replica's pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incarnation {
    /// Unique per pod or agent process.
    pub pod_uid: String,
    /// How many times this replica's pod has been replaced.
    pub generation: u32,
}

/// What the primary's I/O layer hands to its [`super::Session`].
///
/// Facts from the Kubernetes API (a node gone, a pod's condition) would be one more input here.
#[expect(clippy::large_enum_variant, reason = "short-lived: passed once by value")]
#[derive(Clone, Debug, PartialEq)]
pub enum SessionInput {
    /// A member said something. The I/O layer has authenticated the link; the primary's own member
    /// has a link like any other, only in-process.
    Message {
        /// The link that it came on. One that no join was accepted on may say only `Join`.
        link: LinkId,
        /// The message as it was decoded.
        message: ToPrimary,
    },
    /// The link is closed or broken; no message of it will come any more.
    LinkLost {
        /// The link that is gone; of one that the session doesn't know nothing comes.
        link: LinkId,
    },
    /// This replica's agent has ended and nothing replaces it. Of one that has joined the lost link
    /// says so too.
    NeverCame {
        /// The replica that nobody will join as.
        replica: ReplicaId,
    },
    /// Somebody wants the run to end.
    Cancel {
        /// Whoever cancels, as the verdict's reason names them.
        by: String,
    },
    /// The whole machine slept for this long (a laptop's lid). Hand it in before any other input
    /// that follows the sleep.
    Suspended {
        /// The length of the sleep, by a clock that goes on during it.
        slept: Duration,
    },
    /// The time of [`super::Session::deadline`] has come. Harmless at any other time.
    Tick,
}

/// What the primary's I/O layer has to do for its session, in the order of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionOutput {
    /// Send a message to a member, or to one that was just refused.
    Send {
        /// The link to send on; if it is gone, drop the message.
        link: LinkId,
        /// The message to encode.
        message: ToMember,
    },
    /// Close this link once everything sent on it has been flushed. No `LinkLost` need follow.
    Close {
        /// The link, which may already be gone.
        link: LinkId,
    },
    /// Write it to the primary's log, which is where users and commands read it.
    Event(Sequenced),
    /// Hand it to the primary's own member as [`crate::gang::MemberInput::Committed`] and carry out
    /// the `WriteTermination` that comes of it before anything later in the same list. A write that
    /// fails (a full disk) is a warning, not a reason to stop.
    Commit(Verdict),
    /// Exit the primary's process, whatever its member still does: kill its command first, flush
    /// what was sent. (The process also ends when its member says `Exit`, after a SIGTERM.)
    Exit(AgentExit),
}
