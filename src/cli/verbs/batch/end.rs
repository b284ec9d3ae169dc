//! How a batch prediction has ended: its rows decide the exit code, and the run only where it failed.

use crate::cli::{CliError, Context, ErrorKind, exit, exit_code};
use crate::event::RunState;
use crate::gang::ExitStatus;
use crate::plan::BatchPlan;
use crate::run::RunView;
use crate::storage::Stores;
use crate::work::batch::{Summary, summary};

/// What became of a job.
pub(in crate::cli::verbs) struct BatchEnd {
    /// Of the whole job; `None` while it is not complete, or where it can't be read.
    pub(super) summary: Option<Summary>,
    /// The exit code.
    pub(in crate::cli::verbs) code: u8,
}

/// Reads the summary of an ended run's job. That it can't be read is said, and is no success: rows may
/// have failed.
pub(in crate::cli::verbs) fn batch_end(
    context: &Context,
    stores: &Stores,
    view: &RunView,
    batch: &BatchPlan,
) -> Result<BatchEnd, CliError> {
    if view.state != RunState::Succeeded {
        let code = match &view.verdict {
            _ if is_over_limit(view) => exit::TOO_MANY_ROWS_FAILED,
            Some(verdict) => exit_code(verdict),
            None => exit::RUN_FAILED,
        };
        return Ok(BatchEnd { summary: None, code });
    }
    let found = context.handle()?.block_on(summary(stores, &batch.output, &batch.job));
    let reason = match found {
        Ok(Some(found)) => {
            return Ok(BatchEnd { code: code_of(&found), summary: Some(found) });
        }
        Ok(None) => "it is not in the output".to_owned(),
        Err(error) => error.to_string(),
    };
    context.printer.fault(format!(
        "the run has succeeded, and whether all rows have is not known: its summary can't be read: \
         {reason}"
    ));
    Ok(BatchEnd { summary: None, code: ErrorKind::Unreachable.exit_code() })
}

/// The exit code of a complete job.
pub(super) fn code_of(summary: &Summary) -> u8 {
    if summary.failed == 0 { exit::OK } else { exit::ROWS_FAILED }
}

/// A worker has ended the job by the status that says so.
fn is_over_limit(view: &RunView) -> bool {
    let over = ExitStatus::Code(i32::from(exit::TOO_MANY_ROWS_FAILED));
    let exits = view.replicas.values().filter_map(|replica| replica.last_exit());
    view.state == RunState::Failed && exits.into_iter().any(|exit| exit.status == over)
}
