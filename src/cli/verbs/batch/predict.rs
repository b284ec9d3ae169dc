//! `mlctl batch-predict`: predict every line of files in a store, and follow it.

use std::ffi::OsString;

use serde::Serialize;

use super::end::{BatchEnd, batch_end, code_of};
use super::flags::BatchFlags;
use super::plan::dry_run;
use super::retry::{remembered_job, retry_failed};
use crate::cli::verbs::cost::{bill_of, cost_text};
use crate::cli::verbs::ended::RunDocument;
use crate::cli::verbs::globals::only_on_machines;
use crate::cli::verbs::selection::label;
use crate::cli::verbs::train::{add_labels, detached, patience, prices_for_limit};
use crate::cli::verbs::watch::{Followed, Watch, watch};
use crate::cli::{
    CliError, Context, ErrorKind, Format, Interrupts, LoadedDocument, OnInterrupt, SpecArgs, exit,
};
use crate::event::RunState;
use crate::gang::RunId;
use crate::ops::cost::Bill;
use crate::run::{Patience, Submitted, Submitter, WhyReport, explain};
use crate::runtime::{LOCAL, Notice, Runtime, SubmitOptions};
use crate::spec::BATCH_PREDICT_JOB;
use crate::storage::Stores;
use crate::store::Store;
use crate::text::Span;
use crate::ui::{BOLD, BatchGoal, Text, batch_summary_text, summary_text};
use crate::work::batch::{
    JobDocument, LoadedBatch, Progress, Summary, buckets, check_places, claim, progress, submit,
    survey,
};

/// Arguments of `batch-predict`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl batch-predict batch.yaml         predict, and follow it to the end
  mlctl batch-predict --model s3://b/digits --server tensorflow-serving \\
      --input 's3://b/in/*.jsonl' --output s3://b/out
  mlctl batch-predict --endpoint http://models:8501 --server tensorflow-serving \\
      --input rows.csv --output out --key-field id
  mlctl batch-predict --dry-run          shards, rows, bytes and cost
  mlctl batch-predict --set replicas=4 --detach
  mlctl batch-predict --retry-failed RUN   after the server or its quota was mended

What was predicted and where it is goes to standard output in the end, and what the
workers print to standard error, with events; -q leaves those out.

The same job goes on where another run of it has stopped.

Exit codes: 0 every
row has a prediction, 20 some rows failed, 21 more failed than may, 3 spec,
4 no input, 5 refused, 10 failed, 11 infrastructure, 12 cancelled,
13 timed out, 14 could not start, 130 detached.")]
pub struct BatchPredictArgs {
    /// The spec
    #[command(flatten)]
    pub spec: SpecArgs,
    /// A job without a spec
    #[command(flatten)]
    pub flags: BatchFlags,
    /// Submit and return; prints the run's id
    #[arg(short, long, conflicts_with = "events")]
    pub detach: bool,
    /// Show what would run
    #[arg(long)]
    pub dry_run: bool,
    /// Ask only the rows again that have failed in the job's output: what succeeds moves into the
    /// results. In place of FILE also a run, or the URL or folder of an output
    #[arg(long, conflicts_with = "dry_run")]
    pub retry_failed: bool,
    /// Stream events as JSON Lines on stdout
    #[arg(long, conflicts_with = "output")]
    pub events: bool,
    /// Add a label to the run
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = label)]
    pub label: Vec<(String, String)>,
    /// Run on the CPU where the accelerators are missing
    #[arg(long)]
    pub allow_cpu: bool,
    /// Wait for GPUs that other runs hold, in order of submission, at most so long
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true)]
    pub wait: Option<Option<Span>>,
    /// Take along more code than 1 GiB or 20000 files
    #[arg(long)]
    pub allow_large_code: bool,
    /// What Ctrl-C does to the run [default: detach at a terminal, cancel elsewhere]
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "detach")]
    pub on_interrupt: Option<OnInterrupt>,
}

