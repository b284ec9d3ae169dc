//! `mlctl wait`: until a run has ended, or an endpoint is ready.

use std::time::Instant;

use super::batch::batch_end;
use super::ended::RunDocument;
use super::models::push_after;
use super::serve::wait_endpoint;
use crate::cli::{CliError, Context, Interrupts, Target, exit, exit_code};
use crate::event::RunState;
use crate::plan::Plan;
use crate::run::{Follow, FollowEnd, Interrupt, explain, follow, outputs};
use crate::runtime::LogQuery;
use crate::text::Span;
use crate::ui::{FollowMode, Show, Verbosity, summary_text};

/// Arguments of `wait`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The exit code is the run's: 0 succeeded, 10 failed, 11 infrastructure budget
spent, 12 cancelled, 13 timed out, 14 could not start; of a batch prediction 20
where some rows failed, 21 where too many did; 130 when --timeout is over or
Ctrl-C comes first. The run goes on in both cases. All that it says goes to standard
error: what the run prints is in `mlctl logs -f`. With -q nothing is said but what went
wrong; with -o json standard output has one document, whichever way waiting ended. The model of a run that is to be
pushed (`train --push`) is pushed by whoever waits for it, once.

An endpoint has no end: it is waited for until all revisions that are wanted are
ready and no change of its traffic is under way. 0: it is ready; 10: its last change
was given up, waits for a person, or can't become ready, which is said; 130 as above.

Examples:
  mlctl wait                       follow the last run to its end
  mlctl serve -d && mlctl wait digits --timeout 5m
  mlctl wait digits --quiet && ./deploy.sh
  mlctl wait digits --timeout 1h -o json")]
pub struct WaitArgs {
    /// The run, or the endpoint
    pub run: Option<String>,
    /// Wait at most so long, for example 1h
    #[arg(long, value_name = "DURATION")]
    pub timeout: Option<Span>,
    /// Stream the run's events as JSON Lines
    #[arg(long, conflicts_with = "output")]
    pub events: bool,
}

/// Waits for a run.
pub fn run(context: &Context, args: &WaitArgs) -> Result<u8, CliError> {
    let target = context.target(args.run.as_deref())?;
    let runtime = match context.runtime(&target.record.runtime) {
        Ok(runtime) => runtime,
        // The record of an ended run is complete, so its runtime need not be reachable.
        Err(_) if target.record.state.is_ended() => return ended(context, &target, None, args),
        Err(error) => return Err(error),
    };
    // Where the runtime can't be asked, the record of an ended run is complete all the same.
    let is_over = || runtime.is_gone(&target.paths).unwrap_or(true);
    if target.record.state.is_ended() && !args.events && is_over() {
        return ended(context, &target, Some(&*runtime as _), args);
    }
    if target.plan.as_ref().is_some_and(|plan| plan.endpoint().is_some()) && !args.events {
        return wait_endpoint(context, &target.record.id, args.timeout.map(|timeout| timeout.0));
    }
    let interrupts = Interrupts::listen()?;
    let stop = || {
        if interrupts.count() > 0 || interrupts.hung_up() {
            Interrupt::Detach
        } else {
            Interrupt::None
        }
    };
    let mut show = Show::new(&context.printer, mode(context, args));
    let request = Follow {
        store: &target.store,
        runtime: &*runtime,
        paths: &target.paths,
        plan: target.plan.as_ref(),
        logs: LogQuery { tail: Some(10), follows: true, ..LogQuery::default() },
        deadline: args.timeout.map(|timeout| Instant::now() + timeout.0),
        user: "",
        interrupt: &stop,
    };
    let end = follow(&request, &mut show)?;
    match &end {
        FollowEnd::Ended(_) => {
            let target = context.target_of(&target.paths.run)?;
            ended(context, &target, Some(&*runtime as _), args)
        }
        FollowEnd::Detached(view) | FollowEnd::Deadline(view) => {
            let run = &target.paths.run;
            let is_asked = matches!(end, FollowEnd::Detached(_));
            let text = format!("{run} is still {}; it goes on", view.state);
            context.printer.outcome(is_asked, text);
            context.printer.hint(format!("mlctl wait {run}, or mlctl cancel {run}"));
            if !args.events {
                let (plan, code) = (target.plan.as_ref(), exit::DETACHED);
                RunDocument::of(view, plan, &target.paths, code).emit(context)?;
            }
            Ok(exit::DETACHED)
        }
    }
}

fn mode(context: &Context, args: &WaitArgs) -> FollowMode {
    if args.events {
        FollowMode::Events
    } else if context.printer.verbosity == Verbosity::Quiet {
        FollowMode::Silent
    } else if context.printer.terminal.stderr {
        FollowMode::Live
    } else {
        FollowMode::Plain
    }
}

fn ended(
    context: &Context,
    target: &Target,
    runtime: Option<&dyn crate::runtime::Runtime>,
    args: &WaitArgs,
) -> Result<u8, CliError> {
    let view = target.view()?;
    let code = match target.plan.as_ref().and_then(Plan::batch) {
        Some(batch) => batch_end(context, &context.stores_of(target), &view, batch)?.code,
        None => target.record.verdict.as_ref().map_or(exit::RUN_FAILED, exit_code),
    };
    let why = (target.record.state != RunState::Succeeded).then(|| {
        explain(&view, &target.paths, target.plan.as_ref(), runtime.map(|runtime| runtime as _))
    });
    if args.events {
        push_after(context, &target.paths.run)?;
        return Ok(code);
    }
    let outputs = outputs(target.plan.as_ref(), &target.paths);
    context.printer.outcome(why.is_none(), summary_text(&view, &outputs, why.as_ref()));
    let pushed = push_after(context, &target.paths.run);
    let mut document = RunDocument::of(&view, target.plan.as_ref(), &target.paths, code);
    document.pushed = pushed.as_ref().ok().cloned().flatten();
    document.why = why.as_ref();
    document.emit(context)?;
    // What the run has come to is known though its model was not pushed.
    pushed?;
    Ok(code)
}
