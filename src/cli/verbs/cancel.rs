//! `mlctl cancel`: ends runs.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::others::{Agreed, agree};
use super::serve::{EndpointTarget, forget, may_end};
use crate::cli::{CliError, Context, ErrorKind, RuntimeRefresh, Target, exit};
use crate::event::RunState;
use crate::gang::RunId;
use crate::plan::Plan;
use crate::runtime::{LOCAL, Notice};
use crate::store::{ListFilter, Members, RunSummary};
use crate::ui::Text;
use crate::ui::human::duration;

/// Arguments of `cancel`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The commands get SIGTERM, then after `grace` SIGKILL. mlctl returns when nothing
of the run is left. What others have submitted to a cluster, and an endpoint that
is being called, is ended after a question only.

Examples:
  mlctl cancel                     the last run started from this folder
  mlctl cancel digits other-a1b2c3
  mlctl cancel digits --no-wait
  mlctl cancel digits --force      kill all that has not ended by then")]
pub struct CancelArgs {
    /// The runs
    pub runs: Vec<String>,
    /// Return at once
    #[arg(long, conflicts_with = "force")]
    pub no_wait: bool,
    /// Kill all of it that the end of the grace period finds alive
    #[arg(long)]
    pub force: bool,
    /// Don't ask, also where a run is another user's or an endpoint is being called
    #[arg(short, long)]
    pub yes: bool,
}

/// Beyond the run's own grace period.
const END_LIMIT: Duration = Duration::from_secs(30);

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &CancelArgs) -> Result<u8, CliError> {
    let targets = named(context, args)?;
    let endpoints = endpoints(context, &targets)?;
    if !may_end(context, &endpoints, args.yes)? {
        emit(context, &[])?;
        return Ok(exit::OK);
    }
    end(context, args, &targets)?;
    for endpoint in endpoints.iter().filter(|_| !args.no_wait) {
        // Whose it is may have been asked, and answered with no.
        if context.refresh(&endpoint.run.store, &endpoint.run.paths.run)?.state.is_ended() {
            forget(context, endpoint)?;
        }
    }
    emit(context, &targets)?;
    Ok(exit::OK)
}

/// Those of the named runs that serve: somebody may be calling them.
fn endpoints(context: &Context, targets: &[Target]) -> Result<Vec<EndpointTarget>, CliError> {
    let mut found = Vec::new();
    for target in targets {
        let serves = target.plan.as_ref().is_some_and(|plan| plan.endpoint().is_some());
        if serves && !target.record.state.is_ended() {
            found.push(context.endpoint(Some(target.record.id.as_str()))?);
        }
    }
    Ok(found)
}

/// What the command line names: the last run of this folder where it names none. Every name is resolved before
/// anything is cancelled: a typing error cancels nothing.
fn named(context: &Context, args: &CancelArgs) -> Result<Vec<Target>, CliError> {
    match args.runs.as_slice() {
        [] => Ok(vec![context.target(None)?]),
        runs => runs.iter().map(|run| context.target(Some(run))).collect(),
    }
}

/// Ends runs, and gives those that were named.
pub(super) fn cancelled(context: &Context, args: &CancelArgs) -> Result<Vec<Target>, CliError> {
    let targets = named(context, args)?;
    end(context, args, &targets)?;
    Ok(targets)
}

/// Ends runs, as far as whoever is asked agrees.
fn end(context: &Context, args: &CancelArgs, targets: &[Target]) -> Result<(), CliError> {
    let alive: Vec<&Target> = targets.iter().filter(|target| lives(context, target)).collect();
    let mut trials = Vec::new();
    let ends_trials = |target: &&Target| !args.no_wait || !target.record.state.is_ended();
    for target in targets.iter().filter(ends_trials).filter(|_| !args.yes) {
        trials.extend(living_members(context, target)?);
    }
    let all = alive.iter().copied().chain(&trials);
    let agreed = agree(context, all, args.yes)?;
    let Some(agreed) = agreed else { return Ok(()) };
    for target in alive.iter().filter(|target| !target.record.state.is_ended()) {
        cancel(context, target)?;
        if args.no_wait {
            context.printer.say(format!("{} is being cancelled", target.record.id));
        }
    }
    if args.no_wait {
        return Ok(());
    }
    for target in &alive {
        wait_for(context, target, args.force)?;
    }
    for target in targets {
        cancel_trials(context, target, args.force, &agreed)?;
    }
    Ok(())
}

/// The runs that were named, each with its state now.
fn emit(context: &Context, targets: &[Target]) -> Result<(), CliError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Cancelled {
        run: RunId,
        state: RunState,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Document {
        schema_version: u32,
        /// The run, where it is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
        runs: Vec<Cancelled>,
    }
    let state = |target: &Target| {
        let record = target.store.record(&target.paths.run);
        record.map_or(target.record.state, |record| record.state)
    };
    let runs = targets
        .iter()
        .map(|target| Cancelled { run: target.paths.run.clone(), state: state(target) });
    let run = targets.first().filter(|_| targets.len() == 1).map(|one| one.paths.run.clone());
    context.emit(&Document { schema_version: 1, run, runs: runs.collect() }, Text::default)
}

