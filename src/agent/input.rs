//! What reaches an agent's main loop, from all its threads.

use std::path::PathBuf;
use std::sync::Arc;

use super::link::Link;
use super::process::Ended;
use super::setup::OnceEnvironment;
use super::work_link::WorkLink;
use crate::gang::{Attempt, ReplicaId, ToMember, ToPrimary};

/// Something that happened in another thread.
#[derive(Debug)]
pub(super) enum Input {
    /// At the primary: a member has connected and proved that it holds the token.
    MemberLinkUp { number: u64, link: Link<ToMember> },
    /// At the primary: a member said something.
    FromMember { number: u64, message: ToPrimary },
    /// At the primary: a member's link is gone.
    MemberLinkLost { number: u64 },
    /// At the primary: an agent that nothing replaces has ended.
    AgentGone { replica: ReplicaId },
    /// Elsewhere: the primary's agent, which nothing replaces, has ended.
    PrimaryGone,
    /// At the primary: somebody with the token wants the run to end.
    Cancel { by: String },
    /// The primary answered the dial of this number.
    PrimaryLinkUp { dial: u64, link: Link<ToPrimary> },
    /// The primary said something.
    FromPrimary { dial: u64, message: ToMember },
    /// The link to the primary is gone or could not be made.
    PrimaryLinkLost { dial: u64, refused: bool, unmet: Option<Unmet> },
    /// Set-up has ended.
    SetupEnded(Result<SetupDone, Ended>),
    /// The command runs.
    CommandStarted { attempt: Attempt, pid: i32 },
    /// The command ended.
    CommandEnded { attempt: Attempt, ended: Ended },
    /// The clean-up is over.
    CleanedUp { attempt: Attempt, clean: bool },
    /// SIGTERM or SIGINT.
    Terminated,
}

/// What set-up has made for the command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SetupDone {
    /// The command's Python, where the job asks for one.
    pub(super) python: Option<PythonPlace>,
    /// Keeps the Python environment where it is of this run alone.
    pub(super) once: Option<Arc<OnceEnvironment>>,
    /// Links into the data that were fetched.
    pub(super) links: Vec<WorkLink>,
}

/// Where the command finds its `python`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PythonPlace {
    /// It is in `PATH` already.
    AsItIs,
    /// It is in this folder, which is put first in `PATH`.
    Folder(PathBuf),
    /// It is in the virtual environment at this path.
    Environment(PathBuf),
}

/// Set-up failed. The text is one sentence for people, which says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SetupError(pub(super) String);

/// Why there is no link to the primary, where that is worth a word.
#[derive(Debug)]
pub(super) enum Unmet {
    /// Something else answers at its address.
    Stranger(String),
    /// Its name has no address.
    Nameless(String),
}
