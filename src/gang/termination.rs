//! What an agent leaves behind for whoever reads the pod (or the run's folder) afterwards.

use serde::{Deserialize, Serialize};

use super::{Attempt, Exit, FirstFailure, Outcome, ReplicaId, RunId, Verdict};

/// What an agent's process exits with; the Job's podFailurePolicy is written for these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AgentExit {
    /// The run has succeeded and that is committed.
    Success,
    /// The gang failed; this index is done.
    Final,
    /// The gang failed; said by the primary, last of all.
    FinalJob,
    /// The same, since the cluster ended a replica from outside and no retry for that was left: an evicted
    /// pod is gone with its log, and its Job keeps this number alone.
    FinalEvicted,
    /// The agent's pod has to be replaced; the Job counts this as a failure of its index.
    Count,
    /// SIGTERM from outside without a verdict.
    Terminated,
}

impl AgentExit {
    /// The process exit status. 40 to 43 collide with no shell, runtime or signal convention.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Count => 40,
            Self::Final => 41,
            Self::FinalJob => 42,
            Self::FinalEvicted => 43,
            Self::Terminated => 143,
        }
    }
}

/// Largest termination message that the kubelet keeps.
pub const TERMINATION_LIMIT: usize = 4096;

/// Where the agent was when it wrote the message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TerminationState {
    /// It waits for the gang to gather: no command of its own has run yet.
    #[default]
    Waiting,
    /// Its command runs, or the set-up before it.
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
    /// The id of the run that the agent belonged to.
    pub run: RunId,
    /// The replica whose agent wrote it.
    pub replica: ReplicaId,
    /// The UID of the agent's pod; on a laptop a name that is unique to its process.
    pub pod_uid: String,
    /// How many times its pod had been replaced.
    pub generation: u32,
    /// The highest epoch that the agent had heard of (see [`super::Carry::epoch`]).
    pub epoch: (u32, Attempt),
    /// What it was doing when it wrote this.
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

impl TerminationMessage {
    /// The message as it is written: JSON of at most [`TERMINATION_LIMIT`] bytes. The oldest lines
    /// of output go first, then the tails of long sentences, then the failures; the verdict never.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut short = self.clone();
        while short.is_too_long() && short.drop_line() {}
        if short.is_too_long() {
            short.shorten_reasons();
        }
        if short.is_too_long() {
            short.exit = None;
            short.first_failure = None;
        }
        if short.is_too_long()
            && let Some(verdict) = &mut short.verdict
        {
            verdict.first_failure = None;
        }
        short.json()
    }

    fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn is_too_long(&self) -> bool {
        self.json().len() > TERMINATION_LIMIT
    }

    fn exits(&mut self) -> impl Iterator<Item = &mut Exit> {
        let of_verdict = self.verdict.as_mut().and_then(|verdict| verdict.first_failure.as_mut());
        let failures = self.first_failure.iter_mut().chain(of_verdict);
        self.exit.iter_mut().chain(failures.filter_map(|failure| failure.exit.as_mut()))
    }

    /// Drops the oldest line of the exit that has most of them.
    fn drop_line(&mut self) -> bool {
        let most = self.exits().max_by_key(|exit| exit.last_lines.len());
        let Some(exit) = most.filter(|exit| !exit.last_lines.is_empty()) else { return false };
        exit.last_lines.remove(0);
        true
    }

    fn shorten_reasons(&mut self) {
        let shorten = |reason: &mut String| {
            if let Some((end, _)) = reason.char_indices().nth(200) {
                reason.truncate(end);
            }
        };
        shorten(&mut self.reason);
        self.exits().for_each(|exit| shorten(&mut exit.reason));
        self.first_failure.iter_mut().for_each(|failure| shorten(&mut failure.reason));
        if let Some(verdict) = &mut self.verdict {
            shorten(&mut verdict.reason);
            verdict.first_failure.iter_mut().for_each(|failure| shorten(&mut failure.reason));
        }
    }
}

/// How much a verdict counts among those that agents of one run have left behind: the greater key
/// wins. `epoch` is that of the agent which says it (see [`super::Carry::epoch`]), not the
/// verdict's own attempt.
///
/// The highest epoch wins, because its primary knew most. On equal epochs anything outranks "could
/// not start", which is what a primary says that has met nobody who remembers more.
pub(crate) fn verdict_rank(
    epoch: (u32, Attempt),
    outcome: Outcome,
) -> impl Ord + Copy + std::fmt::Debug + use<> {
    (epoch, outcome != Outcome::CouldNotStart)
}

