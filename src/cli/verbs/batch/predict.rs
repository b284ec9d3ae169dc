//! `mlctl batch-predict`: predict every line of files in a store, and follow it.

use super::args::BatchPredictArgs;
use super::plan::dry_run;
use super::report::{complete, ended};
use super::retry::retry_failed;
use super::survey::{Surveyed, find_model, load, look};
use crate::cli::verbs::globals::only_on_machines;
use crate::cli::verbs::train::{add_labels, detached, patience, prices_for_limit};
use crate::cli::verbs::watch::{Watch, watch};
use crate::cli::{CliError, Context, Interrupts, exit};
use crate::run::{Patience, Submitted, Submitter};
use crate::runtime::{LOCAL, Notice, Runtime, SubmitOptions};
use crate::spec::BATCH_PREDICT_JOB;
use crate::store::Store;
use crate::ui::{BOLD, BatchGoal, Text};
use crate::work::batch::{Progress, check_places, claim, submit};
use crate::work::model_server::one_at_a_time;

/// Submits every job of the file, then follows them together.
pub fn run(context: &Context, args: &BatchPredictArgs) -> Result<u8, CliError> {
    let mut batches = load(context, args)?;
    let runtime = context.chosen()?;
    only_on_machines(
        &runtime.name(),
        &[("--wait", args.wait.is_some()), ("--allow-cpu", args.allow_cpu)],
    )?;
    let mut jobs = Vec::new();
    for batch in &mut batches {
        add_labels(&mut batch.job.labels, &args.label);
        add_labels(&mut batch.workers.job.labels, &args.label);
        find_model(context, batch)?;
    }
    for batch in batches {
        let replicas = batch.job.replicas.unwrap_or(1);
        if runtime.name() != LOCAL {
            check_places(&batch)?;
        } else if let Some(port) = batch.job.model.routes.port.filter(|_| replicas > 1) {
            context.printer.warn(one_at_a_time(port, replicas));
        }
        jobs.push(look(context, batch, args.dry_run)?);
    }
    let has_queue = jobs.iter().any(|job| job.batch.workers.job.queue.is_some());
    let options = SubmitOptions {
        kind: BATCH_PREDICT_JOB,
        owner: None,
        allow_cpu: args.allow_cpu,
        queue: runtime.name() == LOCAL && (args.wait.is_some() || has_queue),
        large_code: args.allow_large_code,
        foreign: jobs.iter().any(|job| job.batch.workers.foreign),
        rehearse: args.dry_run,
        ..SubmitOptions::default()
    };
    if args.dry_run {
        return dry_run(context, &*runtime, &jobs, &options);
    }
    let store = context.store()?;
    context.print_notices(&store);
    let interrupts = Interrupts::listen()?;
    let limit = args.wait.flatten();
    let mut runs = Vec::new();
    let mut code = exit::OK;
    for mut job in jobs {
        let starts = match &job.progress {
            _ if args.retry_failed => retry_failed(context, &mut job)?,
            Progress::Complete(summary) => {
                code = code.max(complete(context, &job, summary)?);
                false
            }
            Progress::Fresh | Progress::Begun { .. } => true,
        };
        if starts {
            let patience = patience(context, &interrupts, limit);
            let run = submit_job(context, &store, &*runtime, &job, &options, patience)?;
            runs.push((job, run));
        }
    }
    if args.detach {
        let ids = runs.iter().map(|(_, run)| run.paths.run.clone()).collect();
        return detached(context, ids);
    }
    let watched = runs.iter().map(|(job, run)| Watch {
        store: &store,
        runtime: &*runtime,
        run,
        events: args.events,
        on_interrupt: args.on_interrupt,
        interrupts: &interrupts,
        goal: Some(goal(job)),
        is_talk: true,
    });
    let all: Vec<Watch<'_>> = watched.collect();
    let ends = watch(context, &all, &mut |place, end| {
        let (job, run) = &runs[place];
        ended(context, &store, &*runtime, (job, run), end, args.events)
    })?;
    Ok(code.max(ends))
}

/// What the followers of a job count towards.
fn goal(job: &Surveyed) -> BatchGoal {
    let committed = match job.progress {
        Progress::Begun { committed } => committed,
        Progress::Fresh | Progress::Complete(_) => 0,
    };
    BatchGoal { shards: job.document.shards.len(), committed }
}

fn submit_job(
    context: &Context,
    store: &Store,
    runtime: &dyn Runtime,
    job: &Surveyed,
    options: &SubmitOptions,
    patience: Patience<'_>,
) -> Result<Submitted, CliError> {
    let Surveyed { batch, stores, document, progress } = job;
    let handle = context.handle()?;
    let submitted = submit(
        store,
        runtime,
        batch,
        document,
        &Submitter { patience: Some(patience), ..context.submitter() },
        options,
        || prices_for_limit(context, runtime),
        || {
            handle.block_on(claim(stores, &batch.output(), document))?;
            Ok(())
        },
        &mut |Notice(notice)| context.printer.warn(notice),
    )?;
    let run = Text::styled(BOLD, &submitted.paths.run);
    context.printer.say(run.then(format!(" submitted to {}", runtime.name())));
    if let Progress::Begun { committed } = progress {
        let shards = document.shards.len();
        context.printer.say(format!("it goes on: {committed} of {shards} shards are done already"));
    }
    Ok(submitted)
}
