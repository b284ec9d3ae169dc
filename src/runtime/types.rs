//! What a runtime is asked to do. No type of Kubernetes or of processes is here.

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::holding::{Holding, Holdings};
use crate::event::Event;
use crate::event::RunState;
use crate::gang::{Attempt, ReplicaId, Verdict};
use crate::hardware::gpus::{ClusterGpus, Machine};
use crate::plan::{Plan, RuntimeDefaults};
use crate::runtime::kubernetes::ClusterError;
use crate::store::{RunPaths, RunRecord};

/// Something that doesn't stop a submission but that the user must know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice(pub String);

/// Values that must not be written down: environment variables by name, for each role.
#[derive(Clone, Default)]
pub struct SecretValues(pub BTreeMap<String, BTreeMap<String, String>>);

/// Choices of one submission that are not part of the plan.
#[derive(Clone, Debug, Default)]
pub struct SubmitOptions {
    /// Run on the CPU where the accelerators are not there.
    pub allow_cpu: bool,
    /// The spec describes another system's machines: what it asks of memory is a hint.
    pub foreign: bool,
    /// Use a `model/` that another run has filled.
    pub overwrite: bool,
    /// Nothing will be started: look as closely as can be done without that.
    pub rehearse: bool,
}

/// How far a follower has read; kept in the run's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub BTreeMap<String, u64>);

/// Which lines of output are wanted.
#[derive(Clone, Debug, Default)]
pub struct LogQuery {
    /// Only this role.
    pub role: Option<String>,
    /// Only this index of the role.
    pub index: Option<u32>,
    /// Only this attempt.
    pub attempt: Option<Attempt>,
    /// Only lines after this time.
    pub since: Option<Timestamp>,
    /// Only so many of the last lines of each replica.
    pub tail: Option<usize>,
    /// Of a large gang, the primary's will do.
    pub few: bool,
}

/// One line of a command's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Who printed it.
    pub replica: ReplicaId,
    /// In which attempt; 0 is set-up before the first.
    pub attempt: Attempt,
    /// When, as exactly as the runtime knows.
    pub time: Option<Timestamp>,
    /// The bytes without the line end.
    pub line: Vec<u8>,
}

/// Reads the output of a run, following it on each call.
pub trait LogReader {
    /// The lines that have come since the last call; empty when there are none now.
    fn read(&mut self) -> Result<Vec<LogLine>, BackendError>;
}

/// A runtime failed or refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The plan can't run here as it is; every reason at once.
    #[error("this run can't start here: {}", .0.join("; "))]
    Refused(Vec<String>),
    /// The runtime can't do that.
    #[error("{0}")]
    Unsupported(String),
    /// The cluster can't be reached, or refuses.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A program could not be started.
    #[error("{0}: {1}")]
    NotRun(String, io::Error),
    /// A file or process failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A command to run beside a replica's, with this process's standard streams.
#[derive(Clone, Debug, Default)]
pub struct ExecRequest {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Give it a terminal where this process has one.
    pub tty: bool,
}

/// A run that the runtime itself remembers.
#[derive(Clone, Debug)]
pub struct FoundRun {
    /// The facts of its submission.
    pub record: RunRecord,
    /// Its plan, secrets masked.
    pub plan: Option<Plan>,
    /// The spec as it was run, secrets masked.
    pub spec: String,
    /// How it ended, if somebody has written that down.
    pub verdict: Option<Verdict>,
    /// Where it is, as far as that can be seen without reading its story.
    pub state: RunState,
}

/// Which runs are looked for in a runtime that remembers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The one with this id.
    Run(String),
    /// This user's.
    Mine,
    /// Everybody's.
    All,
}

/// Accelerators, as a runtime sees them.
#[derive(Clone, Debug)]
pub enum GpuView {
    /// Those of a cluster's nodes.
    Cluster {
        /// The accelerators.
        gpus: ClusterGpus,
        /// What could not be looked at, and why.
        unseen: Vec<Notice>,
    },
    /// Those of this machine.
    Machine {
        /// The GPUs; none without a driver.
        machine: Machine,
        /// Why there are none.
        why: Option<Notice>,
    },
}

impl BackendError {
    /// It may be otherwise in a moment, while nothing of the run has changed.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Cluster(ClusterError::Unreachable { .. } | ClusterError::Api(_)))
    }
}

/// A runtime: where gangs run.
pub trait Backend {
    /// `local`, or `<context>/<namespace>` of a cluster.
    fn name(&self) -> String;

    /// What it waits for when a spec is silent.
    fn defaults(&self) -> RuntimeDefaults;

    /// Fills in what only the runtime can find out: the command of an image.
    fn complete(&self, plan: &mut Plan) -> Result<(), BackendError> {
        let _ = plan;
        Ok(())
    }

    /// Looks before anything is created: can this plan run here? Errors come together.
    fn check(&self, plan: &Plan, options: &SubmitOptions) -> Result<Vec<Notice>, BackendError>;

    /// Starts the gang; when it returns, the gang goes on without mlctl.
    fn ensure(
        &self,
        plan: &Plan,
        run: &RunPaths,
        secrets: &SecretValues,
        options: &SubmitOptions,
    ) -> Result<Vec<Notice>, BackendError>;

    /// These runs are looked at next, one after the other: a runtime that is asked from afar asks for
    /// all of them at once.
    fn prepare(&self, _runs: &[String]) -> Result<(), BackendError> {
        Ok(())
    }

    /// Runs that the runtime itself remembers, whoever submitted them; a laptop remembers none.
    fn find(&self, _wanted: &Wanted) -> Result<Vec<FoundRun>, BackendError> {
        Ok(Vec::new())
    }

    /// Everything of runs that is still there, whosever they are and whether or not their state is
    /// known here.
    fn holdings(&self) -> Result<Holdings, BackendError>;

    /// Starts to remove one thing, or does so. "Not there" is success.
    fn discard(&self, holding: &Holding) -> Result<(), BackendError>;

    /// The accelerators that it has, and who uses them.
    fn gpus(&self) -> Result<GpuView, BackendError> {
        Err(BackendError::Unsupported(format!("{} knows no accelerators", self.name())))
    }

    /// Everything that has happened since `cursor`, in order; moves the cursor. When the gang has
    /// ended, or nothing of it is left, the last event is `Finished`.
    fn observe(&self, run: &RunPaths, cursor: &mut Cursor) -> Result<Vec<Event>, BackendError>;

    /// The output of the commands.
    fn logs(&self, run: &RunPaths, query: &LogQuery) -> Result<Box<dyn LogReader>, BackendError>;

    /// Asks the gang to end as cancelled; returns at once.
    fn cancel(&self, run: &RunPaths, by: &str) -> Result<Vec<Notice>, BackendError>;

    /// Nothing of the run is left: after its verdict the agents still end their commands.
    fn is_gone(&self, run: &RunPaths) -> Result<bool, BackendError>;

    /// Ends whatever is left of the run. "Not there" is success.
    fn remove(&self, run: &RunPaths) -> Result<(), BackendError>;

    /// Runs a command beside a replica's, in the same environment and folder, to its end; gives its
    /// exit status.
    fn exec(
        &self,
        run: &RunPaths,
        replica: &ReplicaId,
        request: &ExecRequest,
    ) -> Result<u8, BackendError>;
}
