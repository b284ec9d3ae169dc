//! The one stream of events: agents write it, the state keeps it, every view reads it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::sight::PodState;
use super::waiting::WaitingReason;
use crate::gang::{Attempt, Exit, ReplicaId, RunId, Usage, Verdict};

/// Version of the event format (`v`).
pub const EVENT_VERSION: u32 = 1;

/// One event of a run: a line of `events.jsonl` and of `--events`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Version of the event's format, [`EVENT_VERSION`].
    pub v: u32,
    /// Order within the run's journal, from 1; given by the store.
    pub seq: u64,
    /// Wall-clock time of the process that wrote it. For people; order is `seq`.
    pub time: Timestamp,
    /// Id of the run, `<name>-<6 characters>`.
    pub run: RunId,
    /// The attempt; 0 before the first start.
    pub attempt: Attempt,
    /// Whose event it is; absent for the whole gang's. What a gang tells as a whole, a task tells of
    /// itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica: Option<ReplicaId>,
    /// What happened, with its details.
    #[serde(flatten)]
    pub kind: EventKind,
}

impl Event {
    /// An event of the whole run that is written now; the store numbers it.
    pub fn new(run: &RunId, time: Timestamp, kind: EventKind) -> Self {
        let run = run.to_owned();
        Self { v: EVENT_VERSION, seq: 0, time, run, attempt: 0, replica: None, kind }
    }

    /// The event of a task that its agent has told as the event of a gang, the gang of one that each
    /// task is: it is about that task alone, and its end is not the run's.
    #[must_use]
    pub fn of_task(mut self, task: &ReplicaId) -> Self {
        self.replica.get_or_insert_with(|| task.clone());
        if let EventKind::Finished { verdict, inferred, .. } = self.kind {
            self.kind = EventKind::TaskEnded { verdict, inferred };
        }
        self
    }

    /// The end of a run whose agents did not tell it, by what `from` says.
    pub fn inferred_end(run: &RunId, time: Timestamp, verdict: Verdict, from: &str) -> Self {
        let attempt = verdict.attempt;
        let kind = EventKind::Finished { verdict, inferred: Some(from.into()), unsubmitted: false };
        Self { attempt, ..Self::new(run, time, kind) }
    }
}

/// A point of a curve that a command has drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// The step or epoch, when it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// Each number by the name that the command gave it.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub values: IndexMap<String, f64>,
    /// The names of metrics that were no finite numbers there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diverged: Vec<String>,
}

