//! `mlctl train`: submit a training run and follow it.

use indexmap::IndexMap;

use super::dry_run::dry_run;
use super::ended::RunDocument;
use super::globals::only_on_machines;
use super::models::{check_push, push_after};
use super::selection::label;
use super::watch::{Followed, Watch, watch};
use crate::cli::{CliError, Context, Format, Interrupts, OnInterrupt, SpecArgs, exit, exit_code};
use crate::event::RunState;
use crate::gang::RunId;
use crate::ops::cost::Prices;
use crate::plan::Plan;
use crate::run::{Patience, Submitted, Submitter, explain, outputs};
use crate::runtime::{LOCAL, Notice, Runtime, SubmitOptions};
use crate::spec::TRAIN_JOB;
use crate::storage::ClaimMode;
use crate::store::Store;
use crate::text::Span;
use crate::ui::{BOLD, Printer, Text, summary_text};
use crate::work::train::{LoadedJob, plan_in, submit};

/// Arguments of `train`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl train                            run ./mlctl.yaml and follow it
  mlctl train examples/digits            run mlctl.yaml of that folder
  mlctl train train.py -- --epochs 5     run a script, no spec needed
  mlctl train --set args.epochs=9 --set roles.worker.replicas=4
  mlctl train --detach && mlctl wait     submit now, wait later
  mlctl train --dry-run -o yaml          the plan in full, nothing runs
  mlctl train --wait=2h                  wait for GPUs that other runs hold
  mlctl train --push digits              and register the model as the next digits
  gsutil cat gs://b/job.yaml | mlctl train -

A run that waits for GPUs (--wait, or `queue` in the spec) is this process: with
--detach too it returns once the run has started, and Ctrl-C, a closed terminal
or `mlctl cancel` end it. In a cluster the scheduler queues, without --wait.

Whoever follows a run to its end pushes its model (--push, or `push` in the spec),
once. Where nobody does, `mlctl wait RUN` or `mlctl models push RUN NAME` does it.

What the commands print goes to standard output where that or standard error is no
terminal: `mlctl train | tee log`, of several replicas with their names before it, and
without what is said beside it (events, the summary), which goes to standard error and
is left out by -q unless it says what went wrong. With -o json the document that ends
it is alone on standard output.

Ctrl-C detaches (the run goes on), twice cancels; without a terminal, or with
CI=true, SIGINT and SIGTERM cancel.

Exit codes: 0 succeeded, 3 spec, 5 refused,
10 failed, 11 infrastructure, 12 cancelled, 13 timed out, 14 could not start,
130 detached.")]
pub struct TrainArgs {
    /// The spec
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Submit and return; prints the run's id
    #[arg(short, long, conflicts_with = "events")]
    pub detach: bool,
    /// Show what would run
    #[arg(long)]
    pub dry_run: bool,
    /// Stream events as JSON Lines on stdout
    #[arg(long, conflicts_with = "output")]
    pub events: bool,
    /// Add a label to the run
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = label)]
    pub label: Vec<(String, String)>,
    /// Run a role on the CPU where it can't have all its accelerators
    #[arg(long)]
    pub allow_cpu: bool,
    /// Wait for GPUs that other runs hold, in order of submission, at most so long
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true)]
    pub wait: Option<Option<Span>>,
    /// Put more replicas on a GPU than it is for, to rehearse a large gang
    #[arg(long, conflicts_with = "allow_cpu")]
    pub share_gpus: bool,
    /// Take along more code than 1 GiB or 20000 files
    #[arg(long)]
    pub allow_large_code: bool,
    /// Push the model under this name in the registry once the run has succeeded
    #[arg(long, value_name = "NAME")]
    pub push: Option<String>,
    /// Start anew in an output that another run has filled: its model, checkpoints and logs are removed
    #[arg(long, conflicts_with = "resume")]
    pub overwrite: bool,
    /// Go on from the checkpoints of the run that has filled the output
    #[arg(long)]
    pub resume: bool,
    /// What Ctrl-C does to the run [default: detach at a terminal, cancel elsewhere]
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "detach")]
    pub on_interrupt: Option<OnInterrupt>,
    /// Arguments of the script
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,
}

