//! `mlctl tune FILE`: begin studies, and follow them.

use super::args::StartArgs;
use super::dry_run::dry_run;
use super::follow::{Followed, follow_study};
use crate::cli::verbs::globals::only_on_machines;
use crate::cli::verbs::train::{add_labels, detached, prices_for_limit};
use crate::cli::{CliError, Context, ErrorKind, Interrupts, LOCAL, Purpose, SpecArgs, exit};
use crate::plan::Plan;
use crate::run::Submitted;
use crate::runtime::{Notice, Runtime};
use crate::spec::TUNE_JOB;
use crate::store::Store;
use crate::ui::{BOLD, Text};
use crate::work::tune::{
    Beginning, EarlierTrial, LoadedStudy, LoopPods, Places, StudyDocument, TrialState, begin,
};

/// Begins every study of the file, then follows them one after the other.
pub(super) fn start(context: &Context, spec: &SpecArgs, args: &StartArgs) -> Result<u8, CliError> {
    let mut studies = context.studies(Purpose::RunOf(TUNE_JOB), spec)?;
    for study in &mut studies {
        prepare(context, study, args);
    }
    let runtime = context.chosen()?;
    only_on_machines(&runtime.name(), &[("--allow-cpu", args.allow_cpu)])?;
    let store = context.store()?;
    context.print_notices(&store);
    if args.dry_run {
        return dry_run(context, &*runtime, &store, &studies, args);
    }
    let interrupts = Interrupts::listen()?;
    let mut runs = Vec::new();
    for study in studies {
        runs.push(begin_one(context, &store, &*runtime, &study, args)?);
    }
    if args.detach {
        return detached(context, runs.into_iter().map(|run| run.paths.run).collect());
    }
    let mut code = exit::OK;
    for run in &runs {
        let document = document_of_run(&store, &run.plan)?;
        let followed = Followed {
            store: &store,
            run,
            document: &document,
            on_interrupt: args.on_interrupt,
            interrupts: &interrupts,
        };
        let Some(end) = follow_study(context, &followed)? else { return Ok(exit::DETACHED) };
        code = code.max(end);
    }
    Ok(code)
}

/// Puts what the command line says into the study.
fn prepare(context: &Context, study: &mut LoadedStudy, args: &StartArgs) {
    let job = &mut study.job;
    job.max_trials = args.max_trials.or(job.max_trials);
    job.parallel_trials = args.parallel_trials.or(job.parallel_trials);
    add_labels(&mut job.labels, &args.label);
    if study.trial.foreign {
        if job.max_trials.is_none() {
            context.printer.warn(format!(
                "{} says nothing of how many trials it has: {} are made; --max-trials N says it",
                job.name,
                crate::spec::DEFAULT_TRIALS
            ));
        }
        if study.trial.job.code.is_none() && !context.runs_in_a_cluster() {
            // In other systems the code is a part of the image, and so it is in a cluster. On this machine
            // there is no image, and the code can only lie beside the file.
            study.trial.job.code = Some(".".into());
        }
    }
}

/// How a study begins, with what the studies that it names have found.
pub(super) fn beginning(
    context: &Context,
    study: &LoadedStudy,
    args: &StartArgs,
) -> Result<Beginning, CliError> {
    let seed = match study.job.seed {
        Some(seed) => u64::from(seed),
        // Not larger than what a spec can name.
        None => u64::from(fastrand::Rng::new().u32(..)),
    };
    let earlier = study.job.warm_start.iter().map(|name| earlier(context, study, name));
    let earlier = earlier.collect::<Result<Vec<_>, CliError>>()?;
    Ok(Beginning { seed, allow_cpu: args.allow_cpu, large_code: args.allow_large_code, earlier })
}

/// How the loop of a study runs in pods of a cluster; `None` on this machine.
pub(super) fn loop_pods(
    context: &Context,
    runtime: &dyn Runtime,
) -> Result<Option<LoopPods>, CliError> {
    if runtime.name() == LOCAL {
        return Ok(None);
    }
    let runner_image = context.manifest_settings(None)?.runner_image;
    Ok(Some(LoopPods { runner_image }))
}

/// What an earlier study has found, in the metrics of this one.
fn earlier(
    context: &Context,
    study: &LoadedStudy,
    name: &str,
) -> Result<Vec<EarlierTrial>, CliError> {
    let found = context
        .study(Some(name))
        .map_err(|error| CliError { message: format!("warmStart: {}", error.message), ..error })?;
    let names: Vec<&str> = study.job.metrics.iter().map(|metric| metric.name.as_str()).collect();
    let known = |name: &&str| found.document.spec.metrics.iter().any(|m| m.name == *name);
    if let Some(missing) = names.iter().find(|name| !known(name)) {
        let message = format!("warmStart: {name} has no metric `{missing}`");
        return Err(CliError::new(ErrorKind::Spec, message)
            .hint("a study learns from others with the same metrics"));
    }
    let trials = found.state.trials.iter().filter_map(|trial| {
        let end = trial.end.as_ref()?;
        let values = match end.state {
            TrialState::Succeeded | TrialState::Stopped => Some(
                names.iter().map(|name| end.values.get(*name).copied()).collect::<Option<_>>()?,
            ),
            TrialState::Failed | TrialState::Infeasible => None,
            _ => return None,
        };
        Some(EarlierTrial { params: trial.params.clone(), values })
    });
    Ok(trials.collect())
}

fn begin_one(
    context: &Context,
    store: &Store,
    runtime: &dyn Runtime,
    study: &LoadedStudy,
    args: &StartArgs,
) -> Result<Submitted, CliError> {
    let pods = if args.detach { loop_pods(context, runtime)? } else { None };
    // What nobody follows goes on in the cluster itself, though this machine is shut.
    let local = context.runtime(LOCAL)?;
    let of_loop: &dyn Runtime = if pods.is_some() { runtime } else { &*local };
    let limited = study.job.max_cost.is_some() || study.trial.job.max_cost.is_some();
    let prices = if limited {
        prices_for_limit(context, runtime)?
    } else {
        context.prices_or_warn(&runtime.name())
    };
    let places = Places { store, of_loop, of_trials: runtime, prices: &prices, pods };
    let with = beginning(context, study, args)?;
    let submitted = begin(study, &places, &with, &context.submitter(), &mut |Notice(notice)| {
        context.printer.warn(notice);
    })?;
    let run = Text::styled(BOLD, &submitted.paths.run);
    let place = if of_loop.name() == LOCAL { "this machine" } else { "the cluster" };
    let name = runtime.name();
    context.printer.say(run.then(format!(" begun on {place}; its trials run on {name}")));
    Ok(submitted)
}

/// The study of a run that was just submitted.
fn document_of_run(store: &Store, plan: &Plan) -> Result<StudyDocument, CliError> {
    let study =
        plan.study().ok_or_else(|| CliError::new(ErrorKind::Internal, "the run is no study's"))?;
    Ok(StudyDocument::read(&store.study(study))?)
}
