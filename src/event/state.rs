//! The state of a run in one word, and how events change it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::types::{Event, EventKind};
use super::waiting::WaitingReason;
use crate::gang::Outcome;

/// The state of a run: a pure function of its events (see [`RunState::after`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RunState {
    /// Recorded; nothing has been heard of its replicas.
    #[default]
    Submitted,
    /// The cluster keeps its replicas from starting: no room, no image, a quota, a queue.
    Pending,
    /// Replicas are set up and gather.
    Starting,
    /// An attempt has started, and the commands are running.
    Running,
    /// The completion rule is met; the others are ending.
    Draining,
    /// The gang gathers again after a failure.
    Restarting,
    /// It has ended well: what the completion rule asks for exited with 0.
    Succeeded,
    /// Ended by a failure.
    Failed,
    /// It was cancelled before it ended by itself.
    Cancelled,
    /// Ended by its timeout.
    TimedOut,
    /// It has ended before any command ran.
    CouldNotStart,
    /// Its folder is gone or can't be read.
    Unknown,
}

impl RunState {
    /// Every state, in the order of a run's life.
    pub const ALL: [Self; 12] = [
        Self::Submitted,
        Self::Pending,
        Self::Starting,
        Self::Running,
        Self::Draining,
        Self::Restarting,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::TimedOut,
        Self::CouldNotStart,
        Self::Unknown,
    ];

    /// The word that users read and filter by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Pending => "pending",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Draining => "draining",
            Self::Restarting => "restarting",
            Self::Succeeded => Outcome::Succeeded.as_str(),
            Self::Failed => Outcome::Failed.as_str(),
            Self::Cancelled => Outcome::Cancelled.as_str(),
            Self::TimedOut => Outcome::TimedOut.as_str(),
            Self::CouldNotStart => Outcome::CouldNotStart.as_str(),
            Self::Unknown => "unknown",
        }
    }

    /// The run is over.
    pub fn is_ended(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::TimedOut | Self::CouldNotStart
        )
    }

    /// The state after an event. An ended run stays as it ended.
    #[must_use]
    pub fn after(self, event: &Event) -> Self {
        if self.is_ended() {
            return self;
        }
        let is_of_task = event.replica.is_some();
        match &event.kind {
            // A task that starts again keeps no other one from running.
            EventKind::Draining { .. } | EventKind::Retrying { .. } | EventKind::Adopted { .. }
                if is_of_task =>
            {
                self
            }
            EventKind::Submitted { .. } => Self::Submitted,
            EventKind::Waiting { .. } if matches!(self, Self::Submitted | Self::Unknown) => {
                Self::Pending
            }
            // Its queue has taken its place back, or somebody has suspended it: nothing of it runs.
            EventKind::Waiting {
                reason: WaitingReason::Queued | WaitingReason::Suspended, ..
            } if !is_of_task => Self::Pending,
            EventKind::AgentStarted { .. }
            | EventKind::Placed { .. }
            | EventKind::SetupStarted
            | EventKind::SetupProgress { .. }
            | EventKind::InstallStarted { .. }
            | EventKind::InstallFinished { .. }
            | EventKind::SetupFinished { .. }
            | EventKind::Joined { .. }
                if matches!(self, Self::Submitted | Self::Pending | Self::Unknown) =>
            {
                Self::Starting
            }
            EventKind::AttemptStarted => Self::Running,
            EventKind::Draining { .. } => Self::Draining,
            EventKind::Retrying { .. } | EventKind::Adopted { .. } => Self::Restarting,
            EventKind::Finished { verdict, .. } => verdict.outcome.into(),
            _ => self,
        }
    }
}

impl From<Outcome> for RunState {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::Succeeded,
            Outcome::Failed => Self::Failed,
            Outcome::Cancelled => Self::Cancelled,
            Outcome::TimedOut => Self::TimedOut,
            Outcome::CouldNotStart => Self::CouldNotStart,
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text is not a state.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a state: write one of {list}", list = RunState::ALL.map(RunState::as_str).join(", "))]
pub struct ParseStateError(String);

impl FromStr for RunState {
    type Err = ParseStateError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |t: &str| t.replace(['-', '_'], "").to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|state| plain(state.as_str()) == plain(text))
            .ok_or_else(|| ParseStateError(text.into()))
    }
}
