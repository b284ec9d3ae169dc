//! What runs hold in a runtime: everything that may cost something and that mlctl has made.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Notice;
use crate::gang::RunId;
use crate::hardware::Requests;

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    /// Objects, processes and leases of runs, whosever the runs are.
    pub things: Vec<Holding>,
    /// What could not be looked at, and why.
    pub unseen: Vec<Notice>,
}

/// One thing of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holding {
    /// Id of the run that it belongs to.
    pub run: RunId,
    /// `Job`, `Deployment`, `Pod`, `Service` or another kind of a cluster, `process` or `lease`.
    pub kind: String,
    /// Its name; a process id for a process.
    pub name: String,
    /// Unique id that tells it from a later thing of the same name; empty for a lease.
    pub uid: String,
    /// Since when it has been there, where the runtime knows.
    pub since: Option<Timestamp>,
    /// It carries the name of another user, or none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
    /// The name that it carries, where that is another user's.
    #[serde(skip)]
    pub owner: Option<String>,
    /// The run's record: it goes last, so that whatever is left is found again.
    pub is_record: bool,
    /// Kubernetes removes it together with the object that owns it.
    pub is_owned: bool,
    /// It has not ended: a process, a Pod that runs or waits, a Job or Deployment with such Pods.
    pub runs: bool,
    /// Since when its removal has been under way; absent: nobody has asked for it.
    pub going: Option<Timestamp>,
    /// What its removal waits for (finalizers).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<String>,
    /// What it keeps from others while it runs.
    pub requests: Requests,
}

impl Holding {
    /// A thing of a run of which nothing else is known: one that has ended and takes nothing.
    pub fn new(run: RunId, kind: &str, name: impl Into<String>) -> Self {
        Self {
            run,
            kind: kind.into(),
            name: name.into(),
            uid: String::new(),
            since: None,
            foreign: false,
            owner: None,
            is_record: false,
            is_owned: false,
            runs: false,
            going: None,
            held_by: Vec::new(),
            requests: Requests::default(),
        }
    }
}

/// What says of a run that it is another user's; `None` where it is this user's, or nothing of it is there.
/// Anybody may put a run's label on an object of theirs: only its record says whose the run is, if there is
/// one.
pub fn another_users(held: &[Holding]) -> Option<&Holding> {
    let record = held.iter().find(|holding| holding.is_record);
    record.map_or_else(
        || held.iter().find(|one| one.foreign),
        |record| Some(record).filter(|record| record.foreign),
    )
}
