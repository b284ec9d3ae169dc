//! What the gang tells about itself: the primary's log repeats every one of these.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Attempt, Exit, FailureClass, FirstFailure, PerClass, ReplicaId, Verdict};

/// An event with its place in the primary's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sequenced {
    /// Generation of the primary that gave the number: a new primary counts from 1 again.
    pub generation: u32,
    /// Place in that primary's order, from 1.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: GangEvent,
}

/// What happened to the gang.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub enum GangEvent {
    /// A replica joined (again).
    Joined {
        /// Who.
        replica: ReplicaId,
        /// Which pod or process.
        pod_uid: String,
        /// How many times its pod had been replaced.
        generation: u32,
        /// Who is still missing.
        missing: Vec<ReplicaId>,
    },
    /// A join was turned away; nothing else changed.
    Refused {
        /// Who it said it was.
        replica: ReplicaId,
        /// Which pod or process.
        pod_uid: String,
        /// Why.
        reason: String,
    },
    /// All replicas were told to start.
    AttemptStarted {
        /// As this attempt.
        attempt: Attempt,
    },
    /// A replica's command runs.
    ReplicaStarted {
        /// In this attempt.
        attempt: Attempt,
        /// Who.
        replica: ReplicaId,
    },
    /// A replica's command ended.
    ReplicaExited {
        /// In this attempt.
        attempt: Attempt,
        /// Who.
        replica: ReplicaId,
        /// How.
        exit: Exit,
    },
    /// Nothing of the attempt is left at this replica.
    ReplicaStopped {
        /// This attempt or an earlier one.
        attempt: Attempt,
        /// Who.
        replica: ReplicaId,
        /// False when its clean-up did not end in time.
        clean: bool,
    },
    /// A replica's agent can't be reached any more, or another one took its place.
    ReplicaLost {
        /// Who.
        replica: ReplicaId,
        /// Why the primary thinks so.
        reason: String,
    },
    /// A replica's agent was told to leave so that its pod is replaced.
    ReplicaReplaced {
        /// Who.
        replica: ReplicaId,
        /// Why.
        reason: String,
    },
    /// Why the attempt failed.
    FirstFailure {
        /// Who, when and how.
        failure: FirstFailure,
    },
    /// The attempt is over: nothing of it runs any more.
    AttemptEnded {
        /// Which.
        attempt: Attempt,
    },
    /// The failure was charged to its class and the gang will be started again.
    Retry {
        /// The attempt that will come.
        attempt: Attempt,
        /// The class that paid.
        class: FailureClass,
        /// How many retries of that class are left.
        left: u32,
    },
    /// The completion rule is met.
    Completed {
        /// By this attempt.
        attempt: Attempt,
    },
    /// The others may finish by themselves.
    Draining {
        /// Who still runs.
        replicas: Vec<ReplicaId>,
        /// For this long.
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
    /// The run is over.
    Verdict {
        /// How.
        verdict: Verdict,
    },
    /// Something that a person should know and that changes nothing.
    Warning {
        /// One sentence.
        message: String,
    },
}
