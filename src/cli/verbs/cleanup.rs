//! `mlctl cleanup`: remove what runs have left.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::selection::Selection;
use crate::cli::{CliError, Context, ErrorKind, Format, LOCAL, RuntimeRefresh};
use crate::event::RunState;
use crate::gang::RunId;
use crate::ops::cleanup::{
    Details, Failure, Filter, Found, JobFiles, Kept, Outputs, Places, Proposal, Removal, Rule,
    Stored, Survey, Surveyed, Totals, carry_out, propose, remove_work_folders,
};
use crate::plan::BatchPlan;
use crate::store::{
    Durability, IndexEntry, ListFilter, RunPaths, RunSize, Store, Trials, now, write_atomic,
};
use crate::sys::check_own;
use crate::text::Span;
use crate::ui::{Text, Verbosity, removal_title, show_proposal, totals_text};

/// Younger runs stay where nothing narrows the choice down.
const DEFAULT_AGE: Duration = Duration::from_hours(7 * 24);

/// Between two clean-ups that nobody asked for.
const RETENTION_PACE: Duration = Duration::from_hours(24);

/// Arguments of `cleanup`.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
Shows what it would remove and what that frees, then asks. Without a choice:
runs that ended 7 days ago or more, what is left of runs that nobody knows, and
Python environments, staged models and fetched data that were not used for so
long. Models of runs that succeeded stay, with the run's story (also where the
spec's `output` says another place), and so does whatever still runs, belongs to
others, or was not made by mlctl. Outputs outside of the state folder and claims
are never touched, but for batch predictions: with the last run of a job go its
half-written parts, and, where the job was never finished, its markers, without
which it can't be resumed. Results go with --outputs only.
What is removed is no longer counted by `mlctl cost`.
By itself, once a day: working folders of runs here that ended 7 days ago, with
the copy of their code; logs, events and outputs stay. The setting `retention`
says other times, and what of whole runs goes: {workFolders: 1d, olderThan: 30d}.

Examples:
  mlctl cleanup                          look, and decide
  mlctl cleanup --dry-run -o json        only look
  mlctl cleanup digits-a1b2c3 --yes      one run, without a question
  mlctl cleanup --state failed,cancelled --older-than 1d --yes
  mlctl cleanup --orphans --context prod what killed commands left there
  mlctl cleanup --all --yes              everything that has ended

Exit codes: 0 all is removed, 5 something could not be.")]
pub struct CleanupArgs {
    /// Only these runs
    pub runs: Vec<String>,
    /// Only what ended, or was used last, so long ago, for example 12h or 7d
    #[arg(long, value_name = "DURATION")]
    pub older_than: Option<Span>,
    /// Only runs in these states
    #[arg(long, value_delimiter = ',', value_name = "STATE")]
    pub state: Vec<RunState>,
    /// Which runs
    #[command(flatten)]
    pub selection: Selection,
    /// Only the trials of this study
    #[arg(long)]
    pub study: Option<String>,
    /// Only what belongs to no known run
    #[arg(long, conflicts_with_all = ["runs", "state", "name", "label", "study"])]
    pub orphans: bool,
    /// Everything that has ended, whatever its age
    #[arg(long, conflicts_with_all = ["runs", "older_than", "orphans"])]
    pub all: bool,
    /// Models of runs that succeeded, too
    #[arg(long)]
    pub models: bool,
    /// Results of batch predictions, too, also of those that succeeded
    #[arg(long)]
    pub outputs: bool,
    /// End and remove what still runs, too
    #[arg(long)]
    pub running: bool,
    /// Also what others have submitted to the cluster
    #[arg(long)]
    pub all_users: bool,
    /// Don't ask
    #[arg(short, long)]
    pub yes: bool,
    /// Only show what would be removed
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Nobody has asked for it: only what was submitted from here
    #[arg(skip)]
    pub only_own: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    dry_run: bool,
    frees: Totals,
    removals: &'a [Removal],
    kept: &'a [Kept],
    failures: &'a [Failure],
}

