//! What agents say to each other.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Attempt, Exit, FirstFailure, Now, PerClass, ReplicaId, RunId, Verdict};

/// What every heartbeat carries, so that a new primary can take over without forgetting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Carry {
    /// (generation of the primary, attempt): the higher one counts.
    pub epoch: (u32, Attempt),
    /// Retries charged so far, per class, over all primaries.
    pub spent: PerClass,
    /// Time the run has been going, by the primary's monotonic clock, over all primaries.
    pub elapsed: Duration,
    /// The first failure of the last failed attempt.
    pub first_failure: Option<FirstFailure>,
    /// The verdict, from its decision on: it may not be committed yet. `None` before.
    pub verdict: Option<Verdict>,
}

/// How memory of the gang is merged: nothing spent, elapsed or decided is ever forgotten.
impl Carry {
    /// Takes over what `other` knows better. A higher epoch brings its first failure along; budgets
    /// and time only grow; the first verdict heard of stays.
    pub fn merge(&mut self, other: &Self) {
        if other.epoch > self.epoch {
            self.epoch = other.epoch;
            self.first_failure.clone_from(&other.first_failure);
        } else if other.epoch == self.epoch && other.first_failure.is_some() {
            self.first_failure.clone_from(&other.first_failure);
        }
        self.spent.join(&other.spent);
        self.elapsed = self.elapsed.max(other.elapsed);
        if self.verdict.is_none() {
            self.verdict.clone_from(&other.verdict);
        }
    }
}

/// What a member knows of the primary that let it in last, for the one that comes after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Met {
    /// How many times that primary's pod had been replaced.
    pub generation: u32,
    /// How many of the pods before it the cluster had ended from outside, as the cluster counts them.
    pub disruptions: u32,
    /// Nothing that it had lost could still run when it said so last.
    pub quiet: bool,
    /// It has said that it ends: its own command has ended, and it starts nothing any more.
    pub left: bool,
}

impl Met {
    /// Whether the only primary between the two was this one, and nothing of it can run any more: it has said
    /// so itself, or its pod failed by itself, which the cluster counts once all its containers have ended.
    /// Pods that the cluster ends from outside may live on where a node can't be reached.
    pub fn is_over_for(self, generation: u32, disruptions: u32) -> bool {
        let is_next = generation.checked_sub(1) == Some(self.generation);
        self.quiet && is_next && (self.left || self.disruptions == disruptions)
    }
}

/// Who joins: (run, job, replica, pod, generation, size), and what it remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Join {
    /// The id of the run, which must be the primary's own.
    pub run: RunId,
    /// The Job's UID, which must be the primary's own (see [`super::GangConfig::job_uid`]).
    pub job_uid: String,
    /// The replica whose place in the gang the agent claims.
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
    /// What it remembers of the gang: default in an agent that has met no primary.
    pub carry: Carry,
    /// The primary that it has met before this one. It tells it once: whoever joins a second time may have
    /// been let in without knowing it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<Met>,
}

/// Resource use of one replica's processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Cores in use, averaged since the last report.
    pub cpu: f64,
    /// Resident memory of all the replica's processes, in bytes.
    pub memory: u64,
    /// The memory limit in bytes, 0 where none is known.
    pub memory_limit: u64,
    /// The kernel's count of out-of-memory kills in this replica's control group.
    pub oom_kills: u64,
    /// The part of its accelerators' power in use, from 0 to 1, where their driver says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerators: Option<f64>,
    /// Bytes of its accelerators' memory that its processes use; where the driver doesn't say whose it is,
    /// what is in use beyond what was before the first command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerator_memory: Option<u64>,
    /// Bytes of memory that its accelerators have together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerator_memory_total: Option<u64>,
}

