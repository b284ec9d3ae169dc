//! Runs as the cluster knows them, for machines that don't.

use k8s_openapi::api::core::v1::ConfigMap;

use crate::event::RunState;
use crate::gang::RunId;
use crate::runtime::kubernetes::client::Location;
use crate::runtime::kubernetes::follow::RunFacts;
use crate::runtime::kubernetes::objects::{annotation, label};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Record;
use crate::runtime::{RuntimeError, Wanted};
use crate::store::FoundRun;
use crate::store::RunRecord;
use crate::text::FormatError;

/// The runs that are wanted, by their records in the cluster. The state of those without a verdict
/// is inferred from their objects.
pub(crate) fn find(session: &Session, wanted: &Wanted) -> Result<Vec<FoundRun>, RuntimeError> {
    let cluster = session.cluster()?;
    let mut selector = format!("{}={}", label::RECORD, label::TRUE);
    match wanted {
        Wanted::Run(run) => selector.extend([",", label::RUN, "=", run]),
        Wanted::Mine => {
            selector.extend([
                ",",
                label::USER,
                "=",
                &crate::runtime::kubernetes::objects::user_label(&session.user()?),
            ]);
        }
        Wanted::All => {}
    }
    let maps: Vec<ConfigMap> = session.block_on(cluster.list(&selector, ""))?;
    let mut runs = Vec::new();
    for map in maps {
        match found(map, &cluster.location) {
            Ok(run) => runs.push(run),
            // Whoever names a run must hear of it; in a list it is left out.
            Err(error @ FormatError::Newer { .. }) if matches!(wanted, Wanted::Run(_)) => {
                let text = format!("the run's record in {}: {error}", cluster.location);
                return Err(RuntimeError::Unsupported(text));
            }
            Err(_) => {}
        }
    }
    let living: Vec<RunId> =
        runs.iter().filter(|run| run.verdict.is_none()).map(|run| run.record.id.clone()).collect();
    let facts = session.list_many(&living)?;
    for run in runs.iter_mut().filter(|run| run.verdict.is_none()) {
        run.state = facts.get(&run.record.id).map_or(RunState::Unknown, state_of);
    }
    Ok(runs)
}

/// A run by its record.
fn found(map: ConfigMap, location: &Location) -> Result<FoundRun, FormatError> {
    let annotations = map.metadata.annotations.clone().unwrap_or_default();
    let record = Record::of(map);
    let user = annotations.get(annotation::USER).cloned();
    let run = record.run()?;
    Ok(FoundRun {
        record: RunRecord {
            runtime: location.to_string(),
            user: user.unwrap_or_else(|| run.user.clone()),
            ..run
        },
        plan: record.plan(),
        spec: record.spec().cloned().unwrap_or_default(),
        state: record.verdict.as_ref().map_or(RunState::Unknown, |verdict| verdict.outcome.into()),
        verdict: record.verdict.clone(),
    })
}

/// The state of a run by its objects alone, without its log.
fn state_of(facts: &RunFacts) -> RunState {
    let ended = |succeeded| {
        facts
            .jobs
            .values()
            .any(|job| job.end.as_ref().is_some_and(|end| end.succeeded == succeeded))
    };
    if ended(false) {
        RunState::Failed
    } else if ended(true) {
        RunState::Succeeded
    } else if facts.pods.values().any(|pod| pod.running && !pod.gone) {
        RunState::Running
    } else if facts.is_known() {
        RunState::Pending
    } else {
        RunState::Unknown
    }
}
