//! What a clean-up is about, as the command line says it.

use std::time::Duration;

use super::args::CleanupArgs;
use crate::cli::{CliError, Context, ErrorKind, LOCAL, RuntimeRefresh, Target};
use crate::gang::RunId;
use crate::ops::cleanup::Filter;
use crate::plan::Plan;
use crate::spec::BATCH_PREDICT_JOB;
use crate::store::{IndexEntry, ListFilter, Members, Store};

/// Younger runs stay where nothing narrows the choice down.
pub(super) const DEFAULT_AGE: Duration = Duration::from_hours(7 * 24);

/// What is meant by names.
#[derive(Default)]
struct Named {
    /// All runs that are meant.
    runs: Vec<RunId>,
    /// Those of them whose own names were given.
    directly: Vec<RunId>,
}

/// The runs that were named: a study or an endpoint with all that belongs to it, or a study's trials alone.
fn named(context: &Context, store: &Store, args: &CleanupArgs) -> Result<Named, CliError> {
    let mut named = Named::default();
    for run in &args.runs {
        let target = context.target(Some(run))?;
        let group = target.plan.as_ref().and_then(Plan::decides_over);
        if let Some(group) = group {
            let runs = runs_of(context, store, &target, group)?;
            named.runs.extend(runs.into_iter().map(|run| run.id));
        }
        named.directly.push(target.record.id);
    }
    if let Some(study) = &args.study {
        let target = context.target(Some(study))?;
        let study = target.study().ok_or_else(|| target.no_study())?;
        let runs = runs_of(context, store, &target, study)?;
        let trials = runs.into_iter().filter(|run| run.trial.is_some());
        let trials: Vec<RunId> = trials.map(|run| run.id).collect();
        if trials.is_empty() {
            return Err(CliError::new(ErrorKind::NotFound, format!("{study} has no trial here")));
        }
        named.runs.extend(trials);
    }
    named.runs.extend_from_slice(&named.directly);
    Ok(named)
}

/// The trials of a study or the replicas of an endpoint, and all runs that decided over it. `target` is any
/// run of it.
fn runs_of(
    context: &Context,
    store: &Store,
    target: &Target,
    study: &RunId,
) -> Result<Vec<IndexEntry>, CliError> {
    // Only a cluster knows the trials of a loop that runs in it.
    if target.record.trial.is_none() {
        context.take_in_trials(store, &target.record.id)?;
    } else {
        match context.target_of(study) {
            Ok(of_trial) => context.take_in_trials(store, &of_trial.record.id)?,
            // The loop is gone: what is left of its study is what is known here.
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let of_study = ListFilter { members: Members::Of(study.clone()), ..ListFilter::default() };
    let trials = store.list(&of_study, &mut RuntimeRefresh { context, store })?;
    let loops = store.list(&ListFilter::default(), &mut |run: &RunId| store.record(run))?;
    let runs = trials.runs.into_iter().chain(loops.runs).map(|run| run.entry);
    Ok(runs
        .filter(|run| is_meant(run, &target.record.runtime) && store.is_of_group(run, study))
        .collect())
}

/// What calls itself a run of a study is meant with a run in the runtime `own`. In a cluster that may be
/// anybody's word, and reaches nothing elsewhere; and no trial predicts a batch, whose output in a
/// bucket would go with it.
fn is_meant(run: &IndexEntry, own: &str) -> bool {
    (own == LOCAL || run.runtime == own) && run.kind != BATCH_PREDICT_JOB
}

/// The choice of the command line.
pub(super) fn filter(
    context: &Context,
    store: &Store,
    args: &CleanupArgs,
) -> Result<Filter, CliError> {
    let named = named(context, store, args)?;
    let mut filter = Filter {
        runs: named.runs,
        named: named.directly,
        older_than: args.older_than.map(|span| span.0),
        states: args.state.clone(),
        name: args.selection.name.clone(),
        labels: args.selection.labels(),
        all_users: args.all_users,
        running: args.running,
        models: args.models,
        outputs: args.outputs,
        orphans: args.orphans,
        only_own: args.only_own.then(|| LOCAL.to_owned()),
    };
    if !args.all && !args.orphans && !filter.is_about_runs() {
        filter.older_than.get_or_insert(DEFAULT_AGE);
    }
    Ok(filter)
}