/// What a member says to its primary. The first message on a link is `Join`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum ToPrimary {
    /// I am here and want this place in the gang. Answered by `Welcome` or `Refuse`.
    Join(Join),
    /// I am still here; my command's state and my memory.
    Heartbeat {
        /// The attempt whose command runs here, if any.
        running: Option<Attempt>,
        /// What I remember of the gang.
        carry: Carry,
        /// What my command and its descendants use, as last measured.
        usage: Usage,
        /// When I sent this, by my clock. The answer repeats it, and the lease is counted from it:
        /// so a late answer can't make a lease longer than the primary believes it is.
        sent: Now,
        /// The `at` of the last [`ToMember::Probe`], zero before the first.
        answers: Now,
    },
    /// The command of this attempt runs.
    Started {
        /// The attempt that I was told to start.
        attempt: Attempt,
    },
    /// The command of this attempt ended.
    Exited {
        /// The attempt that the command belonged to.
        attempt: Attempt,
        /// Its status, what my agent makes of it, and its last lines of output.
        exit: Exit,
    },
    /// Nothing of this attempt or an earlier one is left here; ready for the next.
    Stopped {
        /// The highest attempt that I was told to start or to stop.
        attempt: Attempt,
        /// False when the clean-up did not end in time: this agent must be replaced.
        clean: bool,
    },
    /// I was sent SIGTERM from outside.
    TerminatedFromOutside,
    /// I know the verdict and start nothing any more.
    Ack,
}

/// What the primary says to a member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum ToMember {
    /// You are let in: the place that you joined for is yours.
    Welcome {
        /// What the gang remembers, for you to keep.
        carry: Carry,
        /// Who lets you in; absent where that is an mlctl that knew nothing of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        met: Option<Met>,
    },
    /// You are not: stop trying and exit with COUNT, or for good when the run is over.
    Refuse {
        /// Why there is no place for it, a clause for the agent's log.
        reason: String,
    },
    /// Run the command, unless you have no lease or an attempt as high was started or stopped.
    Start {
        /// The number to run it under, higher than every earlier one.
        attempt: Attempt,
    },
    /// End the command, report `Stopped`.
    Stop {
        /// Neither this attempt nor an earlier one may be started from now on.
        attempt: Attempt,
    },
    /// Your lease is renewed; what the gang remembers.
    Lease {
        /// What the gang remembers, for you to keep.
        carry: Carry,
        /// The `sent` of the join or heartbeat that this answers.
        sent: Now,
        /// The lease ends this long after `sent`. It shrinks with the time since the primary last
        /// heard of *any* member, so that a primary that loses one fences the others and itself.
        valid: Duration,
        /// See [`Met::quiet`].
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        quiet: bool,
    },
    /// I end now, and start nothing any more.
    Left {
        /// What the gang remembers, for you to keep.
        carry: Carry,
        /// See [`Met::left`]: my own command has ended, and nothing that I have lost can still run.
        over: bool,
    },
    /// Send a heartbeat now: whatever failed at your side before this is known before its answer.
    Probe {
        /// By the primary's clock; the answer repeats it.
        at: Now,
    },
    /// The run is over: acknowledge, end the command within `drain`, report `Stopped`, and wait for
    /// [`ToMember::Release`].
    Verdict {
        /// The outcome and its cause.
        verdict: Verdict,
        /// How long the command may go on by itself; zero for "end it now".
        drain: Duration,
    },
    /// The verdict is committed: exit by it once your command has ended.
    Release,
    /// The gang can't go on, and this primary can't know what an earlier one decided: exit FINAL
    /// without a verdict.
    Disband {
        /// Why the gang can't go on, a sentence for the agent's log.
        reason: String,
    },
    /// Leave so that your replica is replaced (exit COUNT).
    Replace {
        /// Why its pod has to be replaced, a clause for the agent's log.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_primary_is_over_where_it_said_so_or_the_cluster_counted_a_failure() {
        let met = Met { generation: 1, disruptions: 1, quiet: true, left: false };
        assert!(met.is_over_for(2, 1), "its pod failed");
        assert!(!met.is_over_for(2, 2), "its pod was ended from outside, and may live on");
        assert!(!met.is_over_for(3, 1), "there was another one");
        assert!(!met.is_over_for(1, 1) && !met.is_over_for(0, 1), "it is none before that one");
        assert!(Met { left: true, ..met }.is_over_for(2, 2), "it said so");
        assert!(!Met { quiet: false, left: true, ..met }.is_over_for(2, 2), "it had lost somebody");
    }
}
