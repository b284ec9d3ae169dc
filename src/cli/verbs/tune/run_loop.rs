//! The hidden verb that is the loop of a study: it decides over its trials until the study is over.

use std::rc::Rc;

use crate::agent::CANCELLED;
use crate::agent::stream::METRIC_FILE;
use crate::cli::interrupt::Interrupts;
use crate::cli::{CliError, Context, Env, ErrorKind, exit};
use crate::gang::RunId;
use crate::hardware::gpus::Machine;
use crate::ops::cost::Prices;
use crate::runtime::{GpuView, LOCAL, Runtime};
use crate::spec::TuneJob;
use crate::store::{Store, StudyPaths, private_dir};
use crate::sys;
use crate::ui::{Text, trial_line};
use crate::work::tune::{
    Asked, Chooser, LOOP_VERB, LiveCurves, SECRET_VARIABLE, StudyDocument, StudyError, StudyReport,
    StudyState, Surroundings, Told, control, job_of, room, summary,
};

/// What a shell says of a command that SIGTERM has ended.
const TERMINATED: u8 = 143;
/// Variables that are the loop's own: a trial that inherited them would be taken for it.
const OWN: [&str; 5] = ["MLCTL_RUN", "MLCTL_REPLICA", "MLCTL_ATTEMPT", "MLCTL_STUDY", METRIC_FILE];

/// What the loop's own variables say, which are taken out of the environment.
#[derive(Debug)]
pub struct LoopVariables {
    run: String,
    study: String,
    secrets: std::collections::BTreeMap<String, String>,
}

impl LoopVariables {
    /// Takes them out of an environment, which is then as it was for whoever began the study.
    pub fn take(env: &mut Env) -> Result<Self, CliError> {
        let mut own: Vec<Option<String>> = OWN.iter().map(|name| env.vars.remove(*name)).collect();
        let names: Vec<String> =
            env.vars.keys().filter(|name| name.starts_with(SECRET_VARIABLE)).cloned().collect();
        let secrets = names.into_iter().filter_map(|name| env.vars.remove_entry(&name)).collect();
        match (own[0].take(), own[3].take()) {
            (Some(run), Some(study)) => Ok(Self { run, study, secrets }),
            _ => Err(CliError::new(
                ErrorKind::Usage,
                format!("`{LOOP_VERB}` is run by mlctl itself"),
            )
            .hint("use `mlctl tune`")),
        }
    }
}

/// Decides over a study until it is over. The exit code is 0 where it has a result.
pub fn tune_loop(context: &mut Context, variables: &LoopVariables) -> Result<u8, CliError> {
    let wrong = |error: &dyn std::fmt::Display| CliError::new(ErrorKind::Usage, error.to_string());
    let session: RunId = variables.run.parse().map_err(|error| wrong(&error))?;
    let study: RunId = variables.study.parse().map_err(|error| wrong(&error))?;
    let store = context.store()?;
    let mark = context.env.cwd.parent().map(|folder| folder.join(CANCELLED));
    let is_cancelled = || mark.as_ref().is_some_and(|mark| mark.exists());
    let here = Here::of(context, &store, &session, &study)?;
    let Here { paths, mut document, runtime, notes, is_pod } = here;
    let prices = match document.prices.clone().filter(|_| is_pod) {
        Some(file) => Prices::File(file),
        None => context.prices(&document.runtime)?,
    };
    let shown = is_pod.then(|| document.clone());
    document.reveal(&paths, &variables.secrets)?;
    let interrupts = Interrupts::listen()?;
    let mut room = room_for(&document, &*runtime)?;
    if let Some(path) = shared_by_trials(&document.spec, runtime.name() == LOCAL)
        && document.spec.parallel() > 1
    {
        // Here it is the same for all trials; in a cluster it is each pod's own.
        context.printer.line(format!("trials run one at a time, since all report in {path}"));
        room = Some(1);
    }
    if let Some(room) = room.filter(|room| *room < document.spec.parallel()) {
        context.printer.line(format!("this machine has room for {room} trials at once"));
    }
    let git = store.record(&study).ok().and_then(|record| record.git);
    let mut submitter = context.submitter();
    // The code is a copy, and was at the commit that the study's run has recorded.
    submitter.git = Box::new(move |_| git.clone());
    let printer = &context.printer;
    let mut tell = |told: Told<'_>| match told {
        Told::Entry(entry, state) => {
            let report = StudyReport::of(&document, state, &LiveCurves::default());
            if let Some(line) = trial_line(entry, &report) {
                // A log that nobody takes any more must not end the study.
                let _ = printer.show(line);
            }
        }
        Told::Note(note) => printer.line(note.to_owned()),
    };
    let around = Surroundings {
        store: &store,
        runtime: &*runtime,
        notes: &*notes,
        submitter,
        prices,
        room,
        session,
        tell_document: shown,
        // A signal without the mark is a machine that shuts down: the study goes on when it is resumed.
        asked: &|| match (interrupts.count(), is_cancelled()) {
            (0, _) => Asked::Nothing,
            (_, true) => Asked::Cancel,
            (_, false) => Asked::Leave,
        },
        tell: &mut tell,
    };
    let Some(last) = control(&document, &paths, around)? else { return Ok(TERMINATED) };
    let (succeeded, reason) = last.finished.clone().unwrap_or_default();
    printer.line(Text::from(format!("{reason}: {}", summary(&last, &document))));
    if interrupts.count() > 0 {
        return Ok(TERMINATED);
    }
    Ok(if succeeded { exit::OK } else { exit::RUN_FAILED })
}

