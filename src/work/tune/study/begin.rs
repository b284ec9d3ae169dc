//! A study begins, or goes on: its document and its code are written down, and a run is submitted whose
//! command is its loop.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::document::{
    EarlierTrial, SECRET_VARIABLE, STUDY_VERSION as DOCUMENT_VERSION, StudyDocument,
};
use super::error::StudyError;
use super::journal::{self, Entry};
use super::loop_plan::loop_plan;
use super::make::{job_of, plan_of};
use super::state::StudyState;
use super::suggest::Chooser;
use crate::gang::RunId;
use crate::ops::cost::{Prices, limit_cost};
use crate::plan::{Plan, mask_spec, shown_label};
use crate::run::{self, Order, SubmitError, Submitted, Submitter};
use crate::runtime::{Notice, Runs, Runtime, SubmitOptions};
use crate::spec::{TRAIN_JOB, TUNE_JOB, Trial, TuneJob};
use crate::storage::{CodeSurvey, Place, fix_code, locate};
use crate::store::{Reservation, Store, StudyPaths, now, private_dir, remove_tree};
use crate::work::train::{LoadedJob, TrainError, Travelling, Withheld, travel, withheld};
use crate::work::tune::LoadedStudy;

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
        code_digest: None,
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
    let Withheld { mut job, places: secrets, values } = withheld(&study.trial, SECRET_VARIABLE)?;
    document.secrets = secrets;
    for (name, value) in &mut document.spec.labels {
        *value = shown_label(name, value);
    }
    private_dir(&paths.dir)?;
    if let Some(code) = code_of(&study.trial)? {
        // A study may take days: what is changed in the folder meanwhile changes no trial.
        private_dir(&paths.code())?;
        let copy = paths.code();
        document.code_digest = Some(fix_code(&code, &copy, &study.trial.code_rules(), mask_spec)?);
        // The document is there after a loss of power, and says that this is too.
        flush(&copy)?;
        job.code = None;
    }
    document.owner = places.of_trials.who()?;
    document.spec.trial = Trial::Job(Box::new(job));
    document.write(paths)?;
    Ok((document, values))
}

/// Writes all that the file system of a folder holds back to its disk: of many small files this is quicker
/// than each by itself.
fn flush(dir: &Path) -> io::Result<()> {
    let folder = fs_err::File::open(dir)?;
    rustix::fs::syncfs(folder.file()).map_err(|error| {
        let error = io::Error::from(error);
        let reason = format!(
            "the copy of the code in {} can't be flushed: {error}; see that its disk has room and no \
             errors, then try again",
            dir.display()
        );
        io::Error::new(error.kind(), reason)
    })
}

/// The folder or file with the trials' code, where it is one of this machine.
fn code_of(trial: &LoadedJob) -> Result<Option<PathBuf>, StudyError> {
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
