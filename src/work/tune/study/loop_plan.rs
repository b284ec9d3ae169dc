//! The plan of the run whose command is a study's loop.

use std::collections::BTreeMap;

use super::begin::Places;
use super::document::StudyDocument;
use super::error::StudyError;
use crate::gang::RunId;
use crate::plan::{
    ControllerPlan, KILL_BOUND, MetricsPlan, OWN_PROGRAM, Plan, PlanContext, RuntimeDefaults,
    STUDY_VERSION,
};
use crate::spec::{CollectWith, EnvVar, Framework, Retries, Role, TrainJob};
use crate::storage::CodeRules;
use crate::text::Span;
use crate::work::train::{TrainError, plan};

/// The hidden verb that a study's run executes.
pub const LOOP_VERB: &str = "tune-loop";

/// The role of a loop, by which people see what it is.
const LOOP_ROLE: &str = "study";

/// Time for what a loop has to do itself after it was asked to end, beside what its trials have.
const LOOP_GRACE: std::time::Duration = std::time::Duration::from_secs(15);

/// The account of a loop's pod, which the Role of the same name is bound to.
pub const TUNER: &str = "mlctl-tuner";

/// What a loop's pod asks for: choosing parameters takes a second of a core now and then.
const LOOP_CPU: &str = "500m";
const LOOP_MEMORY: &str = "512Mi";

/// A loop that is killed is started again this often.
const LOOP_RETRIES: u32 = 1000;

/// The image of a trial, or of the first of its roles that has one.
fn image_of(trial: &TrainJob) -> Option<String> {
    let of_roles = || trial.roles.values().find_map(|role| role.image.clone());
    trial.image.clone().or_else(of_roles)
}

/// The plan of the run whose command is the loop of a study.
pub(super) fn loop_plan(
    document: &StudyDocument,
    values: BTreeMap<String, String>,
    run: &RunId,
    places: &Places<'_>,
) -> Result<Plan, StudyError> {
    let variable = |(name, value)| EnvVar { name, value: Some(value), value_from: None };
    let pods = places.pods.as_ref();
    let image = pods.map(|pods| ("MLCTL_RUNNER_IMAGE".to_owned(), pods.runner_image.clone()));
    let grace = document.template().grace.map_or(crate::plan::GRACE, |grace| grace.0);
    let job = TrainJob {
        name: document.spec.name.clone(),
        labels: document.spec.labels.clone(),
        framework: Framework::None,
        command: Some(vec![OWN_PROGRAM.into(), LOOP_VERB.into()]),
        roles: [(LOOP_ROLE.to_owned(), Role { replicas: 1, ..Role::default() })].into(),
        env: values.into_iter().chain(image).map(variable).collect(),
        // mlctl's own image has nothing but the program, at a path of which pods make a folder; the trials'
        // image is on the nodes anyway, and any will do.
        image: pods.and(image_of(&document.template())),
        image_pull_secrets: pods
            .map(|_| document.template().image_pull_secrets)
            .unwrap_or_default(),
        service_account: pods.map(|_| TUNER.into()),
        cpu: pods.and(LOOP_CPU.parse().ok()),
        memory: pods.and(LOOP_MEMORY.parse().ok()),
        // The study's document, and the code of its trials beside it.
        code: pods.map(|_| {
            let folder = places.store.study(&document.study).dir;
            folder.to_string_lossy().into_owned().into()
        }),
        grace: Some(Span(grace + KILL_BOUND + LOOP_GRACE)),
        retries: Retries {
            out_of_memory: LOOP_RETRIES,
            transient_signal: LOOP_RETRIES,
            infrastructure: LOOP_RETRIES,
            preemption: LOOP_RETRIES,
            ..Retries::default()
        },
        ..TrainJob::default()
    };
    let context = PlanContext {
        run: run.clone(),
        // It goes on for as long as its trials do, which have a timeout each.
        runtime_defaults: RuntimeDefaults { timeout: None, ..places.of_loop.defaults() },
        code_base: document.base.clone(),
    };
    let mut plan = plan(&job, &context).map_err(TrainError::from)?;
    plan.head.schema_version = STUDY_VERSION;
    // What is in the study's folder was decided when it began.
    plan.gang_mut().code_rules = CodeRules::fixed();
    // What it prints of trials is none of its own.
    plan.gang_mut().metrics =
        Some(MetricsPlan { names: Vec::new(), collect: CollectWith::default() });
    plan.gang_mut().controller = Some(ControllerPlan::Study(document.study.clone()));
    Ok(plan)
}
