//! The words of the gang: identities, failures, verdicts and the messages between agents.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Number of a whole-gang start, from 1. 0 means that the gang has not started yet.
pub type Attempt = u32;

/// Time since an agent's own start on its monotonic clock. Never comparable between agents.
pub type Now = Duration;

/// One replica of a role, written `worker-0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaId {
    /// The role, as the spec names it.
    pub role: String,
    /// Index within the role, from 0.
    pub index: u32,
}

impl ReplicaId {
    /// The replica `index` of `role`.
    pub fn new(role: impl Into<String>, index: u32) -> Self {
        Self { role: role.into(), index }
    }
}

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.role, self.index)
    }
}

/// The text is not `ROLE-INDEX`.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a replica: write it as ROLE-INDEX, for example worker-0")]
pub struct ParseReplicaError(String);

impl FromStr for ReplicaId {
    type Err = ParseReplicaError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.rsplit_once('-')
            .filter(|(role, _)| !role.is_empty())
            .and_then(|(role, index)| Some(Self::new(role, index.parse().ok()?)))
            .ok_or_else(|| ParseReplicaError(text.into()))
    }
}

impl Serialize for ReplicaId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ReplicaId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

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

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExitStatus {
    /// It exited with this status.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// It (or its set-up) could not be started at all.
    NotStarted,
}

impl ExitStatus {
    /// Exit status 0.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

/// Everything an agent knows about the end of its command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exit {
    /// Status or signal.
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
    /// Who failed.
    pub replica: ReplicaId,
    /// The class whose budget it was charged to.
    pub class: FailureClass,
    /// The command's exit; `None` when the agent itself was lost.
    pub exit: Option<Exit>,
    /// One sentence for a person.
    pub reason: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The completion rule was met.
    Succeeded,
    /// A failure and no budget left for its class.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
    /// `timeout` was over.
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
    /// How it ended.
    pub outcome: Outcome,
    /// The last attempt.
    pub attempt: Attempt,
    /// The failure that ended the last attempt, for `Failed` and, when known, the others.
    pub first_failure: Option<FirstFailure>,
    /// One sentence for a person.
    pub reason: String,
}

/// What every heartbeat carries, so that a new primary can take over without forgetting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Carry {
    /// (generation of the primary, attempt): the higher one counts.
    pub epoch: (u32, Attempt),
    /// Retries charged so far.
    pub spent: PerClass,
    /// Time the run has been going, by the primary's monotonic clock, over all primaries.
    pub elapsed: Duration,
    /// The first failure of the last failed attempt.
    pub first_failure: Option<FirstFailure>,
    /// The verdict, once committed.
    pub verdict: Option<Verdict>,
}

/// When a run is a success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Completion {
    /// The primary replica exits 0.
    Primary,
    /// Every replica exits 0.
    #[default]
    All,
}

/// One member as the session knows it before anyone has joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Its identity.
    pub replica: ReplicaId,
    /// A role that never ends by itself (ps): ended at once when the run is complete.
    #[serde(default)]
    pub serves: bool,
}

/// What a run may cost, as the time after which it has cost so much: the agents know no prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CostLimit {
    /// The time, the first gathering included.
    pub time: Duration,
    /// The limit as people read it, for example `20.00 USD at 4.12 USD an hour`.
    pub text: String,
}

/// The rules of one gang; the same value in every agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GangConfig {
    /// The run's id.
    pub run: String,
    /// The Job's UID in a cluster, the run id locally: a foreign Job's agents are refused.
    pub job_uid: String,
    /// All members; index 0 is the primary.
    pub members: Vec<Member>,
    /// When the run is a success.
    pub completion: Completion,
    /// Retries allowed per class.
    pub budgets: PerClass,
    /// The run may take this long, gathering included from the first start on.
    pub timeout: Option<Duration>,
    /// The run may cost so much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_limit: Option<CostLimit>,
    /// The first gathering may take this long.
    pub start_timeout: Duration,
    /// A gathering after a lost replica may take this long; zero where nothing replaces it.
    pub rejoin_timeout: Duration,
    /// After completion, others may go on this long.
    pub drain: Duration,
    /// Between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// How long a command may run without a renewal from the primary.
    pub lease: Duration,
    /// An upper bound for killing everything after a lease ended, SIGKILL included.
    pub kill_bound: Duration,
    /// How long a peer-loss error waits for the real cause.
    pub blame_hold: Duration,
    /// How long the next attempt waits after a termination from outside.
    pub outside_pause: Duration,
}

