//! What an agent leaves behind for whoever reads the pod (or the run's folder) afterwards.

use serde::{Deserialize, Serialize};

use super::{Attempt, Exit, FirstFailure, ReplicaId, Verdict};

/// Largest termination message that the kubelet keeps.
pub const TERMINATION_LIMIT: usize = 4096;

/// Where the agent was when it wrote the message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TerminationState {
    /// Waiting for the gang.
    #[default]
    Waiting,
    /// Its command runs.
    Running,
    /// Its command ended or is being ended.
    Stopped,
    /// The agent is about to exit.
    Exiting,
}

/// The termination message: rewritten at each transition, because an agent that is killed can't.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TerminationMessage {
    /// The run's id.
    pub run: String,
    /// Who wrote it.
    pub replica: ReplicaId,
    /// Which pod or process.
    pub pod_uid: String,
    /// How many times its pod had been replaced.
    pub generation: u32,
    /// See [`super::Carry::epoch`].
    pub epoch: (u32, Attempt),
    /// What it was doing.
    pub state: TerminationState,
    /// It was sent SIGTERM from outside.
    #[serde(default)]
    pub terminated_from_outside: bool,
    /// The committed verdict; `None` means that this agent knows of none, never "failed".
    pub verdict: Option<Verdict>,
    /// The first failure of the last failed attempt.
    pub first_failure: Option<FirstFailure>,
    /// How this replica's own command ended last.
    pub exit: Option<Exit>,
    /// Why the agent exits, one sentence.
    #[serde(default)]
    pub reason: String,
}
