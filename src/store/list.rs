//! The list of runs: filtered by the index, and read from run folders where the index can't tell.

use std::io;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::record::RECORD_VERSION;
use super::skim::skim_index;
use super::{IndexEntry, IndexLine, LastMetrics, RunRecord, Store, StoreError, Whereabouts};
use crate::event::{PodSight, RunState};
use crate::gang::{ReplicaId, RunId};
use crate::sys;
use crate::text::read_document;

/// Which runs are wanted. The default wants all.
#[derive(Clone, Debug, Default)]
pub struct ListFilter {
    /// Any of these states; empty: every state.
    pub states: Vec<RunState>,
    /// Only runs of this spec name.
    pub name: Option<String>,
    /// All of these labels.
    pub labels: IndexMap<String, String>,
    /// Only runs recorded since then.
    pub since: Option<Timestamp>,
    /// At most so many, the newest ones.
    pub limit: Option<usize>,
    /// Which trials of studies.
    pub members: Members,
    /// Only runs that are there.
    pub place: Whereabouts,
}

/// Which trials of studies and replicas of endpoints a list has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Members {
    /// None: a study stands for its trials, an endpoint for its replicas.
    #[default]
    Hidden,
    /// All, beside all other runs.
    Shown,
    /// Those of this study, and nothing else.
    Of(RunId),
}

/// One run of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunSummary {
    /// What the index knows.
    #[serde(flatten)]
    pub entry: IndexEntry,
    /// The run's state: of an ended run by the index, of any other by its record.
    pub state: RunState,
    /// The pods of a living run that are not simply there, by replica.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub pods: IndexMap<ReplicaId, PodSight>,
    /// What it has reported last: of a living run by its record, of an ended one where somebody has looked
    /// into that ([`Store::fill_metrics`]), since the index doesn't have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<LastMetrics>,
}

impl RunSummary {
    /// A run of which the index knows all that a list shows.
    pub fn new(entry: IndexEntry, state: RunState) -> Self {
        Self { entry, state, pods: IndexMap::new(), metrics: None }
    }
}

/// The runs that were asked for, newest first.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The runs, newest first, no more than the limit.
    pub runs: Vec<RunSummary>,
    /// How many there would be without the limit; at least, when states are filtered.
    pub total: usize,
}

/// How a list learns about runs that the index doesn't know to have ended. The store itself talks
/// to no runtime: whoever lists decides whether the runtimes are asked or the records are read as
/// they are.
pub trait Refresh {
    /// Called once, before any [`Refresh::refresh`], with the ids of the runs that will be
    /// refreshed and the names of their runtimes: whoever asks runtimes can ask for all of them at
    /// once here.
    fn prepare(&mut self, _living: &[(RunId, String)]) {}

    /// The record of one run, brought up to date where the implementation does that (see
    /// `run::sync`). After an error the run stays in the list, with the state `unknown`.
    fn refresh(&mut self, run: &RunId) -> Result<RunRecord, StoreError>;
}

impl<F: FnMut(&RunId) -> Result<RunRecord, StoreError>> Refresh for F {
    fn refresh(&mut self, run: &RunId) -> Result<RunRecord, StoreError> {
        self(run)
    }
}

