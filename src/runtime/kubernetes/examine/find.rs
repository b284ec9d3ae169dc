//! Runs as the cluster knows them, for machines that don't.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;

use crate::event::RunState;
use crate::gang::RunId;
use crate::plan::ClusterLayout;
use crate::runtime::kubernetes::client::Location;
use crate::runtime::kubernetes::endpoints;
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
    let own = session.own_labels()?;
    let mut selector = format!("{}={}", label::RECORD, label::TRUE);
    match wanted {
        Wanted::Run(run) => selector.extend([",", label::RUN, "=", run]),
        Wanted::Study(study) => {
            selector.extend([",", label::STUDY, "=", study, ",", label::TRIAL]);
        }
        Wanted::Mine => {
            selector.extend([",", label::USER, " in (", &own.join(","), ")"]);
        }
        Wanted::All => {}
    }
    let maps: Vec<ConfigMap> = session.block_on(cluster.list(&selector, ""))?;
    let mut found = FoundRuns::default();
    for map in maps {
        let name = map.metadata.name.clone().unwrap_or_default();
        match genuine(map, &cluster.location, &own) {
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
    let is_endpoint =
        |run: &FoundRun| run.plan.as_ref().is_some_and(|plan| plan.service().is_some());
    let serving = found.runs.iter().filter(|run| run.verdict.is_none() && is_endpoint(run));
    let serving: Vec<RunId> = serving.map(|run| run.record.id.clone()).collect();
    let states = endpoints::states(session, &serving)?;
    for run in found.runs.iter_mut().filter(|run| run.verdict.is_none()) {
        if is_endpoint(run) {
            run.state = states.get(&run.record.id).copied().unwrap_or(RunState::Unknown);
            continue;
        }
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
/// cluster says, whatever stands in it. `own` are the labels of this user.
fn genuine(map: ConfigMap, location: &Location, own: &[String]) -> Result<FoundRun, FormatError> {
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
    let owner = user_label(&user);
    if !is_labelled(label::USER, &owner) {
        return contradiction("its label names another user than its annotation".into());
    }
    let foreign = !own.contains(&owner);
    let plan = match record.plan() {
        Err(FormatError::Damaged(why)) => return contradiction(format!("its plan: {why}")),
        Err(FormatError::Newer { .. }) => None,
        Ok(plan) if plan.head.run != run.id => {
            return contradiction(format!("its plan is of the run {}", plan.head.run));
        }
        Ok(plan)
            if plan.head.name != run.name
                || plan.head.trial != run.trial
                || plan.head.serves != run.serves =>
        {
            return contradiction("its plan names another job, trial or replica".into());
        }
        // Trials are gangs: a clean-up of the study would reach a batch prediction's output.
        Ok(plan) if plan.head.trial.is_some() && plan.batch().is_some() => {
            return contradiction("its plan is a trial that predicts a batch".into());
        }
        Ok(plan) => Some(plan),
    };
    let created = record.created.unwrap_or(run.created);
    Ok(FoundRun {
        record: RunRecord { runtime: location.to_string(), user, created, foreign, ..run },
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
    let running = || facts.pods.values().filter(|pod| pod.running && !pod.gone);
    if ended(false) {
        RunState::Failed
    } else if ended(true) {
        RunState::Succeeded
    } else if running().any(|pod| !pod.node_lost) {
        RunState::Running
    } else if running().next().is_some() {
        // Their nodes are silent.
        RunState::Unknown
    } else if facts.is_known() {
        RunState::Pending
    } else {
        RunState::Unknown
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::store::{Store, fixture};

    /// The record of a run, with what `change` makes of its plan and record.
    fn found(change: &dyn Fn(&mut Json, &mut Json)) -> Result<FoundRun, FormatError> {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path().join("state")).unwrap();
        let created = fixture::create(&store, "digits", 1);
        let read = |path| serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
        let (mut plan, mut run): (Json, Json) =
            (read(created.paths.plan()), read(created.paths.record()));
        run["kind"] = json!("BatchPredictJob");
        change(&mut plan, &mut run);
        let map = json!({
            "metadata": {
                "name": run["id"],
                "annotations": {annotation::USER: "ada"},
                "labels": {
                    label::RUN: run["id"], label::NAME: run["name"], label::KIND: run["kind"],
                    label::USER: user_label("ada"),
                },
            },
            "data": {"plan.json": plan.to_string(), "run.json": run.to_string()},
        });
        let location = Location { context: "prod".into(), namespace: "ml".into() };
        genuine(serde_json::from_value(map).unwrap(), &location, &[user_label("bob")])
    }

    #[test]
    fn whose_a_run_is_says_its_label_and_no_record() {
        let found = found(&|_, run| run["foreign"] = json!(false)).unwrap();
        assert!(found.record.foreign && found.record.user == "ada");
    }

    #[test]
    fn a_batch_prediction_is_no_trial() {
        let batch = json!({
            "output": "s3://b/out", "job": "f00d", "maxBatchSize": 64, "maxBatchBytes": 1000,
            "maxLineBytes": 1000, "requestTimeout": {"secs": 1, "nanos": 0},
            "server": {
                "protocol": "tensorflowRest", "modelName": "m", "restarts": 0,
                "startTimeout": {"secs": 1, "nanos": 0},
            },
        });
        let as_batch = |plan: &mut Json, _: &mut Json| {
            plan["schemaVersion"] = json!(4);
            plan["batch"] = batch.clone();
        };
        let as_trial = |plan: &mut Json, run: &mut Json| {
            plan["schemaVersion"] = json!(4);
            for document in [plan, run] {
                document["trial"] = json!({"study": "digits-000000", "trial": 1});
            }
        };
        assert!(found(&as_batch).unwrap().plan.unwrap().batch().is_some());
        assert!(found(&as_trial).unwrap().plan.unwrap().head.trial.is_some());
        let forged = found(&|plan, run| {
            as_batch(plan, run);
            as_trial(plan, run);
        });
        let error = forged.unwrap_err().to_string();
        assert!(error.contains("a trial that predicts a batch"), "{error}");
    }
}
