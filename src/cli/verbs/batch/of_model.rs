//! The batch prediction that a version of the registry has made.

use crate::cli::{CliError, Context, ErrorKind};
use crate::event::RunState;
use crate::gang::RunId;
use crate::model::registry::VersionRef;
use crate::spec::BATCH_PREDICT_JOB;
use crate::storage::Place;
use crate::store::ListFilter;

/// The newest own run that has predicted with this version to the end, `NAME@3` or `NAME@ALIAS`.
pub(in crate::cli::verbs) fn run_of_model(
    context: &Context,
    reference: &str,
) -> Result<RunId, CliError> {
    let reference: VersionRef = reference.parse()?;
    let model = context.registered_model(&reference)?;
    let store = context.store()?;
    let filter = ListFilter { states: vec![RunState::Succeeded], ..ListFilter::default() };
    let all = store.list(&filter, &mut |run: &RunId| store.record(run))?;
    let bare = |place: &Place| place.as_str().trim_end_matches('/').to_owned();
    let of_kind = all.runs.into_iter().filter(|run| run.entry.kind == BATCH_PREDICT_JOB);
    for run in of_kind {
        let Ok(plan) = store.paths(&run.entry.id).read_plan() else { continue };
        let Ok(record) = store.record(&run.entry.id) else { continue };
        let used = plan.batch().and_then(|batch| batch.server.model.as_ref());
        if used.is_some_and(|used| bare(used) == bare(&model.place)) && !record.adopted {
            return Ok(run.entry.id);
        }
    }
    let version = model.registered.map(|(name, version)| format!("{name}@{version}"));
    let version = version.unwrap_or_else(|| reference.to_string());
    let message = format!("no batch prediction of this state was made with {version}");
    Err(CliError::new(ErrorKind::NotFound, message)
        .hint(format!("make one: mlctl batch-predict --model {version} ..."))
        .hint("or name a run, or the URL of an output"))
}
