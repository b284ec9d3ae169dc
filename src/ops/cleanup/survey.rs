//! What a clean-up has found: plain data, before anything is decided.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;

use crate::event::RunState;
use crate::gang::RunId;
use crate::runtime::Holding;

/// A run that the state folder or a cluster's records know.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Id of the run, `<name>-<6 characters>`.
    pub id: RunId,
    /// The `name` that the spec gives.
    pub name: String,
    /// The kind of the spec; empty where only a cluster's record knows the run.
    pub kind: String,
    /// The labels that the spec gives.
    pub labels: IndexMap<String, String>,
    /// Name of its runtime: `local`, or `<context>/<namespace>`.
    pub runtime: String,
    /// The run's state, as far as the state folder or the cluster's record knows it.
    pub state: RunState,
    /// When it ended; when it was submitted, where nobody has seen its end.
    pub at: Timestamp,
    /// It lies in the state folder.
    pub in_state: bool,
    /// It was taken in from its cluster: nothing proves that this user submitted it.
    pub adopted: bool,
    /// mlctl could not submit it: no runtime has taken it over.
    pub unsubmitted: bool,
}

impl Found {
    /// It predicts a batch, and its plan is in the state folder.
    pub(crate) fn is_batch(&self) -> bool {
        self.kind == "BatchPredictJob" && self.in_state
    }
}

/// What a folder that only saves time holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CacheKind {
    /// A Python environment.
    Environment,
    /// A model that was fetched for a model server.
    Model,
    /// Data that was fetched for a run.
    Data,
}

impl CacheKind {
    /// All of them, each with the folder of the cache that it lies in. What is in there is called by
    /// its content, complete once its marker stands (`agent::setup::COMPLETE`), and locked by
    /// `NAME.lock` beside it while it is made or taken into use.
    pub(super) const FOLDERS: [(Self, &str); 3] =
        [(Self::Environment, "venvs"), (Self::Model, "models"), (Self::Data, "data")];
}

/// A folder that only saves time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cache {
    /// What it holds.
    pub kind: CacheKind,
    /// Path of the folder.
    pub path: PathBuf,
    /// Bytes on the disk.
    pub bytes: u64,
    /// When it was last used.
    pub used: Timestamp,
}

/// Everything that was found.
#[derive(Clone, Debug)]
pub struct Survey {
    /// When the survey was made: ages are counted back from here.
    pub now: Timestamp,
    /// The same by the clocks of the runtimes that were asked.
    pub clocks: BTreeMap<String, Timestamp>,
    /// All runs that the state folder or an asked runtime knows.
    pub runs: Vec<Found>,
    /// What runtimes hold, by runtime. One that could not be asked is not in it.
    pub holdings: BTreeMap<String, Vec<Holding>>,
    /// Why runtimes could not be asked, by runtime.
    pub refused: BTreeMap<String, String>,
    /// Folders of this machine that only save time.
    pub caches: Vec<Cache>,
}
