//! The rules of one gang.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PerClass, ReplicaId, RunId};

/// The most replicas of a run. More are not measured, and with so many `TF_CONFIG` (about 100 bytes for
/// each) stays far below the 128 KiB that Linux allows for one variable.
pub const MAX_REPLICAS: u32 = 256;

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
    /// The replica, which exactly one agent at a time may join as.
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

impl CostLimit {
    /// Why a run ends that has cost so much: the reason of its verdict.
    pub fn reason(&self) -> String {
        format!("its maxCost is spent: {}", self.text)
    }
}

/// The rules of one gang; the same value in every agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GangConfig {
    /// The id of the run; agents of another run are refused.
    pub run: RunId,
    /// The Job's UID in a cluster, the run id locally: a foreign Job's agents are refused.
    pub job_uid: String,
    /// All members; index 0 is the primary.
    pub members: Vec<Member>,
    /// When the run is a success.
    pub completion: Completion,
    /// How many retries each class of failure may cost; a class that is absent has none.
    pub budgets: PerClass,
    /// Exit codes of a command that no retry would change: whatever the budgets say, they end the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub final_codes: Vec<i32>,
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
    /// How long a command may take to end after SIGTERM, before SIGKILL.
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
