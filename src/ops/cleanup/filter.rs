//! Which runs a clean-up is about.

use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;

use super::survey::Found;
use crate::event::RunState;
use crate::gang::RunId;

/// What is wanted; each part narrows it down. The default wants every run that has ended.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Ids of the only runs that are wanted; empty: all.
    pub runs: Vec<RunId>,
    /// Those of them that the user gave by their own names, not by a study's: anybody may write into a
    /// record in a cluster that its run belongs to a study.
    pub named: Vec<RunId>,
    /// Only what ended, or was used last, at least so long ago.
    pub older_than: Option<Duration>,
    /// Only runs in any of these states.
    pub states: Vec<RunState>,
    /// Only runs of this spec name.
    pub name: Option<String>,
    /// Only runs with all of these labels.
    pub labels: IndexMap<String, String>,
    /// What other users of a cluster have made goes too.
    pub all_users: bool,
    /// Runs that still run are ended and removed too.
    pub running: bool,
    /// Models of runs that succeeded go too.
    pub models: bool,
    /// Results of batch predictions go too, those that succeeded included.
    pub outputs: bool,
    /// Only what belongs to no known run.
    pub orphans: bool,
    /// Only runs that were submitted from here, and leftovers of no known run only in the runtime of
    /// this name, which is this machine: for what happens without being asked for, since anybody can
    /// write labels in a cluster.
    pub only_own: Option<String>,
}

impl Filter {
    /// It names runs by more than their age: nothing but runs is meant.
    pub fn is_about_runs(&self) -> bool {
        !self.runs.is_empty()
            || !self.states.is_empty()
            || self.name.is_some()
            || !self.labels.is_empty()
    }

    /// The run is meant, whether or not it has ended.
    pub(crate) fn wants(&self, run: &Found, now: Timestamp) -> bool {
        let labels = |(key, value): (&String, &String)| run.labels.get(key) == Some(value);
        !self.orphans
            && (self.runs.is_empty() || self.runs.contains(&run.id))
            && (self.states.is_empty() || self.states.contains(&run.state))
            && self.name.as_ref().is_none_or(|name| run.name == *name)
            && self.labels.iter().all(labels)
            && self.is_old(run.at, now)
            && !(self.only_own.is_some() && run.adopted)
    }

    pub(crate) fn is_old(&self, at: Timestamp, now: Timestamp) -> bool {
        self.older_than.is_none_or(|limit| is_past(at, now, limit))
    }
}

/// It was at least so long ago. By a clock that went wrong it may be in the future, which is not old.
pub fn is_past(at: Timestamp, now: Timestamp, limit: Duration) -> bool {
    Duration::try_from(now.duration_since(at)).unwrap_or_default() >= limit
}