impl Store {
    /// The runs that a filter wants. The index alone answers for runs that it knows to have ended;
    /// the others go through `refresh`. Lines of the index that are damaged are left out, with a
    /// notice.
    pub fn list(
        &self,
        filter: &ListFilter,
        refresh: &mut dyn Refresh,
    ) -> Result<Listing, StoreError> {
        self.recover()?;
        let text = self.read_index()?;
        let mut index = skim_index(&text);
        let living = index.living(filter);
        if !living.is_empty() {
            refresh.prepare(&living);
        }
        let limit = filter.limit.unwrap_or(usize::MAX);
        let mut listing = Listing::default();
        let mut unindexed = Vec::new();
        // Where the filter asks for nothing that stands further back in a line, a run beyond the
        // limit is counted without reading its line: most of the time for thousands of runs.
        let name_decides = filter.states.is_empty()
            && filter.labels.is_empty()
            && filter.since.is_none()
            && filter.place.is_anywhere()
            // Of which study a trial is stands in its line.
            && !matches!(filter.members, Members::Of(_));
        for run in index.runs.iter().rev().filter(|run| run.may_pass(filter)) {
            let full = listing.runs.len() == limit;
            if full && name_decides {
                listing.total += 1;
                continue;
            }
            let Some(line) = run.read() else {
                index.damaged += 1;
                continue;
            };
            if !wanted(filter, &line) {
                continue;
            }
            if full && filter.states.is_empty() {
                listing.total += 1;
                continue;
            }
            let summary = match line.outcome {
                Some(outcome) => RunSummary::new(line.to_entry(), outcome.into()),
                None => self.summary_of_living(&line, refresh),
            };
            if line.outcome.is_none() && summary.entry.outcome.is_some() {
                unindexed.push(summary.entry.clone());
            }
            if filter.states.is_empty() || filter.states.contains(&summary.state) {
                listing.total += 1;
                if listing.runs.len() < limit {
                    listing.runs.push(summary);
                }
            }
        }
        if index.damaged > 0 {
            self.notice(format!(
                "{} lines of the index are damaged: `mlctl state rebuild` mends it",
                index.damaged
            ));
        }
        // These have ended, but the process that saw it died before it could write that into the
        // index.
        for entry in unindexed.iter().filter(|_| !self.is_read_only()) {
            self.index_missed_end(entry)?;
        }
        Ok(listing)
    }

    /// Adds what ended runs have reported last, from their records. One that can't be read has none: a list
    /// is no place to say so.
    pub fn fill_metrics(&self, listing: &mut Listing) {
        for run in listing.runs.iter_mut().filter(|run| run.state.is_ended()) {
            let record = self.record(&run.entry.id).ok();
            run.metrics = record.and_then(|record| record.metrics).or(run.metrics.take());
        }
    }

    /// A run's record as it is on the disk.
    pub fn record(&self, run: &RunId) -> Result<RunRecord, StoreError> {
        let path = self.paths(run).record();
        let bytes = sys::read_own(&path)?;
        let record: RunRecord = read_document(&bytes, RECORD_VERSION)
            .map_err(|error| StoreError::of_document(path.clone(), error))?;
        if record.id != *run {
            let reason = format!("it says that it is of the run {}", record.id);
            return Err(StoreError::Damaged { path, reason });
        }
        Ok(record)
    }

    fn summary_of_living(&self, line: &IndexLine<'_>, refresh: &mut dyn Refresh) -> RunSummary {
        match refresh.refresh(&line.id) {
            Ok(record) => {
                let mut entry = record.entry();
                entry.started = record.started;
                RunSummary {
                    entry,
                    state: record.state,
                    pods: record.pods,
                    metrics: record.metrics,
                }
            }
            Err(error) => {
                let gone =
                    matches!(&error, StoreError::Io(e) if e.kind() == io::ErrorKind::NotFound);
                let what = if gone { "its folder is gone".into() } else { error.to_string() };
                self.notice(format!("{}: {what}; see `mlctl state check`", line.id));
                RunSummary::new(line.to_entry(), RunState::Unknown)
            }
        }
    }
}

fn wanted(filter: &ListFilter, line: &IndexLine<'_>) -> bool {
    let labels = |(key, value): (&String, &String)| {
        line.labels.as_ref().and_then(|labels| labels.get(key)) == Some(value)
    };
    let state =
        |outcome| filter.states.is_empty() || filter.states.contains(&RunState::from(outcome));
    let members = match &filter.members {
        Members::Hidden => line.group().is_none(),
        Members::Shown => true,
        Members::Of(group) => line.group() == Some(group),
    };
    members
        && filter.name.as_ref().is_none_or(|name| line.name == *name)
        && filter.labels.iter().all(labels)
        && filter.place.has(&line.runtime)
        && line.outcome.is_none_or(state)
        && filter.since.is_none_or(|since| line.created() >= since)
}
