//! What an agent's process says by its exit status.

use serde::{Deserialize, Serialize};

/// What an agent's process exits with; the Job's podFailurePolicy is written for these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AgentExit {
    /// A committed success.
    Success,
    /// The gang failed; this index is done.
    Final,
    /// The gang failed; said by the primary, last of all.
    FinalJob,
    /// Replace my pod.
    Count,
    /// SIGTERM from outside without a verdict.
    Terminated,
}

impl AgentExit {
    /// The process exit status. 40 to 42 collide with no shell, runtime or signal convention.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Count => 40,
            Self::Final => 41,
            Self::FinalJob => 42,
            Self::Terminated => 143,
        }
    }
}
