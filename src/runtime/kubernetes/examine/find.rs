//! Runs as the cluster knows them, for machines that don't.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;

use crate::event::RunState;
use crate::gang::RunId;
use crate::plan::ClusterLayout;
use crate::runtime::kubernetes::client::Location;
use crate::runtime::kubernetes::follow::RunFacts;
use crate::runtime::kubernetes::objects::{annotation, label, user_label};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Record;
use crate::runtime::{FoundRuns, Notice, RuntimeError, Wanted};
use crate::store::FoundRun;
use crate::store::RunRecord;
use crate::text::FormatError;

/// The runs that are wanted, by their records in the cluster. The state of those without a verdict
/// is inferred from their objects. A record that can't be true is told and left out.
pub(crate) fn find(session: &Session, wanted: &Wanted) -> Result<FoundRuns, RuntimeError> {
    let cluster = session.cluster()?;
    let mut selector = format!("{}={}", label::RECORD, label::TRUE);
    match wanted {
        Wanted::Run(run) => selector.extend([",", label::RUN, "=", run]),
        Wanted::Study(study) => {
            selector.extend([",", label::STUDY, "=", study, ",", label::TRIAL]);
        }
        Wanted::Mine => selector.extend([",", label::USER, "=", &user_label(&session.user()?)]),
        Wanted::All => {}
    }
    let maps: Vec<ConfigMap> = session.block_on(cluster.list(&selector, ""))?;
    let mut found = FoundRuns::default();
    for map in maps {
        let name = map.metadata.name.clone().unwrap_or_default();
        match genuine(map, &cluster.location) {
            Ok(run) => found.runs.push(run),
            // Whoever names a run must hear of it; in a list it is left out.
            Err(FormatError::Newer { .. }) if !matches!(wanted, Wanted::Run(_)) => {}
            Err(error) => {
                let text = format!("the record {name} in {}: {error}", cluster.location);
                // Objects of any name may carry the label of the run that is wanted.
                if matches!(wanted, Wanted::Run(run) if *run == *name) {
                    return Err(RuntimeError::Unsupported(text));
                }
                found.damaged.push(Notice(text));
            }
        }
    }
    let unfinished = found.runs.iter().filter(|run| run.verdict.is_none());
    let living: Vec<RunId> = unfinished.map(|run| run.record.id.clone()).collect();
    let mut facts = session.list_many(&living)?;
    for run in found.runs.iter_mut().filter(|run| run.verdict.is_none()) {
        let Some(facts) = facts.remove(&run.record.id) else { continue };
        let facts = match &run.plan {
            Some(plan) => facts.genuine(&ClusterLayout::of(plan), &BTreeMap::new()),
            None => facts,
        };
        run.state = state_of(&facts);
    }
    Ok(found)
}

/// A run by its record, if all that the record says of itself agrees. When it was made is what the
/// cluster says, whatever stands in it.
fn genuine(map: ConfigMap, location: &Location) -> Result<FoundRun, FormatError> {
    let contradiction = |text: String| Err(FormatError::Damaged(text));
    let labels = map.metadata.labels.clone().unwrap_or_default();
    let annotations = map.metadata.annotations.clone().unwrap_or_default();
    let name = map.metadata.name.clone().unwrap_or_default();
    let record = Record::of(map);
    let run = record.run()?;
    let is_labelled = |key: &str, value: &str| labels.get(key).is_some_and(|found| found == value);
    if run.id != *name || !is_labelled(label::RUN, &run.id) {
        return contradiction(format!("it says that it is of the run {}", run.id));
    }
    if !run.id.is_of(&run.name) {
        return contradiction("its name is not its run's".into());
    }
    if !is_labelled(label::NAME, &run.name) || !is_labelled(label::KIND, &run.kind) {
        return contradiction("its labels name another job".into());
    }
    let user = annotations.get(annotation::USER).cloned().unwrap_or_default();
    if !is_labelled(label::USER, &user_label(&user)) {
        return contradiction("its label names another user than its annotation".into());
    }
    let plan = match record.plan() {
        Err(FormatError::Damaged(why)) => return contradiction(format!("its plan: {why}")),
        Err(FormatError::Newer { .. }) => None,
        Ok(plan) if plan.head.run != run.id => {
            return contradiction(format!("its plan is of the run {}", plan.head.run));
        }
        Ok(plan) if plan.head.name != run.name || plan.head.trial != run.trial => {
            return contradiction("its plan names another job or trial".into());
        }
        Ok(plan) => Some(plan),
    };
    let created = record.created.unwrap_or(run.created);
    Ok(FoundRun {
        record: RunRecord { runtime: location.to_string(), user, created, ..run },
        plan,
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
