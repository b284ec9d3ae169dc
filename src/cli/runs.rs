//! What the verbs about existing runs share: finding a run, bringing it up to date, printing it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CliError, Context, ErrorKind, Format, exit};
use crate::gang::{FailureClass, Outcome, RunId, Verdict};
use crate::plan::Plan;
use crate::run::{RunView, WhyReport, explain};
use crate::run::{SyncError, sync, take_in_ends};
use crate::runtime::{FoundRuns, LOCAL, Notice, Runtime, Wanted};
use crate::spec::TUNE_JOB;
use crate::store::{FoundRun, Refresh, RunPaths, RunRecord, Store, StoreError, Whereabouts};
use crate::ui::Text;

/// A run that a verb is about, up to date.
#[derive(Debug)]
pub struct Target {
    /// The state folder that has the run.
    pub store: Store,
    /// Paths of the run's files in the state folder.
    pub paths: RunPaths,
    /// The run's record, after it was brought up to date.
    pub record: RunRecord,
    /// Its plan; absent when the file is lost.
    pub plan: Option<Plan>,
}

impl Context {
    /// Opens the state folder.
    pub fn store(&self) -> Result<Store, CliError> {
        Ok(Store::open(self.state_dir()?)?)
    }

    /// Finds the run that somebody names, and brings it up to date. Where the command line names a place,
    /// only runs there are meant.
    pub fn target(&self, selector: Option<&str>) -> Result<Target, CliError> {
        self.target_at(selector, &self.whereabouts())
    }

    /// A run that another one names, wherever it is, up to date.
    pub fn target_of(&self, run: &RunId) -> Result<Target, CliError> {
        self.target_at(Some(run), &Whereabouts::default())
    }

    fn target_at(&self, selector: Option<&str>, place: &Whereabouts) -> Result<Target, CliError> {
        let store = self.store()?;
        let run = self.resolve(&store, selector, place)?;
        let record = self.refresh(&store, &run)?;
        let paths = store.paths(&run);
        let plan = match paths.read_plan() {
            Ok(plan) => Some(plan),
            // A plan of a newer mlctl may say things that this one would get wrong, so the verb
            // stops.
            Err(error @ StoreError::NewerFile { .. }) => return Err(error.into()),
            // A plan that is lost only makes the answers poorer.
            Err(_) => None,
        };
        self.print_notices(&store);
        Ok(Target { store, paths, record, plan })
    }

    /// Takes the trials of a study into the state whose loop runs in a cluster: only that knows them.
    pub fn take_in_trials(&self, store: &Store, run: &RunId) -> Result<(), CliError> {
        let plan = store.paths(run).read_plan()?;
        let Some(study) = plan.study() else { return Ok(()) };
        let runtime = self.runtime(&store.record(run)?.runtime)?;
        for found in self.find(&*runtime, &Wanted::Study(study.clone()))? {
            if !store.paths(&found.record.id).dir.exists() {
                store.adopt(&found)?;
            }
        }
        Ok(())
    }

    /// The runs that a runtime itself remembers; what only calls itself one is a warning.
    pub fn find(&self, runtime: &dyn Runtime, wanted: &Wanted) -> Result<Vec<FoundRun>, CliError> {
        let FoundRuns { runs, damaged } = runtime.find(wanted)?;
        for Notice(text) in damaged {
            self.printer.warn(&text);
        }
        Ok(runs)
    }

    /// A run's record, brought up to date if it is alive.
    pub fn refresh(&self, store: &Store, run: &RunId) -> Result<RunRecord, CliError> {
        if let Ok(record) = store.record(run)
            && record.state.is_ended()
        {
            if record.runtime != LOCAL && !record.adopted {
                // What of it others still hold in the cluster ends with a look at it; where that can't be
                // reached, the next one does it.
                let runtime = self.runtime(&record.runtime);
                let _ = runtime.map(|runtime| runtime.is_gone(&store.paths(run)));
            }
            return Ok(record);
        }
        // A record that can't be read is remade by the sync.
        let runtime = self.runtime(&store.runtime_of(run)?)?;
        Ok(sync(store, &*runtime, &store.paths(run))?)
    }

