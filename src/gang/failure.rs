//! How commands, attempts and runs end.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempt, ReplicaId};

/// Why an attempt failed; each class has a retry budget of its own (Vertex's retry classes).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum FailureClass {
    /// The command exited with a non-zero status of its own.
    UserError,
    /// The kernel or the kubelet killed the command for its memory.
    OutOfMemory,
    /// The command died of a signal (SIGABRT, SIGSEGV, SIGBUS, an unexplained SIGKILL).
    TransientSignal,
    /// The command or its set-up could not be started, or the gang did not gather in time.
    Startup,
    /// A replica's agent, its machine or the network went away.
    Infrastructure,
    /// The replica was told to go from outside (drain, preemption, spot).
    Preemption,
}

impl FailureClass {
    /// Every class, in the order of the spec's `retries`.
    pub const ALL: [Self; 6] = [
        Self::UserError,
        Self::OutOfMemory,
        Self::TransientSignal,
        Self::Startup,
        Self::Infrastructure,
        Self::Preemption,
    ];
}

impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UserError => "userError",
            Self::OutOfMemory => "outOfMemory",
            Self::TransientSignal => "transientSignal",
            Self::Startup => "startup",
            Self::Infrastructure => "infrastructure",
            Self::Preemption => "preemption",
        })
    }
}

/// A number per failure class: a budget, or what has been spent of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PerClass(pub BTreeMap<FailureClass, u32>);

impl PerClass {
    /// The number of a class; absent is 0.
    pub fn get(&self, class: FailureClass) -> u32 {
        self.0.get(&class).copied().unwrap_or(0)
    }

    /// Takes the larger number of each class.
    pub fn join(&mut self, other: &Self) {
        for (class, count) in &other.0 {
            let mine = self.0.entry(*class).or_default();
            *mine = (*mine).max(*count);
        }
    }
}

/// How the process of a command ended, as its parent was told by the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExitStatus {
    /// It exited with this status.
    Code(i32),
    /// The signal of this number ended it.
    Signal(i32),
    /// It (or its set-up) could not be started at all.
    NotStarted,
}

impl ExitStatus {
    /// Whether it exited with status 0. Whether it was asked to exit is not considered.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

/// Everything an agent knows about the end of its command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exit {
    /// The exit status or the signal that ended it.
    pub status: ExitStatus,
    /// What the agent makes of it; `None` for a success.
    pub class: Option<FailureClass>,
    /// The last lines look like the loss of a peer ("Connection reset by peer", ...): probably a
    /// consequence, so the session holds it for a moment and waits for the real cause.
    #[serde(default)]
    pub peer_loss: bool,
    /// The agent itself (or the gang through it) killed the command.
    #[serde(default)]
    pub killed_by_gang: bool,
    /// One sentence for a person, for example "exit code 1" or "killed by SIGKILL".
    pub reason: String,
    /// The command's last lines of output, oldest first, bounded.
    #[serde(default)]
    pub last_lines: Vec<String>,
}

/// The first replica that failed in an attempt, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstFailure {
    /// The attempt in which it happened.
    pub attempt: Attempt,
    /// The replica to blame: its command failed, or its agent was lost.
    pub replica: ReplicaId,
    /// The class whose budget it was charged to.
    pub class: FailureClass,
    /// The command's exit; `None` when the agent itself was lost.
    pub exit: Option<Exit>,
    /// One sentence for a person.
    pub reason: String,
}

impl Verdict {
    /// The last line of the command that failed first, which a person would look up next; the reason where
    /// it has said nothing, or had no word about its end because a signal ended it.
    pub fn last_words(&self) -> String {
        let failure = self.first_failure.as_ref();
        let exit = failure.and_then(|failure| failure.exit.as_ref());
        let spoke = exit.filter(|exit| matches!(exit.status, ExitStatus::Code(_)));
        match spoke.and_then(|exit| exit.last_lines.last()) {
            Some(line) if !line.trim().is_empty() => line.trim().to_owned(),
            _ => self.reason.clone(),
        }
    }
}

/// The end of a run in one word, for users and for filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The completion rule was met.
    Succeeded,
    /// A failure and no budget left for its class.
    Failed,
    /// A user, or the command that follows the run, cancelled it.
    Cancelled,
    /// The time allowed by `timeout`, or by the cost limit, was over.
    TimedOut,
    /// The gang did not gather within `startTimeout`.
    CouldNotStart,
}

impl Outcome {
    /// The word that users read and filter by, for example `succeeded`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timedOut",
            Self::CouldNotStart => "couldNotStart",
        }
    }
}

/// The committed end of a run. At most one per run, never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The end in one word.
    pub outcome: Outcome,
    /// The last attempt that was started; 0 if none was.
    pub attempt: Attempt,
    /// The failure that ended the last attempt, for `Failed` and, when known, the others.
    pub first_failure: Option<FirstFailure>,
    /// One sentence for a person.
    pub reason: String,
}
