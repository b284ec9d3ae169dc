//! A study begins, or goes on: its document and its code are written down, and a run is submitted whose
//! command is its loop.

use std::collections::BTreeMap;

use super::document::{EarlierTrial, STUDY_VERSION as DOCUMENT_VERSION, StudyDocument};
use super::error::StudyError;
use super::journal::{self, Entry};
use super::make::{job_of, plan_of};
use super::secrets::{Withheld, withheld};
use super::state::StudyState;
use super::suggest::Chooser;
use crate::gang::RunId;
use crate::ops::cost::{Prices, limit_cost};
use crate::plan::{
    ControllerPlan, KILL_BOUND, MetricsPlan, OWN_PROGRAM, Plan, PlanContext, RuntimeDefaults,
    STUDY_VERSION, mask_spec, shown_label,
};
use crate::run::{self, Order, SubmitError, Submitted, Submitter};
use crate::runtime::{Notice, Runs, Runtime, SubmitOptions};
use crate::spec::{
    CollectWith, EnvVar, Framework, Retries, Role, TRAIN_JOB, TUNE_JOB, TrainJob, Trial, TuneJob,
};
use crate::storage::{CodeRules, CodeSurvey, Place, copy_code, locate};
use crate::store::{Reservation, Store, StudyPaths, now, private_dir, remove_tree};
use crate::text::Span;
use crate::work::train::{LoadedJob, TrainError, Travelling, plan, travel};
use crate::work::tune::LoadedStudy;

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

/// How a study begins.
#[derive(Clone, Debug, Default)]
pub struct Beginning {
    /// What the choices of parameters depend on beside the results.
    pub seed: u64,
    /// Trials run on the CPU where their accelerators are missing.
    pub allow_cpu: bool,
    /// Code of any size is taken along.
    pub large_code: bool,
    /// What earlier studies have found, the oldest first.
    pub earlier: Vec<Vec<EarlierTrial>>,
}

/// Where a study's loop and its trials run.
pub struct Places<'a> {
    /// The state folder.
    pub store: &'a Store,
    /// Where the loop runs.
    pub of_loop: &'a dyn Runtime,
    /// Where the trials run.
    pub of_trials: &'a dyn Runs,
    /// What things cost there.
    pub prices: &'a Prices,
    /// How a loop runs in pods; `None`: on this machine.
    pub pods: Option<LoopPods>,
}

/// How a loop runs in pods.
#[derive(Clone, Debug)]
pub struct LoopPods {
    /// mlctl's own image, which the trials' pods take it from too.
    pub runner_image: String,
}

/// The document of a study before it begins, with all values in clear.
fn document(
    study: &LoadedStudy,
    id: &RunId,
    places: &Places<'_>,
    with: &Beginning,
) -> StudyDocument {
    let LoadedJob { job, from_env, base, foreign, storage, .. } = &study.trial;
    let has_limit = study.job.max_cost.is_some() || job.max_cost.is_some();
    let prices = match places.prices {
        Prices::File(file) if has_limit => Some(file.clone()),
        _ => None,
    };
    StudyDocument {
        schema_version: DOCUMENT_VERSION,
        study: id.clone(),
        created: now(),
        spec: TuneJob { trial: Trial::Job(Box::new(job.clone())), ..study.job.clone() },
        base: base.clone(),
        code: job.code.clone(),
        foreign: *foreign,
        from_env: from_env.clone(),
        storage: storage.clone(),
        owner: None,
        runtime: places.of_trials.name(),
        prices,
        seed: with.seed,
        allow_cpu: with.allow_cpu,
        secrets: Vec::new(),
        earlier: with.earlier.clone(),
    }
}

/// The plan of a study's first trial, what a person should know of it, and the code in numbers. The
/// error has every reason for which it can't run.
pub fn rehearse(
    study: &LoadedStudy,
    id: &RunId,
    places: &Places<'_>,
    with: &Beginning,
    options: &SubmitOptions,
) -> Result<(Plan, Vec<Notice>, Option<CodeSurvey>), StudyError> {
    let document = document(study, id, places, with);
    let Travelling { mut notices, code } = travel(&study.trial, options.large_code)?;
    let chooser = Chooser::new(&document)?;
    let chosen = chooser.choose(&StudyState::default(), 1)?;
    let params = chosen.params.first().map(|(params, _)| params.clone()).unwrap_or_default();
    let job = job_of(&document, 1, &chooser.values(&params)?)?;
    let plan = plan_of(&document, 1, &job, id, places.of_trials, places.prices)?;
    if let Some(most) = study.job.max_cost {
        // The loop adds up what its trials cost, which takes the same prices as a limit of one.
        limit_cost(&mut plan.clone(), most, places.prices).map_err(TrainError::from)?;
    }
    let options = SubmitOptions { kind: TRAIN_JOB, foreign: job.foreign, ..options.clone() };
    notices.extend(places.of_trials.check(&plan, &options)?);
    Ok((plan, notices, code))
}

