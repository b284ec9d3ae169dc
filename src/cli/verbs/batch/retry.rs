//! `mlctl batch-predict --retry-failed`: which job is meant, and what of it has failed.

use std::path::Path;

use super::survey::Surveyed;
use crate::cli::{CliError, Context, ErrorKind, LoadedDocument, SpecArgs};
use crate::gang::RunId;
use crate::plan::batch::OutputLayout;
use crate::spec::BATCH_PREDICT_JOB;
use crate::spec::check::MASK;
use crate::storage::Place;
use crate::store::{ListFilter, RunRecord, Store};
use crate::work::batch::{LoadedBatch, Progress, plan_retry};

/// What mends a job whose spec the state doesn't have.
const NAME_THE_SPEC: &str =
    "name its spec: mlctl batch-predict FILE --retry-failed, or give the flags that it was made by";

/// The job of a run or of an output, by what the state keeps of the run; `None` where a spec is named.
///
/// An output alone doesn't say how its server is started, and whoever may write to the bucket could
/// say anything there: so the output must be that of an own run.
pub(super) fn remembered_job(
    context: &Context,
    name: &Path,
    args: &SpecArgs,
) -> Result<Option<LoadedBatch>, CliError> {
    let text = name.to_string_lossy();
    let place = Place::from(&*text).without_file_scheme().starting_at(&context.env.cwd);
    let is_local_output = || Path::new(OutputLayout::job(&place).as_str()).is_file();
    let store = context.store()?;
    let record = if text.contains("://") || is_local_output() {
        of_output(&store, &place)?
    } else if text == "-" || text.contains(['/', '.']) || context.env.cwd.join(name).exists() {
        return Ok(None);
    } else {
        context.target(Some(&text))?.record
    };
    of_run(context, &store, &record, args).map(Some)
}

/// The newest own run that has written to an output.
fn of_output(store: &Store, output: &Place) -> Result<RunRecord, CliError> {
    let bare = |place: &Place| place.as_str().trim_end_matches('/').to_owned();
    let all = store.list(&ListFilter::default(), &mut |run: &RunId| store.record(run))?;
    let of_kind = all.runs.iter().filter(|run| run.entry.kind == BATCH_PREDICT_JOB);
    for run in of_kind {
        let Ok(plan) = store.paths(&run.entry.id).read_plan() else { continue };
        let Ok(record) = store.record(&run.entry.id) else { continue };
        let is_there = plan.batch().is_some_and(|batch| bare(&batch.output) == bare(output));
        if is_there && !record.adopted {
            return Ok(record);
        }
    }
    let message = format!("no run of this state has written to {output}");
    Err(CliError::new(ErrorKind::NotFound, message).hint(NAME_THE_SPEC))
}

/// The job of a run as it was submitted.
fn of_run(
    context: &Context,
    store: &Store,
    record: &RunRecord,
    args: &SpecArgs,
) -> Result<LoadedBatch, CliError> {
    let run = &record.id;
    let refused = |reason: &str| {
        CliError::new(ErrorKind::Usage, format!("{run} {reason}")).hint(NAME_THE_SPEC)
    };
    if record.kind != BATCH_PREDICT_JOB {
        return Err(CliError::new(ErrorKind::Usage, format!("{run} is no batch prediction"))
            .hint("name a run of `mlctl batch-predict`, or the URL of an output"));
    }
    if record.adopted {
        return Err(refused(
            "was taken in from a cluster: what it says to run is not yours to run",
        ));
    }
    let text = crate::sys::read_own_text(&store.paths(run).resolved());
    let text = text.map_err(|error| refused(&format!("has lost its spec: {error}")))?;
    if text.contains(MASK) {
        return Err(refused("had secret values in its spec, which no state keeps"));
    }
    let documents =
        context.remembered(&format!("the spec of {run}"), &text, &context.env.cwd, args)?;
    let mut batches = documents.into_iter().filter_map(|document| match document {
        LoadedDocument::Batch(batch) => Some(*batch),
        LoadedDocument::Train(_) | LoadedDocument::Tune(_) | LoadedDocument::Endpoint(_) => None,
    });
    batches.next().ok_or_else(|| refused("has lost its spec"))
}

/// Makes a retry of a job that was begun; `false` where nothing of it has failed.
pub(super) fn retry_failed(context: &Context, job: &mut Surveyed) -> Result<bool, CliError> {
    let (name, output) = (&job.batch.job.name, job.batch.output());
    if job.progress == Progress::Fresh {
        let message = format!("{output} has no results of {name} yet: nothing could have failed");
        return Err(CliError::new(ErrorKind::NotFound, message)
            .hint("run the same command without --retry-failed"));
    }
    let retry = context.handle()?.block_on(plan_retry(&job.stores, &output))?;
    if retry.rows == 0 && retry.unfinished == 0 {
        context.printer.say(format!("no row of {name} has failed; nothing is started"));
        return Ok(false);
    }
    let (rows, are) = if retry.rows == 1 { ("row", "is") } else { ("rows", "are") };
    context.printer.say(format!("{} failed {rows} of {name} {are} asked again", retry.rows));
    job.batch.retry = Some(retry.generation);
    Ok(true)
}