    /// The same for a list, where one runtime that can't be asked must not hide the other runs: the
    /// run is shown as its record has it, with a warning.
    fn refresh_or_read(&self, store: &Store, run: &RunId) -> Result<RunRecord, StoreError> {
        let record = store.record(run)?;
        if record.state.is_ended() {
            return Ok(record);
        }
        let Ok(runtime) = self.runtime(&record.runtime) else { return Ok(record) };
        match sync(store, &*runtime, &store.paths(run)) {
            Ok(record) => Ok(record),
            Err(SyncError::Store(error)) => Err(error),
            Err(SyncError::Runtime(error)) => {
                self.printer.warn(format!("{run}: {error}"));
                Ok(record)
            }
        }
    }

    /// Prints, as warnings, what the store has found wrong with the state folder.
    pub fn print_notices(&self, store: &Store) {
        for notice in store.take_notices() {
            self.printer.warn(notice);
        }
    }

    /// Prints the text for people, or keeps the value for the document that ends the command.
    pub fn emit<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce() -> Text,
    ) -> Result<(), CliError> {
        if self.format == Format::Table {
            return Ok(self.printer.show(text())?);
        }
        let internal =
            |error: serde_json::Error| CliError::new(ErrorKind::Internal, error.to_string());
        self.printer.told.add(serde_json::to_value(value).map_err(internal)?);
        Ok(())
    }
}

/// Brings the runs of a list up to date from their runtimes: one request for all living runs of a
/// runtime, and what that can't tell is asked run by run.
pub struct RuntimeRefresh<'a> {
    /// Gives the runtimes, and prints what can't be asked as a warning.
    pub context: &'a Context,
    /// The state folder whose runs are listed.
    pub store: &'a Store,
}

impl Refresh for RuntimeRefresh<'_> {
    fn prepare(&mut self, living: &[(RunId, String)]) {
        let mut by_runtime: BTreeMap<&str, Vec<RunId>> = BTreeMap::new();
        for (run, runtime) in living {
            by_runtime.entry(runtime).or_default().push(run.clone());
        }
        for (name, runs) in by_runtime.iter().filter(|(_, runs)| runs.len() > 1) {
            if let Ok(runtime) = self.context.runtime(name)
                && let Err(error) = runtime.prepare(runs)
            {
                self.context.printer.warn(error.to_string());
            }
        }
    }

    fn refresh(&mut self, run: &RunId) -> Result<RunRecord, StoreError> {
        self.context.refresh_or_read(self.store, run)
    }
}

impl Target {
    /// The study that its command decides over, or that it is a trial of.
    pub fn study(&self) -> Option<&RunId> {
        let plan = self.plan.as_ref()?;
        plan.study().or(plan.head.trial.as_ref().map(|trial| &trial.study))
    }

    /// The error of a verb that needs a study, where this is none.
    pub fn no_study(&self) -> CliError {
        let Self { record, .. } = self;
        CliError::new(ErrorKind::NotFound, format!("{} is a {}, no study", record.id, record.kind))
            .hint(format!("`mlctl list` shows the runs of kind {TUNE_JOB}"))
    }

    /// The run as all its events make it.
    pub fn view(&self) -> Result<RunView, CliError> {
        let events = self.store.events(&self.record)?;
        let mut view = RunView::of(&self.record.id, self.plan.as_ref(), &events);
        if view.runtime.is_empty() {
            view.runtime.clone_from(&self.record.runtime);
        }
        take_in_ends(&mut view, &self.paths);
        Ok(view)
    }

    /// Why the run is in its state. Without its runtime, when that can't be reached, the log is not
    /// read and the events alone explain it.
    pub fn why(&self, view: &RunView, runtime: Option<&dyn Runtime>) -> WhyReport {
        explain(view, &self.paths, self.plan.as_ref(), runtime.map(|runtime| runtime as _))
    }
}

/// The process exit code of a run's end.
pub fn exit_code(verdict: &Verdict) -> u8 {
    let class = verdict.first_failure.as_ref().map(|failure| failure.class);
    match (verdict.outcome, class) {
        (Outcome::Succeeded, _) => exit::OK,
        (Outcome::Failed, Some(FailureClass::Infrastructure | FailureClass::Preemption)) => {
            exit::INFRASTRUCTURE
        }
        (Outcome::Failed, _) => exit::RUN_FAILED,
        (Outcome::Cancelled, _) => exit::CANCELLED,
        (Outcome::TimedOut, _) => exit::TIMED_OUT,
        (Outcome::CouldNotStart, _) => exit::COULD_NOT_START,
    }
}
