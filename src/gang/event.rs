//! What the gang tells about itself: the primary's log repeats every one of these.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Attempt, Exit, FailureClass, FirstFailure, PerClass, ReplicaId, Usage, Verdict};

/// An event with its place in the primary's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sequenced {
    /// Generation of the primary that gave the number: a new primary counts from 1 again.
    pub generation: u32,
    /// Place in that primary's order, from 1.
    pub seq: u64,
    /// The event itself; its fields stand beside `generation` and `seq` in the JSON.
    #[serde(flatten)]
    pub event: GangEvent,
}

/// One thing that happened to the gang, as its primary saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub enum GangEvent {
    /// A replica joined, for the first time or again after its link or its pod was lost.
    Joined {
        /// The replica whose place in the gang is taken now.
        replica: ReplicaId,
        /// The UID of its pod; on a laptop a name that is unique to the agent's process.
        pod_uid: String,
        /// How many times its pod had been replaced.
        generation: u32,
        /// The replicas without an agent after this join, in the order of the config.
        missing: Vec<ReplicaId>,
    },
    /// A join was turned away; nothing else changed.
    Refused {
        /// The replica that the join named: it need not be one of this gang.
        replica: ReplicaId,
        /// The pod or process that the join named.
        pod_uid: String,
        /// Why it was turned away, a clause for people.
        reason: String,
    },
    /// All replicas were told to start.
    AttemptStarted {
        /// The number that they start under, from 1.
        attempt: Attempt,
    },
    /// All replicas are ready, and the next attempt waits: a command that nobody can reach may still run.
    Quiet {
        /// After this long it has surely ended.
        within: Duration,
    },
    /// The command of a replica runs: its set-up is done.
    ReplicaStarted {
        /// The attempt that the command belongs to.
        attempt: Attempt,
        /// The replica whose command it is.
        replica: ReplicaId,
    },
    /// What a replica's processes use.
    Usage {
        /// The attempt whose command runs.
        attempt: Attempt,
        /// The replica that measured it.
        replica: ReplicaId,
        /// As its last heartbeat said.
        usage: Usage,
    },
    /// The command of a replica ended, by itself or killed.
    ReplicaExited {
        /// The attempt that the command belonged to.
        attempt: Attempt,
        /// The replica whose command it was.
        replica: ReplicaId,
        /// Its status, what the agent makes of it, and its last lines of output.
        exit: Exit,
    },
    /// Nothing of the attempt is left at this replica.
    ReplicaStopped {
        /// The attempt that is gone there; with it every earlier one.
        attempt: Attempt,
        /// The replica that has become idle.
        replica: ReplicaId,
        /// False when its clean-up did not end in time: something may still run or hold memory
        /// there.
        clean: bool,
    },
    /// A replica's agent can't be reached any more, or another one took its place.
    ReplicaLost {
        /// The replica whose place in the gang is empty now.
        replica: ReplicaId,
        /// What the primary concludes that from, a clause for people.
        reason: String,
    },
    /// A replica's agent was told to leave so that its pod is replaced.
    ReplicaReplaced {
        /// The replica that gets a new pod.
        replica: ReplicaId,
        /// Why its present pod is not good enough, a clause for people.
        reason: String,
    },
    /// The cause of a failed attempt is decided. A retry or the verdict follows.
    FirstFailure {
        /// The replica to blame, the class that it is charged to, and how its command ended.
        failure: FirstFailure,
    },
    /// The attempt is over: nothing of it runs any more.
    AttemptEnded {
        /// The failed attempt.
        attempt: Attempt,
    },
    /// The failure was charged to its class and the gang will be started again.
    Retry {
        /// The attempt that will come.
        attempt: Attempt,
        /// The class that the failed attempt was charged to.
        class: FailureClass,
        /// How many retries of that class are left.
        left: u32,
    },
    /// The completion rule is met.
    Completed {
        /// The attempt whose commands met it.
        attempt: Attempt,
    },
    /// The run has succeeded, and commands that still run may finish by themselves.
    Draining {
        /// The replicas whose commands still run; those that only serve are not among them.
        replicas: Vec<ReplicaId>,
        /// Whatever still runs this long after the verdict is ended.
        within: Duration,
    },
    /// A new primary took over what the gang remembers.
    Adopted {
        /// The attempt it goes on from.
        attempt: Attempt,
        /// The time the run had already been going.
        elapsed: Duration,
        /// How that attempt failed, if its primary could still say so.
        failure: Option<FirstFailure>,
        /// What had been charged to the budgets.
        spent: PerClass,
    },
    /// The primary has decided how the run ends. Commands may still run, and it is not committed
    /// yet.
    Verdict {
        /// The outcome and its cause.
        verdict: Verdict,
    },
    /// Something that a person should know and that changes nothing.
    Warning {
        /// One sentence for a person.
        message: String,
    },
}