/// Looks, asks and removes.
pub fn run(context: &Context, args: &CleanupArgs) -> Result<u8, CliError> {
    let store = context.store()?;
    let (surveyed, proposal) = survey_and_propose(context, &store, args)?;
    if context.format == Format::Table {
        show_proposal(&context.printer, &proposal, now())?;
        let younger = younger(args, &surveyed.survey, &proposal);
        if younger > 0 {
            let runs = if younger == 1 { "run" } else { "runs" };
            context
                .printer
                .hint(format!("{younger} {runs} ended less than 7 days ago: --all takes them too"));
        }
    }
    let sure = proposal.removals.is_empty() || args.dry_run || args.yes || ask(context)?;
    let failures = if args.dry_run || !sure {
        Vec::new()
    } else {
        remove(context, &store, &surveyed, &proposal)
    };
    let frees = proposal.totals();
    let done = format!("removed {}", totals_text(&frees));
    context.emit(
        &Document {
            schema_version: 1,
            dry_run: args.dry_run,
            frees,
            removals: &proposal.removals,
            kept: &proposal.kept,
            failures: &failures,
        },
        Text::default,
    )?;
    context.print_notices(&store);
    if !sure {
        context.printer.say("nothing was removed");
        return Ok(0);
    }
    for Failure { run, what, why } in &failures {
        let whose = run.as_ref().map(|run| format!("{run}: ")).unwrap_or_default();
        context.printer.warn(format!("{whose}{what} was not removed: {why}"));
    }
    if !failures.is_empty() {
        context.printer.hint("the rest is removed; `mlctl cleanup` again tries what is left");
        return Err(CliError::printed(ErrorKind::Refused));
    }
    if !args.dry_run && !proposal.removals.is_empty() {
        context.printer.say(done);
    }
    Ok(0)
}

/// What the setting `retention` says, once a day at most. It never disturbs the verb that it follows:
/// what can't be done now is tried again another day.
pub fn by_itself(context: &Context) {
    // Nothing is read or written in a folder that is not this user's own.
    let Ok(store) = context.store() else { return };
    let retention = context.settings.retention.as_ref();
    let age = retention.and_then(|retention| retention.work_folders);
    work_folders(context, &store, age.map_or(DEFAULT_AGE, |age| age.0));
    let Some(retention) = retention.filter(|retention| retention.older_than.is_some()) else {
        return;
    };
    let stamp = store.root().join("retention");
    if is_fresh(&stamp, RETENTION_PACE) {
        return;
    }
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
    let stamped = write_atomic(&stamp, b"", Durability::Crash).map_err(CliError::from);
    if let Err(error) = stamped.and_then(|()| {
        let (surveyed, proposal) = survey_and_propose(context, &store, &args)?;
        let failures = remove(context, &store, &surveyed, &proposal);
        context.printer.detail(format!(
            "retention: removed {}; {} could not be",
            totals_text(&proposal.totals()),
            failures.len()
        ));
        Ok(())
    }) {
        context.printer.detail(format!("retention: {}", error.message));
    }
}

/// Working folders of runs that ended so long ago go, whatever the settings say: a run's folder would
/// keep as many copies of its code as it has replicas.
fn work_folders(context: &Context, store: &Store, age: Duration) {
    let stamp = store.root().join("work-folders");
    if !store.root().join("runs").exists() || is_fresh(&stamp, RETENTION_PACE.min(age)) {
        return;
    }
    let done =
        write_atomic(&stamp, b"", Durability::Crash).map_err(CliError::from).and_then(|()| {
            let runtime = context.runtime(LOCAL)?;
            let filter = ListFilter { trials: Trials::Shown, ..ListFilter::default() };
            let listing = store.list(&filter, &mut |run: &RunId| store.record(run))?;
            let is_gone = |run: &RunPaths| runtime.is_gone(run).unwrap_or(false);
            Ok(remove_work_folders(store, &listing.runs, LOCAL, now(), age, &is_gone))
        });
    match done {
        Ok(count) => context.printer.detail(format!("working folders of {count} runs removed")),
        Err(error) => context.printer.detail(format!("working folders: {}", error.message)),
    }
}

fn is_fresh(stamp: &Path, pace: Duration) -> bool {
    let done = fs_err::metadata(stamp).and_then(|meta| meta.modified());
    done.is_ok_and(|at| at.elapsed().is_ok_and(|age| age < pace))
}

/// What a clean-up would do, with what each removal costs while it stays.
fn survey_and_propose(
    context: &Context,
    store: &Store,
    args: &CleanupArgs,
) -> Result<(Surveyed, Proposal), CliError> {
    let filter = filter(context, store, args)?;
    let surveyed = survey(context, store, args, &filter.runs)?;
    let mut proposal = propose(&surveyed.survey, &filter, &mut Asked { context, store });
    proposal.price(&mut |removal| {
        let prices = context.prices_or_warn(removal.runtime.as_deref().unwrap_or(LOCAL));
        let plan = removal.run.as_ref().and_then(|run| store.paths(run).read_plan().ok());
        prices.held(&removal.requests, plan.as_ref())
    });
    Ok((surveyed, proposal))
}

/// Asks the state folder and the stores of outputs.
struct Asked<'a> {
    context: &'a Context,
    store: &'a Store,
}

impl Details for Asked<'_> {
    fn size(&mut self, run: &RunId) -> RunSize {
        self.store.run_size(run)
    }

    fn batch(&mut self, run: &RunId) -> Option<BatchPlan> {
        self.store.paths(run).read_plan().ok()?.batch().cloned()
    }

    fn look(&mut self, rule: &Rule) -> Result<Option<JobFiles>, String> {
        outputs(self.context)?.look(rule)
    }
}