/// Submits every job of the file, then follows them together.
pub fn train(context: &Context, args: &TrainArgs) -> Result<u8, CliError> {
    let mut jobs = context.jobs(&args.spec, &args.args)?;
    for job in &mut jobs {
        add_labels(&mut job.job.labels, &args.label);
        if let Some(name) = &args.push {
            let given = job.job.push.as_ref().map(|push| push.named(name));
            job.job.push = Some(given.unwrap_or_else(|| name.as_str().into()));
        }
        if job.code_beside && job.job.code.is_none() && !context.runs_in_a_cluster() {
            // In other systems the code is a part of the image, and so it is in a cluster. On this machine
            // there is no image, and the code can only lie beside the spec's file.
            job.job.code = Some(".".into());
        }
    }
    let runtime = context.chosen()?;
    only_on_machines(
        &runtime.name(),
        &[
            ("--wait", args.wait.is_some()),
            ("--allow-cpu", args.allow_cpu),
            ("--share-gpus", args.share_gpus),
        ],
    )?;
    for job in &jobs {
        check_push(&job.job, &runtime.name())?;
    }
    let has_queue = jobs.iter().any(|job| job.job.queue.is_some());
    let options = SubmitOptions {
        kind: TRAIN_JOB,
        owner: None,
        allow_cpu: args.allow_cpu,
        claim: match (args.resume, args.overwrite) {
            (true, _) => ClaimMode::Resume,
            (_, true) => ClaimMode::Overwrite,
            _ => ClaimMode::New,
        },
        share_gpus: args.share_gpus,
        queue: runtime.name() == LOCAL && (args.wait.is_some() || has_queue),
        large_code: args.allow_large_code,
        foreign: jobs.iter().any(|job| job.foreign),
        rehearse: args.dry_run,
    };
    if args.dry_run {
        return dry_run(context, &*runtime, &jobs, &options);
    }
    let store = context.store()?;
    context.print_notices(&store);
    let interrupts = Interrupts::listen()?;
    let mut runs = Vec::new();
    for job in jobs {
        let patience = patience(context, &interrupts, args.wait.flatten());
        runs.push(submit_job(context, &store, &*runtime, &job, &options, patience)?);
    }
    if args.detach {
        let code = detached(context, runs.iter().map(|run| run.paths.run.clone()).collect());
        for run in &runs {
            hint_at_push(&context.printer, run);
        }
        return code;
    }
    let watched = |run| Watch {
        store: &store,
        runtime: &*runtime,
        run,
        events: args.events,
        on_interrupt: args.on_interrupt,
        interrupts: &interrupts,
        goal: None,
        is_talk: false,
    };
    let all: Vec<Watch<'_>> = runs.iter().map(watched).collect();
    watch(context, &all, &mut |place, end| told(context, &*runtime, &runs[place], end, args))
}

/// What ends the wait of a run whose turn has not come: until then this process is all that there is of it,
/// so that Ctrl-C, a signal and a closed terminal end the run.
pub(super) fn patience<'a>(
    context: &'a Context,
    interrupts: &'a Interrupts,
    limit: Option<Span>,
) -> Patience<'a> {
    let interrupted = || match (interrupts.count(), interrupts.hung_up()) {
        (0, false) => None,
        (0, true) => Some("the closing of its terminal".to_owned()),
        _ => Some(context.user()),
    };
    Patience { limit: limit.map(|limit| limit.0), interrupted: Box::new(interrupted) }
}

/// Puts the labels of the command line beside those of a spec.
pub(super) fn add_labels(all: &mut IndexMap<String, String>, labels: &[(String, String)]) {
    all.extend(labels.iter().cloned());
}