/// Who joins: (run, job, replica, pod, generation, size), and what it remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Join {
    /// The run's id.
    pub run: String,
    /// See [`GangConfig::job_uid`].
    pub job_uid: String,
    /// Who it is.
    pub replica: ReplicaId,
    /// Unique per pod or agent process.
    pub pod_uid: String,
    /// How many times this replica's pod has been replaced.
    pub generation: u32,
    /// The number of members it expects.
    pub size: u32,
    /// The attempt of the command that it still runs, if any (it lost its link, not its lease).
    pub running: Option<Attempt>,
    /// The highest attempt that this agent was told to start and accepted; 0 for none.
    pub seen: Attempt,
    /// See [`ToPrimary::Heartbeat`]: the first lease is counted from the join.
    pub sent: Now,
    /// What it remembers.
    pub carry: Carry,
}

/// Resource use of one replica's processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Cores in use, averaged since the last report.
    pub cpu: f64,
    /// Resident memory in bytes.
    pub memory: u64,
    /// The memory limit in bytes, 0 where none is known.
    pub memory_limit: u64,
    /// The kernel's count of out-of-memory kills in this replica's control group.
    pub oom_kills: u64,
    /// The part of its accelerators' power in use, from 0 to 1, where their driver says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerators: Option<f64>,
}

/// Member to primary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum ToPrimary {
    /// I am here.
    Join(Join),
    /// I am still here; my command's state and my memory.
    Heartbeat {
        /// The attempt whose command runs here, if any.
        running: Option<Attempt>,
        /// What I remember.
        carry: Carry,
        /// What my processes use.
        usage: Usage,
        /// When I sent this, by my clock. The answer repeats it, and the lease is counted from it:
        /// so a late answer can't make a lease longer than the primary believes it is.
        sent: Now,
        /// The `at` of the last [`ToMember::Probe`], zero before the first.
        answers: Now,
    },
    /// The command of this attempt runs.
    Started {
        /// Which attempt.
        attempt: Attempt,
    },
    /// The command of this attempt ended.
    Exited {
        /// Which attempt.
        attempt: Attempt,
        /// How.
        exit: Exit,
    },
    /// Nothing of this attempt or an earlier one is left here; ready for the next.
    Stopped {
        /// Which attempt.
        attempt: Attempt,
        /// False when the clean-up did not end in time: this agent must be replaced.
        clean: bool,
    },
    /// I was sent SIGTERM from outside.
    TerminatedFromOutside,
    /// I know the verdict.
    Ack,
}

/// Primary to member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum ToMember {
    /// You are in.
    Welcome {
        /// What the gang remembers.
        carry: Carry,
    },
    /// You are not: stop trying and exit with COUNT, or for good when the run is over.
    Refuse {
        /// Why, for the log.
        reason: String,
    },
    /// Run the command.
    Start {
        /// As this attempt.
        attempt: Attempt,
    },
    /// End the command, report `Stopped`.
    Stop {
        /// Which attempt.
        attempt: Attempt,
    },
    /// Your lease is renewed; what the gang remembers.
    Lease {
        /// The memory to keep.
        carry: Carry,
        /// The `sent` of the join or heartbeat that this answers.
        sent: Now,
        /// The lease ends this long after `sent`. It shrinks with the time since the primary last
        /// heard of *any* member, so that a primary that loses one fences the others and itself.
        valid: Duration,
    },
    /// Send a heartbeat now: whatever failed at your side before this is known before its answer.
    Probe {
        /// By the primary's clock; the answer repeats it.
        at: Now,
    },
    /// The run is over: acknowledge, end the command within `drain`, report `Stopped`, and wait for
    /// [`ToMember::Release`].
    Verdict {
        /// How it ended.
        verdict: Verdict,
        /// How long the command may go on by itself; zero for "end it now".
        drain: Duration,
    },
    /// The verdict is committed: exit by it once your command has ended.
    Release,
    /// The gang can't go on, and this primary can't know what an earlier one decided: exit FINAL
    /// without a verdict.
    Disband {
        /// Why, for the log.
        reason: String,
    },
    /// Leave so that your replica is replaced (exit COUNT).
    Replace {
        /// Why, for the log.
        reason: String,
    },
}

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