fn outputs(context: &Context) -> Result<Outputs, String> {
    let handle = context.handle().map_err(|error| error.message)?;
    Ok(Outputs::new(context.stores(), handle))
}

fn remove(
    context: &Context,
    store: &Store,
    surveyed: &Surveyed,
    proposal: &Proposal,
) -> Vec<Failure> {
    let runtime_of = |name: &str| surveyed.runtimes.get(name).map(|runtime| &**runtime);
    let mut unstore = |stored: &Stored, was_alive| outputs(context)?.remove(stored, was_alive);
    carry_out(proposal, store, &runtime_of, &mut unstore, &mut |removal| {
        context.printer.detail(format!("removing {}", removal_title(removal)));
    })
}

/// The runs that were named: a study with all that belongs to it, or its trials alone.
fn named(context: &Context, store: &Store, args: &CleanupArgs) -> Result<Vec<RunId>, CliError> {
    let mut named = Vec::new();
    for run in &args.runs {
        let target = context.target(Some(run))?;
        if let Some(study) = target.study().filter(|_| target.record.trial.is_none()) {
            named.extend(runs_of(store, study)?.into_iter().map(|run| run.id));
        }
        named.push(target.record.id);
    }
    if let Some(study) = &args.study {
        let target = context.target(Some(study))?;
        let study = target.study().cloned().ok_or_else(|| target.no_study())?;
        let runs = runs_of(store, &study)?.into_iter().filter(|run| run.trial.is_some());
        let trials: Vec<RunId> = runs.map(|run| run.id).collect();
        if trials.is_empty() {
            return Err(CliError::new(ErrorKind::NotFound, format!("{study} has no trial here")));
        }
        named.extend(trials);
    }
    Ok(named)
}

/// The trials of a study, and all runs that were its loop.
fn runs_of(store: &Store, study: &RunId) -> Result<Vec<IndexEntry>, CliError> {
    let filter = ListFilter { trials: Trials::Shown, ..ListFilter::default() };
    let listing = store.list(&filter, &mut |run: &RunId| store.record(run))?;
    let runs = listing.runs.into_iter().map(|run| run.entry);
    Ok(runs.filter(|run| store.is_of_study(run, study)).collect())
}

fn filter(context: &Context, store: &Store, args: &CleanupArgs) -> Result<Filter, CliError> {
    let mut filter = Filter {
        runs: named(context, store, args)?,
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

/// Where to look, as the command line says it.
fn survey(
    context: &Context,
    store: &Store,
    args: &CleanupArgs,
    named: &[RunId],
) -> Result<Surveyed, CliError> {
    let all = ListFilter { trials: Trials::Shown, ..ListFilter::default() };
    let listing = if named.is_empty() {
        store.list(&all, &mut RuntimeRefresh { context, store })?
    } else {
        // Named runs were brought up to date when they were resolved.
        store.list(&all, &mut |run: &RunId| store.record(run))?
    };
    let chosen = if named.is_empty() { context.chosen()?.name() } else { String::new() };
    // What lies in a folder of another user's is not this user's to remove.
    let cache = context.env.cache_dir()?;
    check_own(&cache)?;
    let places = Places {
        local: LOCAL,
        chosen: &chosen,
        is_named: context.names_a_place(),
        runs: named,
        all_users: args.all_users,
        cache: &cache,
    };
    let connect = |name: &str| context.runtime(name);
    places.survey(&listing.runs, now(), &connect, &mut |notice| context.printer.warn(notice))
}

fn ask(context: &Context) -> Result<bool, CliError> {
    if !context.printer.terminal.stderr || !std::io::stdin().is_terminal() {
        return Err(CliError::new(ErrorKind::Usage, "nobody is here to answer")
            .hint("--yes removes without a question, --dry-run only looks"));
    }
    Ok(context.printer.confirm("remove this?"))
}

/// Runs that have ended and stay only because nobody has said how old is old enough.
fn younger(args: &CleanupArgs, survey: &Survey, proposal: &Proposal) -> usize {
    let narrowed = args.all
        || args.orphans
        || args.older_than.is_some()
        || args.study.is_some()
        || args.selection.name.is_some()
        || !(args.runs.is_empty() && args.state.is_empty() && args.selection.label.is_empty());
    if narrowed {
        return 0;
    }
    let is_listed = |id: &str| {
        proposal.removals.iter().any(|removal| removal.run.as_deref() == Some(id))
            || proposal.kept.iter().any(|kept| kept.run == id)
    };
    // A run in neither list has nothing left to remove: an earlier clean-up has left its model
    // only.
    let young = |found: &&Found| survey.now.duration_since(found.at).unsigned_abs() < DEFAULT_AGE;
    survey
        .runs
        .iter()
        .filter(|found| found.state.is_ended() && !is_listed(&found.id))
        .filter(young)
        .count()
}
