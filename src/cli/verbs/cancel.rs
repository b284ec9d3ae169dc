//! `mlctl cancel`: ends runs.

use std::time::{Duration, Instant};

use crate::cli::{CliError, Context, ErrorKind, RuntimeRefresh, Target};
use crate::event::RunState;
use crate::plan::Plan;
use crate::runtime::{LOCAL, Notice};
use crate::store::{ListFilter, RunSummary, Trials};
use crate::ui::human::duration;

/// Arguments of `cancel`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The commands get SIGTERM, then after `grace` SIGKILL. mlctl returns when nothing
of the run is left.

Examples:
  mlctl cancel                     the last run started from this folder
  mlctl cancel digits other-a1b2c3
  mlctl cancel digits --no-wait
  mlctl cancel digits --force      kill what doesn't end by itself")]
pub struct CancelArgs {
    /// The runs
    pub runs: Vec<String>,
    /// Return at once
    #[arg(long, conflicts_with = "force")]
    pub no_wait: bool,
    /// Kill what is left when the grace period is over
    #[arg(long)]
    pub force: bool,
}

/// Beyond the run's own grace period.
const END_LIMIT: Duration = Duration::from_secs(30);

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &CancelArgs) -> Result<u8, CliError> {
    let selectors: Vec<Option<&str>> = match args.runs.as_slice() {
        [] => vec![None],
        runs => runs.iter().map(|run| Some(run.as_str())).collect(),
    };
    // Every name is resolved before anything is cancelled: a typing error cancels nothing.
    let targets = selectors
        .into_iter()
        .map(|selector| context.target(selector))
        .collect::<Result<Vec<_>, _>>()?;
    let alive: Vec<&Target> = targets
        .iter()
        .filter(|target| {
            let record = &target.record;
            if record.state.is_ended() {
                context.printer.say(format!("{} has already {}", record.id, ended(record.state)));
            }
            !record.state.is_ended()
        })
        .collect();
    let user = context.user();
    for target in &alive {
        let runtime = context.runtime(&target.record.runtime)?;
        for Notice(notice) in runtime.cancel(&target.paths, &user)? {
            context.printer.warn(notice);
        }
        if args.no_wait {
            context.printer.say(format!("{} is being cancelled", target.record.id));
        }
    }
    if args.no_wait {
        return Ok(0);
    }
    for target in &alive {
        wait_for(context, target, args.force)?;
    }
    for target in targets {
        cancel_trials(context, &target, args.force)?;
    }
    Ok(0)
}

/// Ends the trials of a study that its loop has left, since it was killed.
fn cancel_trials(context: &Context, target: &Target, force: bool) -> Result<(), CliError> {
    let Some(study) = target.plan.as_ref().and_then(Plan::study).cloned() else { return Ok(()) };
    context.take_in_trials(&target.store, &target.record.id)?;
    let filter = ListFilter { trials: Trials::Of(study), ..ListFilter::default() };
    let store = &target.store;
    let listing = store.list(&filter, &mut RuntimeRefresh { context, store })?;
    // A loop in a cluster has its trials there. What its record says of a study may be anybody's word,
    // and reaches nothing elsewhere.
    let own = &target.record.runtime;
    let is_meant = |run: &RunSummary| own == LOCAL || run.entry.runtime == *own;
    let living = listing.runs.into_iter().filter(|run| !run.state.is_ended() && is_meant(run));
    let mut ended = Vec::new();
    for run in living {
        let trial = context.target(Some(&run.entry.id))?;
        let runtime = context.runtime(&trial.record.runtime)?;
        for Notice(notice) in runtime.cancel(&trial.paths, &context.user())? {
            context.printer.warn(notice);
        }
        ended.push(trial);
    }
    ended.iter().try_for_each(|trial| wait_for(context, trial, force))
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
    let start = Instant::now();
    let mut forced = false;
    loop {
        let record = context.refresh(&target.store, &target.paths.run)?;
        // The run has ended as soon as its verdict is recorded, but the commands have their grace
        // period after that.
        if record.state.is_ended() && runtime.is_gone(&target.paths)? {
            let took = duration(start.elapsed());
            let text = match record.state {
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