/// The verdict of a run according to the termination messages of its agents, by [`verdict_rank`];
/// of several that count the same, the one of the last message. `None` when no message has one:
/// then these agents know of none, which doesn't mean that the run has failed.
pub fn verdict_that_counts<'a>(
    messages: impl IntoIterator<Item = &'a TerminationMessage>,
) -> Option<&'a Verdict> {
    let said = messages
        .into_iter()
        .filter_map(|message| message.verdict.as_ref().map(|verdict| (message.epoch, verdict)));
    said.max_by_key(|(epoch, verdict)| verdict_rank(*epoch, verdict.outcome))
        .map(|(_, verdict)| verdict)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gang::{ExitStatus, FailureClass};

    fn says(epoch: (u32, Attempt), outcome: Option<Outcome>) -> TerminationMessage {
        TerminationMessage {
            run: "digits-abc123".into(),
            replica: ReplicaId::new("worker", 0),
            pod_uid: "pod".into(),
            generation: epoch.0,
            epoch,
            state: TerminationState::Exiting,
            terminated_from_outside: false,
            verdict: outcome.map(|outcome| Verdict {
                outcome,
                attempt: epoch.1,
                first_failure: None,
                reason: String::new(),
            }),
            first_failure: None,
            exit: None,
            reason: String::new(),
        }
    }

    fn counts(messages: &[TerminationMessage]) -> Option<Outcome> {
        verdict_that_counts(messages).map(|verdict| verdict.outcome)
    }

    #[test]
    fn the_verdict_of_the_highest_epoch_counts() {
        let failed = says((0, 4), Some(Outcome::Failed));
        let succeeded = says((1, 2), Some(Outcome::Succeeded));
        assert_eq!(counts(&[failed.clone(), succeeded.clone()]), Some(Outcome::Succeeded));
        assert_eq!(counts(&[succeeded.clone(), failed]), Some(Outcome::Succeeded));
        let late = says((1, 3), Some(Outcome::CouldNotStart));
        assert_eq!(counts(&[late, succeeded]), Some(Outcome::CouldNotStart));
    }

    #[test]
    fn could_not_start_yields_to_any_other_verdict_of_its_epoch() {
        let none = says((0, 0), Some(Outcome::CouldNotStart));
        let cancelled = says((0, 0), Some(Outcome::Cancelled));
        assert_eq!(counts(&[cancelled.clone(), none.clone()]), Some(Outcome::Cancelled));
        assert_eq!(counts(&[none.clone(), cancelled]), Some(Outcome::Cancelled));
        assert_eq!(counts(&[none]), Some(Outcome::CouldNotStart));
    }

    #[test]
    fn an_agent_without_a_verdict_says_nothing_about_the_end() {
        let silent = says((9, 9), None);
        let failed = says((0, 1), Some(Outcome::Failed));
        assert_eq!(counts(&[silent.clone(), failed, silent.clone()]), Some(Outcome::Failed));
        assert_eq!(counts(&[silent]), None);
        assert_eq!(counts(&[]), None);
    }

    #[test]
    fn fits_and_keeps_the_verdict() {
        let replica = ReplicaId::new("worker", 1);
        let exit = Exit {
            status: ExitStatus::Code(1),
            class: Some(FailureClass::UserError),
            peer_loss: false,
            killed_by_gang: false,
            reason: "é".repeat(3000),
            last_lines: (0..40).map(|n| format!("{n} {}", "ü".repeat(200))).collect(),
        };
        let failure = FirstFailure {
            attempt: 2,
            replica: replica.clone(),
            class: FailureClass::UserError,
            exit: Some(exit.clone()),
            reason: "ß".repeat(3000),
        };
        let verdict = Verdict {
            outcome: Outcome::Failed,
            attempt: 2,
            first_failure: Some(failure.clone()),
            reason: "ß".repeat(3000),
        };
        let message = TerminationMessage {
            run: "digits-abc123".into(),
            replica,
            pod_uid: "pod".into(),
            generation: 0,
            epoch: (0, 2),
            state: TerminationState::Exiting,
            terminated_from_outside: false,
            verdict: Some(verdict),
            first_failure: Some(failure),
            exit: Some(exit),
            reason: String::new(),
        };
        let bytes = message.to_bytes();
        assert!(bytes.len() <= TERMINATION_LIMIT, "{}", bytes.len());
        let back: TerminationMessage = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(back.verdict.unwrap().outcome, Outcome::Failed);
    }
}
