//! What is said of a job in the end: what was predicted, where it is, and what went wrong.

use serde::Serialize;

use super::end::{BatchEnd, batch_end, code_of};
use super::survey::Surveyed;
use crate::cli::verbs::cost::{bill_of, cost_text};
use crate::cli::verbs::ended::RunDocument;
use crate::cli::verbs::watch::Followed;
use crate::cli::{CliError, Context, ErrorKind, Format, exit};
use crate::event::RunState;
use crate::gang::RunId;
use crate::ops::cost::Bill;
use crate::run::{Submitted, WhyReport, explain};
use crate::runtime::Runtime;
use crate::store::Store;
use crate::ui::{Text, batch_summary_text, summary_text};
use crate::work::batch::Summary;

/// The final document of a batch prediction.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a RunId>,
    state: RunState,
    exit_code: u8,
    output: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a Summary>,
    /// Of this run alone; absent where nothing was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Bill>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<WhyReport>,
}

/// The result of a job: what was predicted and where it is, on standard output. Rows that failed are said
/// beside it, so that `--quiet` doesn't hide them.
fn show(context: &Context, summary: &Summary, output: &str) -> Result<(), CliError> {
    context.printer.show(batch_summary_text(summary, output))?;
    if summary.failed > 0 {
        let (failed, rows) = (summary.failed, summary.rows);
        context.printer.fault(format!("{failed} of {rows} rows have no prediction"));
        context.printer.hint(format!("which, and why: mlctl outputs {output} --errors"));
    }
    Ok(())
}

/// A job that was complete before anything was started.
pub(super) fn complete(
    context: &Context,
    job: &Surveyed,
    summary: &Summary,
) -> Result<u8, CliError> {
    let code = code_of(summary);
    let output = job.batch.output().to_string();
    context.printer.say(format!("{} is complete already; nothing is started", job.batch.job.name));
    if context.format == Format::Table {
        show(context, summary, &output)?;
        return Ok(code);
    }
    let report = Report {
        schema_version: 1,
        run: None,
        state: RunState::Succeeded,
        exit_code: code,
        output,
        summary: Some(summary),
        cost: None,
        why: None,
    };
    context.emit(&report, Text::default)?;
    Ok(code)
}

/// How a run that was followed to its end has ended, said and as an exit code.
pub(super) fn ended(
    context: &Context,
    store: &Store,
    runtime: &dyn Runtime,
    (job, run): (&Surveyed, &Submitted),
    end: &Followed,
    events: bool,
) -> Result<u8, CliError> {
    let (output, view) = (job.batch.output(), &*end.view);
    if end.goes_on {
        RunDocument::of(view, Some(&run.plan), &run.paths, exit::DETACHED).emit(context)?;
        return Ok(exit::DETACHED);
    }
    let succeeded = view.state == RunState::Succeeded;
    let end = run.plan.batch().map(|batch| batch_end(context, &job.stores, view, batch));
    let end =
        end.ok_or_else(|| CliError::new(ErrorKind::Internal, "the run is no batch prediction"))?;
    let BatchEnd { summary: found, code } = end?;
    if events {
        // With `--events` the last event is the summary.
        return Ok(code);
    }
    let cost = bill_of(context, store, &run.paths.run, &run.plan);
    // What a run has cost is no reason to lose what it has done.
    let cost = cost.map_err(|error| context.printer.warn(error.to_string())).ok();
    let why = (!succeeded).then(|| explain(view, &run.paths, Some(&run.plan), Some(runtime as _)));
    if context.format == Format::Table {
        context.printer.outcome(succeeded, summary_text(view, &[], why.as_ref()));
        if let Some(bill) = cost.filter(|bill| bill.currency.is_some()) {
            context.printer.say(format!("  cost     {}", cost_text(&bill)));
        }
        if let Some(summary) = &found {
            show(context, summary, output.as_str())?;
        } else {
            context.printer.say(format!("  results  {output}"));
        }
        return Ok(code);
    }
    let report = Report {
        schema_version: 1,
        run: Some(&run.paths.run),
        state: view.state,
        exit_code: code,
        output: output.to_string(),
        summary: found.as_ref(),
        cost,
        why,
    };
    context.emit(&report, Text::default)?;
    Ok(code)
}
