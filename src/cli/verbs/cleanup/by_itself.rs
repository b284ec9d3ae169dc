//! What is removed without being asked for, at the end of other verbs.

use std::path::Path;
use std::time::Duration;

use super::args::CleanupArgs;
use super::chosen::DEFAULT_AGE;
use super::proposal::{remove, survey_and_propose};
use crate::cli::settings::Retention;
use crate::cli::{CliError, Context, LOCAL};
use crate::gang::RunId;
use crate::ops::cleanup::remove_work_folders;
use crate::store::{Durability, ListFilter, Members, RunPaths, Store, now, write_atomic};
use crate::ui::{Verbosity, totals_text};

/// Between two clean-ups that nobody asked for.
const PACE: Duration = Duration::from_hours(24);

/// Working folders that are old enough, and what the setting `retention` says; each once a day at most. It
/// never disturbs the verb that it follows: what can't be done now is tried again another day.
pub fn by_itself(context: &Context) {
    // Nothing is read or written in a folder that is not this user's own.
    let Ok(store) = context.store() else { return };
    // A newer mlctl's state is for it alone to change.
    if store.is_read_only() {
        return;
    }
    let retention = context.settings.retention.as_ref();
    let age = retention.and_then(|retention| retention.work_folders);
    work_folders(context, &store, age.map_or(DEFAULT_AGE, |age| age.0));
    if let Some(retention) = retention.filter(|retention| retention.older_than.is_some()) {
        retain(context, &store, retention);
    }
}

/// Whole runs and caches, as the setting says.
fn retain(context: &Context, store: &Store, retention: &Retention) {
    // Its messages would be noise to a user who has asked for something else: only -v shows them.
    let mut quiet = context.clone();
    if quiet.printer.verbosity < Verbosity::Verbose {
        quiet.printer.verbosity = Verbosity::Quiet;
    }
    let context = &quiet;
    let args = CleanupArgs {
        older_than: retention.older_than,
        state: retention.states.clone(),
        models: retention.models,
        only_own: true,
        ..CleanupArgs::default()
    };
    paced(context, &store.root().join("retention"), PACE, || {
        let (surveyed, proposal) = survey_and_propose(context, store, &args)?;
        let failures = remove(context, store, &surveyed, &proposal);
        let all = totals_text(&proposal.totals());
        Ok(format!("retention: removed {all}; {} could not be", failures.len()))
    });
}

/// Working folders of runs that ended so long ago go, whatever the settings say: a run's folder would
/// keep as many copies of its code as it has replicas.
fn work_folders(context: &Context, store: &Store, age: Duration) {
    if !store.root().join("runs").exists() {
        return;
    }
    paced(context, &store.root().join("work-folders"), PACE.min(age), || {
        let runtime = context.runtime(LOCAL)?;
        let filter = ListFilter { members: Members::Shown, ..ListFilter::default() };
        let listing = store.list(&filter, &mut |run: &RunId| store.record(run))?;
        let is_gone = |run: &RunPaths| runtime.is_gone(run).unwrap_or(false);
        let count = remove_work_folders(store, &listing.runs, LOCAL, now(), age, &is_gone);
        Ok(format!("working folders of {count} runs removed"))
    });
}

/// Does `work`, which says what it has done, unless the stamp says that it was done so shortly ago.
fn paced(
    context: &Context,
    stamp: &Path,
    pace: Duration,
    work: impl FnOnce() -> Result<String, CliError>,
) {
    let done = fs_err::metadata(stamp).and_then(|meta| meta.modified());
    if done.is_ok_and(|at| at.elapsed().is_ok_and(|age| age < pace)) {
        return;
    }
    let mark = || write_atomic(stamp, b"", Durability::Crash);
    let marked = mark();
    let done = work();
    // On a full disk it can be written only after something was removed.
    let marked = marked.or_else(|_| mark()).map_err(CliError::from);
    match done.and_then(|text| marked.map(|()| text)) {
        Ok(text) => context.printer.detail(text),
        Err(error) => context.printer.detail(format!("cleanup by itself: {}", error.message)),
    }
}
