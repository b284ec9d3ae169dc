//! The run of a replica as its endpoint's controller sees it.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::event::RunState;
use crate::gang::{RunId, Verdict};
use crate::run::{SyncError, sync};
use crate::runtime::Runtime;
use crate::store::{EndpointPaths, RunPaths, Store};
use crate::work::serve::replica::ReadyDocument;
use crate::work::serve::rollout::RevisionId;

/// Between two looks at a run's own folder. Whether a replica can be asked is looked at each time.
const RUN_PACE: Duration = Duration::from_millis(200);

/// How far a replica is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its run was made, and it can't be asked yet.
    Starting,
    /// It can be asked.
    Ready,
    /// It gets nothing new, and ends once it has answered what it has.
    Draining {
        /// Since when.
        since: Instant,
        /// Its run was asked to end.
        is_told: bool,
    },
    /// Nothing of it is left, as it was asked.
    Gone,
    /// It has ended by itself.
    Failed(String),
}

/// A replica that is looked at again and again.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) paths: RunPaths,
    pub(super) of: RevisionId,
    pub(super) phase: Phase,
    /// Where it can be asked.
    pub(super) ready: Option<ReadyDocument>,
    /// Since when it can.
    pub(super) ready_since: Option<Timestamp>,
    looked: Option<Instant>,
}

impl Replica {
    pub(super) fn new(paths: RunPaths, of: RevisionId) -> Self {
        Self { paths, of, phase: Phase::Starting, ready: None, ready_since: None, looked: None }
    }

    pub(super) fn run(&self) -> &RunId {
        &self.paths.run
    }

    /// It takes memory and is to go on.
    pub(super) fn lives(&self) -> bool {
        matches!(self.phase, Phase::Starting | Phase::Ready)
    }

    /// It gets nothing new from here on.
    pub(super) fn drain(&mut self) {
        if self.lives() {
            self.phase = Phase::Draining { since: Instant::now(), is_told: false };
        }
    }

    /// Looks whether it can be asked, and whether its run goes on.
    pub(super) fn look(
        &mut self,
        store: &Store,
        runtime: &dyn Runtime,
        endpoint: &EndpointPaths,
        now: Timestamp,
    ) -> Result<(), SyncError> {
        if self.lives() {
            self.ready = ReadyDocument::read(&endpoint.ready(&self.paths.run));
            if self.ready.is_some() {
                self.phase = Phase::Ready;
                self.ready_since.get_or_insert(now);
            } else {
                self.phase = Phase::Starting;
                self.ready_since = None;
            }
        }
        if self.looked.is_some_and(|at| at.elapsed() < RUN_PACE) {
            return Ok(());
        }
        self.looked = Some(Instant::now());
        if !self.paths.record().exists() {
            self.end(endpoint, "its run is gone".to_owned());
            return Ok(());
        }
        let record = sync(store, runtime, &self.paths)?;
        if !record.state.is_ended() {
            return Ok(());
        }
        // Its port and its memory are free once nothing of it is left.
        if !runtime.is_gone(&self.paths)? {
            self.ready = None;
            if self.phase == Phase::Ready {
                self.phase = Phase::Starting;
            }
            return Ok(());
        }
        let reason = record.verdict.as_ref().map(Verdict::last_words);
        let cancelled = record.state == RunState::Cancelled;
        let word = if cancelled { "its run was cancelled" } else { "its run has ended" };
        self.end(endpoint, reason.unwrap_or_else(|| word.to_owned()));
        Ok(())
    }

    fn end(&mut self, endpoint: &EndpointPaths, reason: String) {
        self.ready = None;
        // A replica that was killed could not take back what it had said.
        let _ = ReadyDocument::remove(&endpoint.ready(&self.paths.run));
        self.phase = match self.phase {
            Phase::Draining { .. } | Phase::Gone => Phase::Gone,
            _ => Phase::Failed(reason),
        };
    }

    /// Asks its run to end, once nothing is under way there or its time is over.
    pub(super) fn finish_drain(
        &mut self,
        runtime: &dyn Runtime,
        in_flight: u64,
        limit: Duration,
    ) -> Result<(), SyncError> {
        let Phase::Draining { since, is_told: false } = self.phase else { return Ok(()) };
        if in_flight > 0 && since.elapsed() < limit {
            return Ok(());
        }
        runtime.cancel(&self.paths, "its endpoint")?;
        self.phase = Phase::Draining { since, is_told: true };
        Ok(())
    }
}
