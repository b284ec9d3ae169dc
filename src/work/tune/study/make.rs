//! What a trial runs: the study's template with the trial's parameters, variables and folders.

use indexmap::IndexMap;

use super::document::StudyDocument;
use super::error::StudyError;
use crate::gang::RunId;
use crate::ops::cost::Prices;
use crate::plan::{MetricsPlan, Plan, STUDY_VERSION, TrialOf};
use crate::runtime::Runs;
use crate::spec::space::{Value, trial_job};
use crate::spec::{CollectWith, EnvVar, TuneJob};
use crate::storage::Place;
use crate::work::train::{LoadedJob, TrainError, plan_in};

/// The variable by which Vertex AI tells a trial its number.
const TRIAL_ID: &str = "CLOUD_ML_TRIAL_ID";

/// The study's job with these parameters in place, as a person would have written it.
pub fn job_with(
    study: &StudyDocument,
    values: &IndexMap<String, Value>,
) -> Result<LoadedJob, StudyError> {
    let spec = &study.spec;
    let mut loaded = study.loaded();
    let mut job = trial_job(&loaded.job, values, spec.pass, spec.discrete_as_floats)?;
    job.name.clone_from(&spec.name);
    for (name, value) in &spec.labels {
        job.labels.entry(name.clone()).or_insert_with(|| value.clone());
    }
    loaded.job = job;
    Ok(loaded)
}

/// The job of a trial with its parameters in place. As on Vertex AI its outputs are in a folder of its
/// number below the output that the study names, and a variable tells the number.
pub fn job_of(
    study: &StudyDocument,
    trial: u32,
    values: &IndexMap<String, Value>,
) -> Result<LoadedJob, StudyError> {
    let mut loaded = job_with(study, values)?;
    let job = &mut loaded.job;
    if let Some(output) = &mut job.output {
        let place = output.place_mut();
        *place = below(&place.of_run(&study.study), trial);
    }
    let own = job.roles.values().flat_map(|role| &role.env).chain(&job.env);
    if own.into_iter().all(|variable| variable.name != TRIAL_ID) {
        let value = Some(trial.to_string());
        job.env.push(EnvVar { name: TRIAL_ID.into(), value, value_from: None });
    }
    Ok(loaded)
}

fn below(output: &Place, trial: u32) -> Place {
    format!("{}/{trial}", output.as_str().trim_end_matches('/')).into()
}

/// The plan of a trial's run.
pub(super) fn plan_of(
    study: &StudyDocument,
    trial: u32,
    job: &LoadedJob,
    run: &RunId,
    runtime: &dyn Runs,
    prices: &Prices,
) -> Result<Plan, TrainError> {
    let mut plan = plan_in(job, run, runtime, || Ok::<_, TrainError>(prices.clone()))?;
    plan.head.schema_version = plan.head.schema_version.max(STUDY_VERSION);
    plan.head.trial = Some(TrialOf { study: study.study.clone(), trial });
    plan.gang_mut().metrics = Some(metrics_of(&study.spec));
    Ok(plan)
}

/// Which metrics of a trial are read, and where.
fn metrics_of(spec: &TuneJob) -> MetricsPlan {
    let collect = spec.collect.with();
    let names = spec.metrics.iter().map(|metric| metric.name.clone());
    MetricsPlan { names: names.collect(), collect }
}

/// The names of all metrics of a trial that are recorded.
pub fn recorded(spec: &TuneJob) -> Vec<String> {
    let CollectWith { also, .. } = spec.collect.with();
    spec.metrics.iter().map(|metric| metric.name.clone()).chain(also).collect()
}