/// The place outside of a trial's own folders where all trials of a study report.
fn shared_by_trials(spec: &TuneJob, is_local: bool) -> Option<String> {
    let path = spec.collect.with().path?;
    (is_local && std::path::Path::new(&path).is_absolute()).then_some(path)
}

/// What a loop finds where it runs.
struct Here {
    paths: StudyPaths,
    document: StudyDocument,
    runtime: Rc<dyn Runtime>,
    notes: Rc<dyn Runtime>,
    is_pod: bool,
}

impl Here {
    /// On the machine that began the study its document is in the state. In a pod it is in the working
    /// folder, with the code beside it, and the pod's account speaks for it.
    fn of(
        context: &mut Context,
        store: &Store,
        session: &RunId,
        study: &RunId,
    ) -> Result<Self, CliError> {
        let staged = context.env.cwd.join("study.json");
        if !staged.exists() {
            // What a person's command line and settings name by relative paths starts where they were.
            context.env.cwd = store.record(session)?.cwd;
            let paths = store.study(study);
            let document = StudyDocument::read(&paths)?;
            let runtime = context.runtime(&document.runtime)?;
            let notes = context.runtime(LOCAL)?;
            return Ok(Self { paths, document, runtime, notes, is_pod: false });
        }
        let paths = store.study(study);
        private_dir(&paths.dir)?;
        fs_err::copy(&staged, paths.document())?;
        let code = context.env.cwd.join("code");
        if code.is_dir() && !paths.code().exists() {
            std::os::unix::fs::symlink(code, paths.code())?;
        }
        let document = StudyDocument::read(&paths)?;
        let namespace = document.runtime.rsplit_once('/').map_or("default", |(_, name)| name);
        let runtime = context.runtime(&format!("in-cluster/{namespace}"))?;
        let notes = Rc::clone(&runtime);
        Ok(Self { paths, document, runtime, notes, is_pod: true })
    }
}

/// For how many trials at once this machine has room; a cluster queues what it has no room for.
fn room_for(document: &StudyDocument, runtime: &dyn Runtime) -> Result<Option<u32>, StudyError> {
    if runtime.name() != LOCAL {
        return Ok(None);
    }
    let chooser = Chooser::new(document)?;
    let chosen = chooser.choose(&StudyState::default(), 1)?;
    let params = chosen.params.first().map(|(params, _)| params.clone()).unwrap_or_default();
    let job = job_of(document, 1, &chooser.values(&params)?)?;
    let context = crate::plan::PlanContext {
        run: document.study.clone(),
        runtime_defaults: runtime.defaults(),
        code_base: document.base.clone(),
    };
    let plan = crate::work::train::plan(&job.job, &context)
        .map_err(crate::work::train::TrainError::from)?;
    let wants_gpus = plan.gang().roles.iter().any(|role| role.accelerators.is_some());
    let gpus = match wants_gpus.then(|| runtime.gpus()) {
        Some(Ok(GpuView::Machine { machine, .. })) => usable(&machine),
        _ => 0,
    };
    Ok(room(plan.gang(), sys::cores(), gpus))
}

/// How many devices runs can be given: of a GPU under MIG each slice is one.
fn usable(machine: &Machine) -> usize {
    let shown = machine.gpus.iter().filter(|gpu| !gpu.hidden);
    shown.map(|gpu| if gpu.mig == Some(true) { gpu.slices.len() } else { 1 }).sum()
}