/// What happened to a run or to one of its replicas. The names are the `type` of a line in
/// `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub enum EventKind {
    /// mlctl recorded the run and started its replicas.
    Submitted {
        /// `local`, or `<context>/<namespace>` of a cluster.
        runtime: String,
    },
    /// The cluster keeps a replica, or without one the whole run, from starting.
    Waiting {
        /// The cluster's word for it, such as `Unschedulable`.
        reason: WaitingReason,
        /// The cluster's own sentence.
        message: String,
    },
    /// A replica's pod runs.
    Placed {
        /// Name of the node that the pod runs on.
        node: String,
        /// Name of the pod.
        pod: String,
        /// The labels of that node that prices depend on, as far as they could be read.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        labels: BTreeMap<String, String>,
        /// What the node's container runtime calls the image that the command runs in, by its digest, such
        /// as `docker.io/library/python@sha256:…`; absent where it hasn't said so, and in events of older
        /// versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image_id: Option<String>,
    },
    /// The cluster shows another thing of a replica's pod than its agent has told last; the event's time
    /// is since when.
    PodChanged {
        /// What it shows.
        state: PodState,
        /// Why, in a clause for people; empty where nothing is known.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
    },
    /// An agent is up.
    AgentStarted {
        /// Its process id, within its own machine or pod.
        pid: u32,
        /// Unique per pod or agent process.
        pod_uid: String,
    },
    /// A replica's set-up before the command has begun.
    SetupStarted,
    /// A line of the set-up's output, shortened; at most one a second.
    SetupProgress {
        /// The line, without its end.
        line: String,
        /// How many packages the installer has named so far.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        packages: Option<u32>,
    },
    /// Packages are being installed; what the log holds from here on, up to the end of it, is the
    /// installer's.
    InstallStarted {
        /// What installs them: `pip` or `uv`.
        with: String,
    },
    /// All packages are installed.
    InstallFinished {
        /// What has installed them.
        with: String,
        /// How many.
        packages: u32,
        /// How long it took.
        seconds: f64,
    },
    /// A replica's set-up has ended well.
    SetupFinished {
        /// How long it took.
        seconds: f64,
        /// The Python environment was already in the cache.
        cached: bool,
    },
    /// A replica joined the gang.
    Joined {
        /// Replicas that have not joined yet, this one left out.
        missing: Vec<ReplicaId>,
    },
    /// An agent that wanted to join the gang was refused.
    JoinRefused {
        /// Why it was refused, in one sentence.
        reason: String,
    },
    /// All replicas are there; the attempt starts.
    AttemptStarted,
    /// A replica makes its working folder; what its log holds from here on is this attempt's.
    CommandStarting,
    /// A replica's command has been started.
    CommandStarted {
        /// Its process id, within its own machine or pod.
        pid: u32,
    },
    /// The primary knows that a replica's command runs.
    ReplicaRunning,
    /// A replica's command has ended, by itself or because the gang ended it.
    CommandExited {
        /// Exit code or signal, its class, and the last lines of output.
        exit: Exit,
    },
    /// A replica's agent or its link is gone.
    ReplicaLost {
        /// What is known about it.
        reason: String,
    },
    /// Nothing of the attempt is left at this replica.
    ReplicaStopped {
        /// False when the clean-up did not end in time.
        clean: bool,
    },
    /// The first failure of an attempt.
    FirstFailure {
        /// The replica that failed first, how, and in which attempt.
        failure: crate::gang::FirstFailure,
    },
    /// The gang will start again.
    Retrying {
        /// The class whose budget is charged.
        class: crate::gang::FailureClass,
        /// Charged so far, this one included.
        spent: u32,
        /// How many restarts the class allows in all.
        budget: u32,
    },
    /// A new primary goes on after this attempt, by what the others remember.
    Adopted {
        /// How the attempt failed; `None` when its primary went without a word.
        failure: Option<crate::gang::FirstFailure>,
        /// What had been charged to the budgets.
        spent: crate::gang::PerClass,
    },
    /// Nothing of the attempt runs any more.
    AttemptEnded,
    /// The completion rule is met.
    Completed,
    /// The others have the drain to end.
    Draining {
        /// How long they have, in seconds.
        seconds: f64,
    },
    /// One of the run's tasks is over. The others go on.
    TaskEnded {
        /// How it ended, and why.
        verdict: Verdict,
        /// Where the verdict comes from, when it wasn't the task's own agent's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inferred: Option<String>,
    },
    /// The run is over.
    Finished {
        /// How it ended, by which replica's failure if any, and why.
        verdict: Verdict,
        /// Where the verdict comes from, when it wasn't the gang's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inferred: Option<String>,
        /// mlctl could not submit the run: no runtime has taken it over.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unsubmitted: bool,
    },
    /// Numbers that the command printed or reported.
    Metrics {
        /// The step or epoch, when it was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
        /// Each number by the name that the command gave it.
        values: IndexMap<String, f64>,
        /// The points before this one that no event has told of yet, in their order: a curve has all of its
        /// points, however fast it is drawn.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        earlier: Vec<Point>,
    },
    /// A trial has reported metrics that are no finite numbers: it has diverged, unless better ones follow.
    Diverged {
        /// The step or epoch, when it was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
        /// The names of the metrics.
        metrics: Vec<String>,
    },
    /// What a replica's processes use just now.
    Usage {
        /// Cores, bytes of memory, and the part of the accelerators' power in use.
        usage: Usage,
    },
    /// Something that a person should know.
    Warning {
        /// One sentence for a person, for `status` and `why` to repeat.
        message: String,
    },
}