/// Spells `--output PLACE` of a batch prediction or an export as `--output-uri PLACE`: `--output` is the form of the
/// document on standard output for every verb, and a place is none of its forms.
pub fn spelled_out(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    // `tune export` writes where --file says, and `export tune` exports a model that is called so.
    let mut verbs =
        args.iter().filter(|arg| *arg == "batch-predict" || *arg == "export" || *arg == "tune");
    if verbs.next().is_none_or(|verb| verb == "tune") {
        return args;
    }
    let is_form = |text: &str| matches!(text, "table" | "json" | "yaml");
    for at in 0..args.len() {
        let next = args.get(at + 1).map(|next| next.to_string_lossy().into_owned());
        let Some(arg) = args[at].to_str() else { continue };
        if arg == "--" {
            break;
        }
        if arg == "--output" && next.is_some_and(|next| !is_form(&next)) {
            args[at] = "--output-uri".into();
        } else if let Some(value) = arg.strip_prefix("--output=").filter(|value| !is_form(value)) {
            args[at] = format!("--output-uri={value}").into();
        }
    }
    args
}

/// A job with what its inputs and its output have.
pub(in crate::cli::verbs) struct Surveyed {
    pub(in crate::cli::verbs) batch: LoadedBatch,
    pub(in crate::cli::verbs) stores: Stores,
    pub(in crate::cli::verbs) document: JobDocument,
    pub(in crate::cli::verbs) progress: Progress,
}

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
        if runtime.name() != LOCAL {
            check_places(&batch)?;
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

fn load(context: &Context, args: &BatchPredictArgs) -> Result<Vec<LoadedBatch>, CliError> {
    let named = args.spec.named();
    if let Some(text) = args.flags.spec()? {
        if !named.is_empty() {
            return Err(CliError::new(ErrorKind::Usage, "a spec, and flags that make another one")
                .hint("change a value of the spec with --set PATH=VALUE"));
        }
        let documents = context.of_flags(&text, &context.env.cwd, &args.spec)?.into_iter();
        return Ok(documents
            .filter_map(|document| match document {
                LoadedDocument::Batch(batch) => Some(*batch),
                LoadedDocument::Train(_)
                | LoadedDocument::Tune(_)
                | LoadedDocument::Endpoint(_) => None,
            })
            .collect());
    }
    if let ([file], true) = (&named[..], args.retry_failed)
        && let Some(batch) = remembered_job(context, file, &args.spec)?
    {
        return Ok(vec![batch]);
    }
    context.batches(&args.spec)
}

/// Lists the inputs of a job and looks into its output. To look alone no token goes where only the spec
/// says: it may be somebody else's.
pub(in crate::cli::verbs) fn look(
    context: &Context,
    batch: LoadedBatch,
    only_look: bool,
) -> Result<Surveyed, CliError> {
    let settings = buckets(&batch);
    let stores =
        if only_look { context.looking(settings) } else { context.stores().with(&settings) };
    let handle = context.handle()?;
    let document = handle.block_on(survey(&stores, &batch))?;
    let progress = handle.block_on(progress(&stores, &batch.output(), &document))?;
    Ok(Surveyed { batch, stores, document, progress })
}

/// Looks up the model that a job names, as everybody does who serves one.
pub(in crate::cli::verbs) fn find_model(
    context: &Context,
    batch: &mut LoadedBatch,
) -> Result<(), CliError> {
    if let Some(model) = batch.job.model.uri.clone().filter(|_| batch.job.endpoint.is_none()) {
        let base = &batch.workers.base;
        let model = context.model_or_folder(model, base)?;
        batch.model = context.served_model(&model, base)?;
    }
    Ok(())
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

/// The final document of a batch prediction.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a RunId>,
    state: RunState,
    exit_code: u8,
    output: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a Summary>,
    /// Of this run alone; absent where nothing was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Bill>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<WhyReport>,
}

/// The result of a job: what was predicted and where it is, on standard output. Rows that failed are said
/// beside it, so that `--quiet` doesn't hide them.
fn show(context: &Context, summary: &Summary, output: &str) -> Result<(), CliError> {
    context.printer.show(batch_summary_text(summary, output))?;
    if summary.failed > 0 {
        let (failed, rows) = (summary.failed, summary.rows);
        context.printer.fault(format!("{failed} of {rows} rows have no prediction"));
        context.printer.hint(format!("which, and why: mlctl outputs {output} --errors"));
    }
    Ok(())
}

/// A job that was complete before anything was started.
fn complete(context: &Context, job: &Surveyed, summary: &Summary) -> Result<u8, CliError> {
    let code = code_of(summary);
    let output = job.batch.output().to_string();
    context.printer.say(format!("{} is complete already; nothing is started", job.batch.job.name));
    if context.format == Format::Table {
        show(context, summary, &output)?;
        return Ok(code);
    }
    let report = Report {
        schema_version: 1,
        run: None,
        state: RunState::Succeeded,
        exit_code: code,
        output,
        summary: Some(summary),
        cost: None,
        why: None,
    };
    context.emit(&report, Text::default)?;
    Ok(code)
}

/// How a run that was followed to its end has ended, said and as an exit code.
fn ended(
    context: &Context,
    store: &Store,
    runtime: &dyn Runtime,
    (job, run): (&Surveyed, &Submitted),
    end: &Followed,
    events: bool,
) -> Result<u8, CliError> {
    let (output, view) = (job.batch.output(), &*end.view);
    if end.goes_on {
        RunDocument::of(view, Some(&run.plan), &run.paths, exit::DETACHED).emit(context)?;
        return Ok(exit::DETACHED);
    }
    let succeeded = view.state == RunState::Succeeded;
    let end = run.plan.batch().map(|batch| batch_end(context, &job.stores, view, batch));
    let end =
        end.ok_or_else(|| CliError::new(ErrorKind::Internal, "the run is no batch prediction"))?;
    let BatchEnd { summary: found, code } = end?;
    if events {
        // With `--events` the last event is the summary.
        return Ok(code);
    }
    let cost = bill_of(context, store, &run.paths.run, &run.plan);
    // What a run has cost is no reason to lose what it has done.
    let cost = cost.map_err(|error| context.printer.warn(error.to_string())).ok();
    let why = (!succeeded).then(|| explain(view, &run.paths, Some(&run.plan), Some(runtime as _)));
    if context.format == Format::Table {
        context.printer.outcome(succeeded, summary_text(view, &[], why.as_ref()));
        if let Some(bill) = cost.filter(|bill| bill.currency.is_some()) {
            context.printer.say(format!("  cost     {}", cost_text(&bill)));
        }
        if let Some(summary) = &found {
            show(context, summary, output.as_str())?;
        } else {
            context.printer.say(format!("  results  {output}"));
        }
        return Ok(code);
    }
    let report = Report {
        schema_version: 1,
        run: Some(&run.paths.run),
        state: view.state,
        exit_code: code,
        output: output.to_string(),
        summary: found.as_ref(),
        cost,
        why,
    };
    context.emit(&report, Text::default)?;
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_no_form_of_the_output() {
        let spelled = |text: &str| {
            let args = spelled_out(text.split(' ').map(OsString::from));
            let args: Vec<_> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
            args.join(" ")
        };
        for (given, expected) in [
            ("m batch-predict --output s3://b", "m batch-predict --output-uri s3://b"),
            ("m batch-predict --output=out -o json", "m batch-predict --output-uri=out -o json"),
            ("m export tune --output out", "m export tune --output-uri out"),
            ("m tune export s --output x", "m tune export s --output x"),
            ("m --output json batch-predict", "m --output json batch-predict"),
            ("m train --output s3://b", "m train --output s3://b"),
            ("m batch-predict --output", "m batch-predict --output"),
        ] {
            assert_eq!(spelled(given), expected);
        }
    }
}