/// Whether something of a run lives; says so where there is nothing to be cancelled. A run has ended as soon as
/// its verdict is known, and its commands have their grace period after that.
fn lives(context: &Context, target: &Target) -> bool {
    let record = &target.record;
    if !record.state.is_ended() {
        return true;
    }
    let runtime = context.runtime(&record.runtime);
    let is_gone = runtime.and_then(|runtime| Ok(runtime.is_gone(&target.paths)?));
    // A runtime that can't be asked is no reason to call a run alive that is known to have ended.
    let is_gone = is_gone.unwrap_or(true);
    let rest = if is_gone { "" } else { ", and its last processes are ending" };
    context.printer.say(format!("{} has already {}{rest}", record.id, ended(record.state)));
    !is_gone
}

/// Asks a run to end, in the name by which its runtime knows this user.
fn cancel(context: &Context, target: &Target) -> Result<(), CliError> {
    let runtime = context.runtime(&target.record.runtime)?;
    let user = context.user_in(&*runtime)?;
    for Notice(notice) in runtime.cancel(&target.paths, &user)? {
        context.printer.warn(notice);
    }
    Ok(())
}

/// Ends the trials of a study that its loop has left, since it was killed.
fn cancel_trials(
    context: &Context,
    target: &Target,
    force: bool,
    agreed: &Agreed,
) -> Result<(), CliError> {
    let mut ended = Vec::new();
    for trial in living_members(context, target)? {
        let id = &trial.record.id;
        if let Some(owner) = agreed.forgets(context, &trial)? {
            context
                .printer
                .warn(format!("{id} is a run of {owner} and goes on: mlctl cancel {id}"));
            continue;
        }
        cancel(context, &trial)?;
        ended.push(trial);
    }
    ended.iter().try_for_each(|trial| wait_for(context, trial, force))
}

/// The trials of a study or replicas of an endpoint that have not ended; none of what is neither.
fn living_members(context: &Context, target: &Target) -> Result<Vec<Target>, CliError> {
    let Some(study) = target.plan.as_ref().and_then(Plan::decides_over).cloned() else {
        return Ok(Vec::new());
    };
    context.take_in_trials(&target.store, &target.record.id)?;
    let filter = ListFilter { members: Members::Of(study), ..ListFilter::default() };
    let store = &target.store;
    let listing = store.list(&filter, &mut RuntimeRefresh { context, store })?;
    // A loop in a cluster has its trials there. What its record says of a study may be anybody's word,
    // and reaches nothing elsewhere.
    let own = &target.record.runtime;
    let is_meant = |run: &RunSummary| own == LOCAL || run.entry.runtime == *own;
    let living = listing.runs.into_iter().filter(|run| !run.state.is_ended() && is_meant(run));
    living.map(|run| context.target_of(&run.entry.id)).collect()
}

fn ended(state: RunState) -> &'static str {
    match state {
        RunState::Cancelled => "been cancelled",
        RunState::TimedOut => "timed out",
        RunState::CouldNotStart => "ended: it could not start",
        RunState::Succeeded => "succeeded",
        _ => "failed",
    }
}

fn wait_for(context: &Context, target: &Target, force: bool) -> Result<(), CliError> {
    let grace =
        target.plan.as_ref().map(|plan| plan.gang().rules.grace + plan.gang().rules.kill_bound);
    let bound = grace.unwrap_or_default() + END_LIMIT;
    let runtime = context.runtime(&target.record.runtime)?;
    let had_ended = target.record.state.is_ended();
    let start = Instant::now();
    let mut forced = false;
    loop {
        let record = context.refresh(&target.store, &target.paths.run)?;
        // The run has ended as soon as its verdict is recorded, but the commands have their grace
        // period after that.
        if record.state.is_ended() && runtime.is_gone(&target.paths)? {
            let took = duration(start.elapsed());
            let text = match record.state {
                _ if had_ended => format!("nothing of {} is left ({took})", record.id),
                RunState::Cancelled => format!("{} is cancelled ({took})", record.id),
                state => format!("{} {} before it could be cancelled", record.id, ended(state)),
            };
            context.printer.say(text);
            return Ok(());
        }
        let limit = if force { grace.unwrap_or_default() } else { bound };
        if force && !forced && start.elapsed() > limit {
            runtime.remove(&target.paths)?;
            forced = true;
        }
        if start.elapsed() > bound {
            let message = format!("{} has not ended within {}", record.id, duration(bound));
            return Err(CliError::new(ErrorKind::Unreachable, message)
                .hint(format!("kill what is left: mlctl cancel {} --force", record.id)));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
