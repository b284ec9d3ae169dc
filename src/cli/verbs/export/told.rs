//! What an export has come to, for people and programs.

use serde_json::Value as Json;

use crate::cli::models::model_place;
use crate::cli::verbs::ended::RunDocument;
use crate::cli::verbs::watch::Followed;
use crate::cli::{CliError, Context, ErrorKind, exit, exit_code};
use crate::event::RunState;
use crate::gang::RunId;
use crate::run::{Submitted, explain, outputs};
use crate::runtime::Runtime;
use crate::storage::StorageErrorKind;
use crate::ui::{Text, export_text, summary_text};
use crate::work::export::{ExportReport, REPORT_FILE};

/// A report is shorter.
const LARGEST_REPORT: u64 = 4 << 20;

/// How a run that was followed has ended, or that it goes on: said, and as an exit code.
pub(super) fn told(
    context: &Context,
    runtime: &dyn Runtime,
    run: &Submitted,
    end: &Followed,
) -> Result<u8, CliError> {
    let view = &end.view;
    if end.goes_on {
        RunDocument::of(view, Some(&run.plan), &run.paths, exit::DETACHED).emit(context)?;
        return Ok(exit::DETACHED);
    }
    let code = view.verdict.as_ref().map_or(exit::OK, exit_code);
    let why = explain(view, &run.paths, Some(&run.plan), Some(runtime));
    let succeeded = view.state == RunState::Succeeded;
    // What a failed one has made and what it could not is in its report too; one that never came so far has
    // none.
    let report = report(context, &run.paths.run).unwrap_or_else(|error| {
        if succeeded {
            context.printer.warn(error.message);
        }
        None
    });
    let mut document = RunDocument::of(view, Some(&run.plan), &run.paths, code);
    document.why = (!succeeded).then_some(&why);
    let mut document = document.beside(Some(&why))?;
    if let Some((_, report)) = &report {
        let internal =
            |error: serde_json::Error| CliError::new(ErrorKind::Internal, error.to_string());
        let report: Json = serde_json::to_value(report).map_err(internal)?;
        document.insert("export".to_owned(), report);
    }
    let text = report.as_ref().map(|(place, report)| export_text(report, place, &context.printer));
    context.emit(&document, || text.unwrap_or_default())?;
    let places = outputs(Some(&run.plan), &run.paths);
    let summary: Text = summary_text(view, &places, (!succeeded).then_some(&why));
    context.printer.outcome(succeeded, summary);
    Ok(code)
}

/// The report of a run with the place that it lies in; `None` where it has left none.
fn report(context: &Context, run: &RunId) -> Result<Option<(String, ExportReport)>, CliError> {
    let target = context.target_of(run)?;
    let folder = model_place(&target)?;
    let place = format!("{}/{REPORT_FILE}", folder.as_str()).into();
    let stores = context.stores_of(&target);
    let bytes = match context.handle()?.block_on(stores.read(&place, LARGEST_REPORT)) {
        Ok((_, bytes)) => bytes,
        Err(error) if error.kind == StorageErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let report = ExportReport::read(&bytes)
        .map_err(|error| CliError::new(ErrorKind::Refused, format!("{place}: {error}")))?;
    Ok(Some((folder.to_string(), report)))
}
