//! What is there: runs that a runtime remembers, what they hold, and accelerators.

use super::{Holding, Holdings, Notice, RuntimeError};
use crate::gang::RunId;
use crate::hardware::gpus::{ClusterGpus, Machine};
use crate::store::FoundRun;

/// Which runs are looked for in a runtime that remembers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The one with this id.
    Run(RunId),
    /// The trials of this study.
    Study(RunId),
    /// All runs that this user has submitted.
    Mine,
    /// All runs, whoever submitted them.
    All,
}

/// What a search for runs has shown.
#[derive(Clone, Debug, Default)]
pub struct FoundRuns {
    /// The runs that were wanted.
    pub runs: Vec<FoundRun>,
    /// What calls itself the record of a run and can't be one, with what is wrong. Nothing else is
    /// known of these.
    pub damaged: Vec<Notice>,
}

/// Accelerators, as a runtime sees them.
#[derive(Clone, Debug)]
pub enum GpuView {
    /// Those of a cluster's nodes.
    Cluster {
        /// Nodes with accelerators, and what uses them.
        gpus: ClusterGpus,
        /// What could not be looked at, and why.
        unseen: Vec<Notice>,
    },
    /// Those of this machine.
    Machine {
        /// The GPUs; none without a driver.
        machine: Machine,
        /// Why there are none, or why runs can't use all of them.
        why: Option<Notice>,
    },
}

/// Says what is there, and takes away what nobody needs any more.
pub trait Inventory {
    /// Runs that the runtime itself remembers, whoever submitted them; a laptop remembers none.
    /// Whoever may write there may have written what is found: see [`crate::store::FoundRun`].
    fn find(&self, _wanted: &Wanted) -> Result<FoundRuns, RuntimeError> {
        Ok(FoundRuns::default())
    }

    /// Everything of runs that is still there, whosever they are and whether or not their state is
    /// known here.
    fn holdings(&self) -> Result<Holdings, RuntimeError>;

    /// The name of the other user whose run it is, as a clean-up decides it; `None` where it is this
    /// user's. A laptop's state is its user's own.
    fn another_owner(&self, _run: &RunId) -> Result<Option<String>, RuntimeError> {
        Ok(None)
    }

    /// Starts to remove one thing, or does so. "Not there" is success.
    fn discard(&self, holding: &Holding) -> Result<(), RuntimeError>;

    /// The accelerators that it has, and who uses them.
    fn gpus(&self) -> Result<GpuView, RuntimeError>;
}
