//! Looks, asks and removes.

use serde::Serialize;

use super::args::CleanupArgs;
use super::chosen::DEFAULT_AGE;
use super::proposal::{remove, survey_and_propose};
use crate::cli::verbs::others::ask;
use crate::cli::{CliError, Context, ErrorKind, Format};
use crate::ops::cleanup::{Failure, Found, Kept, Proposal, Removal, Survey, Totals, is_past};
use crate::store::now;
use crate::ui::{Text, show_proposal, totals_text};

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
    let sure = proposal.removals.is_empty() || args.dry_run || args.yes || sure(context)?;
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
        context.printer.error(format!("{whose}{what} was not removed: {why}"));
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

fn sure(context: &Context) -> Result<bool, CliError> {
    ask(context, "remove this?", "--yes removes without a question, --dry-run only looks")
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
    let young = |found: &&Found| !is_past(found.at, survey.now_in(&found.runtime), DEFAULT_AGE);
    survey
        .runs
        .iter()
        .filter(|found| found.state.is_ended() && !is_listed(&found.id))
        .filter(young)
        .count()
}