/// The plan of a job in a runtime; a limit of cost that can't end anything is told.
pub(super) fn plan_of(
    context: &Context,
    job: &LoadedJob,
    run: &RunId,
    runtime: &dyn Runtime,
) -> Result<Plan, CliError> {
    plan_in(job, run, runtime, || prices_for_limit(context, runtime))
}

/// What a `maxCost` is measured by. A broken price file is no trouble of jobs that have none.
pub(super) fn prices_for_limit(
    context: &Context,
    runtime: &dyn Runtime,
) -> Result<Prices, CliError> {
    let prices = context.prices(&runtime.name())?;
    if prices == Prices::Free {
        context.printer.warn("`maxCost` ends nothing here: runs on this machine cost nothing");
    }
    Ok(prices)
}

pub(super) fn submit_job(
    context: &Context,
    store: &Store,
    runtime: &dyn Runtime,
    job: &LoadedJob,
    options: &SubmitOptions,
    patience: Patience<'_>,
) -> Result<Submitted, CliError> {
    let submitted = submit(
        store,
        runtime,
        job,
        &Submitter { patience: Some(patience), ..context.submitter() },
        options,
        || prices_for_limit(context, runtime),
        &mut |Notice(notice)| context.printer.warn(notice),
    )?;
    let run = Text::styled(BOLD, &submitted.paths.run);
    context.printer.say(run.then(format!(" submitted to {}", runtime.name())));
    Ok(submitted)
}

pub(super) fn say_notices(context: &Context, notices: Vec<Notice>) {
    for Notice(notice) in notices {
        context.printer.warn(notice);
    }
}

/// Prints the runs that were submitted and are not followed.
pub(super) fn detached(context: &Context, runs: Vec<RunId>) -> Result<u8, CliError> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Document {
        schema_version: u32,
        /// The run, where it is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
        runs: Vec<RunId>,
    }
    let text = Text::lines(runs.iter().map(RunId::as_str));
    let first = runs.first().cloned();
    let run = first.clone().filter(|_| runs.len() == 1);
    context.emit(&Document { schema_version: 1, run, runs }, || text)?;
    if let Some(first) = first {
        context.printer.hint(format!("follow it with: mlctl logs -f {first}"));
    }
    Ok(exit::OK)
}

/// Says who pushes the model of a run that nobody follows any more.
pub(super) fn hint_at_push(printer: &Printer, run: &Submitted) {
    if let Some(push) = &run.plan.head.push {
        let (run, name) = (&run.paths.run, &push.name);
        printer.hint(format!(
            "its model is pushed as {name} by whoever follows it to its end: mlctl wait {run}; or \
             afterwards by: mlctl models push {run} {name}"
        ));
    }
}

/// How a run that was followed has ended, or that it goes on: said, and as an exit code.
fn told(
    context: &Context,
    runtime: &dyn Runtime,
    run: &Submitted,
    end: &Followed,
    args: &TrainArgs,
) -> Result<u8, CliError> {
    let view = &end.view;
    let code = if end.goes_on {
        exit::DETACHED
    } else {
        view.verdict.as_ref().map_or(exit::OK, exit_code)
    };
    let report = explain(view, &run.paths, Some(&run.plan), Some(runtime));
    let succeeded = view.state == RunState::Succeeded;
    if !args.events && !end.goes_on {
        // With `--events` the last event is the summary.
        let places = outputs(Some(&run.plan), &run.paths);
        let why = (!succeeded).then_some(&report);
        context.printer.outcome(succeeded, summary_text(view, &places, why));
    }
    let mut document = RunDocument::of(view, Some(&run.plan), &run.paths, code);
    document.why = (!succeeded && !end.goes_on).then_some(&report);
    if !end.goes_on {
        let pushed = push_after(context, &run.paths.run);
        document.pushed = pushed.as_ref().ok().cloned().flatten();
        // What the run has come to is known though its model was not pushed.
        context.emit(&document.beside(Some(&report))?, Text::default)?;
        pushed?;
    } else if context.format != Format::Table {
        document.emit(context)?;
    }
    Ok(code)
}