/// Begins a study: once this returns it goes on by itself.
pub fn begin(
    study: &LoadedStudy,
    places: &Places<'_>,
    with: &Beginning,
    submitter: &Submitter<'_>,
    notify: &mut dyn FnMut(Notice),
) -> Result<Submitted, StudyError> {
    let reservation = places.store.reserve(&study.job.name)?;
    let id = reservation.run().clone();
    let options = SubmitOptions {
        allow_cpu: with.allow_cpu,
        large_code: with.large_code,
        ..SubmitOptions::default()
    };
    let (_, notices, _) = rehearse(study, &id, places, with, &options)?;
    notices.into_iter().for_each(&mut *notify);
    let paths = places.store.study(&id);
    let begun = write_down(study, &id, places, with, &paths).and_then(|(document, values)| {
        start(&document, values, reservation, places, submitter, notify)
    });
    if begun.is_err() {
        // Nothing was started; what can't be removed is in nobody's way.
        let _ = remove_tree(&paths.dir);
    }
    begun
}

fn write_down(
    study: &LoadedStudy,
    id: &RunId,
    places: &Places<'_>,
    with: &Beginning,
    paths: &StudyPaths,
) -> Result<(StudyDocument, BTreeMap<String, String>), StudyError> {
    let mut document = document(study, id, places, with);
    let Withheld { mut job, places: secrets, values } = withheld(&study.trial)?;
    document.secrets = secrets;
    for (name, value) in &mut document.spec.labels {
        *value = shown_label(name, value);
    }
    private_dir(&paths.dir)?;
    if let Some(code) = code_of(&study.trial)? {
        // A study may take days: what is changed in the folder meanwhile changes no trial.
        private_dir(&paths.code())?;
        copy_code(&code, &paths.code(), &study.trial.code_rules(), mask_spec)?;
        job.code = None;
    }
    document.owner = places.of_trials.who()?;
    document.spec.trial = Trial::Job(Box::new(job));
    document.write(paths)?;
    Ok((document, values))
}

/// The folder or file with the trials' code, where it is one of this machine.
fn code_of(trial: &LoadedJob) -> Result<Option<std::path::PathBuf>, StudyError> {
    let Some(code @ Place::Path(_)) = &trial.job.code else { return Ok(None) };
    Ok(locate(&trial.base, code)?.map(|located| located.real))
}

/// Goes on with a study whose loop is gone, by a run of its own. `values` are its secret values by the
/// variables that bring them.
pub fn go_on(
    document: &StudyDocument,
    values: BTreeMap<String, String>,
    places: &Places<'_>,
    submitter: &Submitter<'_>,
    notify: &mut dyn FnMut(Notice),
) -> Result<Submitted, StudyError> {
    let reservation = places.store.reserve(&document.spec.name)?;
    start(document, values, reservation, places, submitter, notify)
}

/// Submits the run whose command is the loop.
fn start(
    document: &StudyDocument,
    values: BTreeMap<String, String>,
    reservation: Reservation,
    places: &Places<'_>,
    submitter: &Submitter<'_>,
    notify: &mut dyn FnMut(Notice),
) -> Result<Submitted, StudyError> {
    let given = values.values().cloned().collect();
    let mut plan = loop_plan(document, values, reservation.run(), places)?;
    let options = SubmitOptions { kind: TUNE_JOB, ..SubmitOptions::default() };
    places.of_loop.check(&plan, &options)?.into_iter().for_each(&mut *notify);
    let secrets = plan.take_secrets(&given);
    let text =
        document.spec.to_yaml().map_err(|error| TrainError::Unwritable(error.to_string()))?;
    let order = Order {
        kind: TUNE_JOB,
        plan,
        secrets,
        code: None,
        base: &document.base,
        source: &text,
        resolved: &text,
    };
    let store = places.store;
    let submitted =
        run::submit(store, places.of_loop, reservation, order, submitter, &options, notify);
    let submitted = submitted.map_err(|error| match error {
        SubmitError::Store(error) => StudyError::from(error),
        SubmitError::Runtime(error) => error.into(),
    })?;
    // Whoever looks from here on finds the run, before it has come to say so itself.
    let session = Entry::Session { run: submitted.paths.run.clone() };
    journal::append(places.of_loop, &store.study(&document.study), now(), &[session])?;
    Ok(submitted)
}

/// The image of a trial, or of the first of its roles that has one.
fn image_of(trial: &TrainJob) -> Option<String> {
    let of_roles = || trial.roles.values().find_map(|role| role.image.clone());
    trial.image.clone().or_else(of_roles)
}

/// The plan of the run whose command is the loop of a study.
fn loop_plan(
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
    plan.gang_mut().controller = Some(ControllerPlan { study: document.study.clone() });
    Ok(plan)
}
