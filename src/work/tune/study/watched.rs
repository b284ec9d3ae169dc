//! The run of a trial as its study's loop sees it.

use std::time::Instant;

use super::curve::Reported;
use super::decide::{RunEnd, RunFact};
use super::error::StudyError;
use crate::event::{Event, EventKind};
use crate::gang::{ReplicaId, RunId, Verdict};
use crate::ops::cost::{Bill, Prices, Stretches, Window};
use crate::plan::{Plan, TrialOf};
use crate::run::{SyncError, sync};
use crate::runtime::{Runtime, Wanted};
use crate::spec::TuneJob;
use crate::store::{JournalReader, RunPaths, RunRecord, Store, StoreError, now};

use super::make::recorded;

/// A trial's run that is looked at again and again.
#[derive(Debug)]
pub(super) struct Watched {
    paths: RunPaths,
    /// Which trial it is to be.
    of: TrialOf,
    plan: Option<Plan>,
    primary: Option<ReplicaId>,
    journal: JournalReader,
    events: Vec<Event>,
    /// What it has reported so far.
    pub(super) reported: Reported,
    /// It has reported something since the last look.
    pub(super) is_fresh: bool,
    record: Option<RunRecord>,
    ended: Option<Instant>,
}

impl Watched {
    pub(super) fn new(store: &Store, run: &RunId, of: TrialOf) -> Self {
        let paths = store.paths(run);
        let plan = paths.read_plan().ok();
        let primary = plan.as_ref().map(|plan| plan.gang().primary().clone());
        Self {
            paths,
            of,
            plan,
            primary,
            journal: JournalReader::default(),
            events: Vec::new(),
            reported: Reported::default(),
            is_fresh: false,
            record: None,
            ended: None,
        }
    }

    /// Looks at the run. A runtime that does not answer just now is an error that passes.
    pub(super) fn look(
        &mut self,
        store: &Store,
        runtime: &dyn Runtime,
        spec: &TuneJob,
    ) -> Result<RunFact, SyncError> {
        if !self.paths.record().exists() {
            // A loop whose pod was replaced has no state; the cluster knows the run.
            let found = runtime.find(&Wanted::Run(self.paths.run.clone()))?.runs.pop();
            let Some(found) = found else { return Ok(RunFact::Missing) };
            store.adopt(&found)?;
            *self = Self::new(store, &found.record.id, self.of.clone());
        }
        if self.is_another(store) {
            return Ok(RunFact::Missing);
        }
        let record = sync(store, runtime, &self.paths)?;
        self.take_in(&record, spec)?;
        let (is_ended, has_started) = (record.state.is_ended(), record.started.is_some());
        let verdict = record.verdict.clone();
        self.record = Some(record);
        if !is_ended {
            return Ok(if has_started { RunFact::Living } else { RunFact::Starting });
        }
        // Its place is free once nothing of it is left, or its agents' time to end is over.
        let rules = self.plan.as_ref().map(|plan| &plan.gang().rules);
        let outcome = verdict.map(|verdict| verdict.outcome);
        let bound = rules.zip(outcome).map(|(rules, outcome)| rules.leaving_bound(outcome));
        let bound = bound.unwrap_or_default();
        let since = *self.ended.get_or_insert_with(Instant::now);
        if since.elapsed() < bound && !runtime.is_gone(&self.paths)? {
            return Ok(RunFact::Living);
        }
        Ok(RunFact::Ended(self.end(spec)))
    }

    /// What it reports, from the journal of the run.
    fn take_in(&mut self, record: &RunRecord, spec: &TuneJob) -> Result<(), StoreError> {
        let (events, _) = self.journal.read(&self.paths.events(), record)?;
        let Some(primary) = &self.primary else { return Ok(()) };
        let names = recorded(spec);
        for event in events {
            let before = self.reported.points.len();
            self.reported.fold(&event, primary, &names);
            self.is_fresh |= self.reported.points.len() > before;
            // There may be many, and they say nothing of what the run costs.
            if !matches!(event.kind, EventKind::Metrics { .. } | EventKind::Diverged { .. }) {
                self.events.push(event);
            }
        }
        Ok(())
    }

    fn end(&self, spec: &TuneJob) -> RunEnd {
        let also = spec.collect.with().also;
        let (values, step) = self.reported.measured(&spec.metrics, &also, spec.measurement);
        let record = self.record.as_ref();
        let verdict = record.and_then(|record| record.verdict.as_ref());
        RunEnd {
            state: record.map(|record| record.state).unwrap_or_default(),
            class: verdict.and_then(|v| v.first_failure.as_ref()).map(|failure| failure.class),
            reason: verdict.map(reason_of).unwrap_or_default(),
            values,
            step,
            diverged: self.reported.diverged.iter().cloned().collect(),
        }
    }

    /// The run is no run of this trial: a journal in a cluster may name anybody's.
    fn is_another(&self, store: &Store) -> bool {
        let of = Some(&self.of);
        match &self.plan {
            Some(plan) => plan.head.trial.as_ref() != of,
            // A record that can't be read is remade from the index, which knows only this user's runs.
            None => store.record(&self.paths.run).is_ok_and(|record| record.trial.as_ref() != of),
        }
    }

    /// Ends the run; what it has reported until then stays.
    pub(super) fn cancel(&self, store: &Store, runtime: &dyn Runtime) -> Result<(), StudyError> {
        if self.is_another(store) {
            return Ok(());
        }
        runtime.cancel(&self.paths, "its study")?;
        Ok(())
    }

    /// What it has cost so far, where things have a price.
    pub(super) fn cost(&self, prices: &Prices) -> Option<f64> {
        let now = now();
        let stretches = Stretches::of(&self.events, now);
        Bill::of(self.plan.as_ref()?, &stretches, prices, Window::until(now)).cost
    }
}

/// Why a run has ended, with the last line of the command that failed first: what a person would look up
/// next.
fn reason_of(verdict: &Verdict) -> String {
    let failure = verdict.first_failure.as_ref();
    let exit = failure.and_then(|failure| failure.exit.as_ref());
    match exit.and_then(|exit| Some((exit, exit.last_lines.last()?))) {
        Some((exit, line)) => format!("{}: {}", exit.reason, line.trim()),
        None => verdict.reason.clone(),
    }
}
