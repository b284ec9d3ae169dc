//! From the command line to the run that makes what is asked for.

use super::args::ExportArgs;
use super::told::told;
use crate::cli::verbs::dry_run::dry_run;
use crate::cli::verbs::train::{detached, patience, submit_job};
use crate::cli::verbs::watch::{Watch, watch};
use crate::cli::{CliError, Context, ErrorKind, Interrupts, LoadedDocument, SpecArgs};
use crate::model::inspect::{Facts, Report, inspect};
use crate::runtime::SubmitOptions;
use crate::spec::{ModelRef, TRAIN_JOB, to_yaml};
use crate::storage::{ClaimMode, Place};
use crate::work::export::{ExportPlaces, ExportRequest, job, scripts};
use crate::work::train::LoadedJob;

/// Submits the run that makes what is asked for, and follows it.
pub fn export(context: &Context, args: &ExportArgs) -> Result<u8, CliError> {
    let request = args.request()?;
    if context.chooses_cluster() && args.output_uri.is_none() {
        let message =
            "what a pod makes is gone with the pod: an export in a cluster needs --output";
        return Err(CliError::new(ErrorKind::Refused, message)
            .hint("--output s3://bucket/edge/{run}, or a claim: --output pvc://CLAIM/edge/{run}")
            .hint("--runtime local exports on this machine"));
    }
    let job = loaded(context, args, &request)?;
    let runtime = context.chosen()?;
    let options = SubmitOptions {
        kind: TRAIN_JOB,
        claim: if args.overwrite { ClaimMode::Overwrite } else { ClaimMode::New },
        rehearse: args.dry_run,
        ..SubmitOptions::default()
    };
    if args.dry_run {
        return dry_run(context, &*runtime, &[job], &options);
    }
    let store = context.store()?;
    context.print_notices(&store);
    let interrupts = Interrupts::listen()?;
    let patience = patience(context, &interrupts, None);
    let run = submit_job(context, &store, &*runtime, &job, &options, patience)?;
    if args.detach {
        return detached(context, vec![run.paths.run.clone()]);
    }
    let watched = Watch {
        store: &store,
        runtime: &*runtime,
        run: &run,
        events: false,
        on_interrupt: args.on_interrupt,
        interrupts: &interrupts,
        goal: None,
        is_talk: true,
    };
    watch(context, &[watched], &mut |_, end| told(context, &*runtime, &run, end))
}

/// The run as a spec that is checked like any other.
fn loaded(
    context: &Context,
    args: &ExportArgs,
    request: &ExportRequest,
) -> Result<LoadedJob, CliError> {
    let model = model(context, request)?;
    let from_here = |text: &String| Place::from(text.as_str()).starting_at(&context.env.cwd);
    let code = scripts(&context.env.cache_dir()?)?;
    let places = ExportPlaces {
        model,
        representative: args.representative.as_ref().map(from_here),
        evaluation: args.evaluate.as_ref().map(from_here),
        output: args.output_uri.as_ref().map(from_here),
        image: args.image.clone(),
    };
    let mut job = job(request, &places, args.name.as_deref());
    if !context.chooses_cluster() {
        job.image = None;
    }
    let internal = |error: String| CliError::new(ErrorKind::Internal, error);
    let text = to_yaml(&job).map_err(|error| internal(error.to_string()))?;
    let spec = SpecArgs { set: args.set.clone(), ..SpecArgs::default() };
    match context.of_flags(&text, &code, &spec)?.pop() {
        Some(LoadedDocument::Train(job)) => Ok(LoadedJob { is_typed: true, ..*job }),
        _ => Err(internal("the export became no run".to_owned())),
    }
}

/// Where the model is, once its files say that it can be exported: what they say costs a moment, and the
/// environment in which the exporter would find out minutes.
fn model(context: &Context, request: &ExportRequest) -> Result<Place, CliError> {
    let reference = ModelRef::from(request.model.as_str());
    let reference = context.model_or_folder(reference, &context.env.cwd)?;
    let named = context.model(&reference, &context.env.cwd)?;
    if named.place.claim().is_none() {
        let report = inspect(&named.stores, &context.handle()?, &named.place)?;
        check(&report, request)?;
    }
    Ok(named.place)
}

fn check(report: &Report, request: &ExportRequest) -> Result<(), CliError> {
    let refused = |message: String, hint: &str| {
        Err(CliError::new(ErrorKind::Refused, message).hint(hint.to_owned()))
    };
    let what = &report.format;
    let is_keras = |content: &str| content.contains("Keras");
    let model = match &report.facts {
        Facts::SavedModel(model) => model,
        Facts::Archive(archive) if is_keras(&archive.content) => return Ok(()),
        Facts::Archive(_) => {
            let hint = "PyTorch exports by itself: torch.onnx.export writes ONNX, litert-torch (ai-edge-torch) \
                        writes .tflite";
            return refused(format!("{} is {what}, of PyTorch", request.model), hint);
        }
        Facts::Other(other) if other.parts.keys().any(|name| is_h5(name)) => return Ok(()),
        Facts::TfLite(_) | Facts::TfJs(_) => {
            let hint = "export the model that it was made of: a SavedModel, .keras or .h5";
            return refused(format!("{} is {what}, an export already", request.model), hint);
        }
        Facts::Onnx(_) | Facts::Other(_) => {
            let hint =
                "a SavedModel (model.export, tf.saved_model.save), .keras or .h5 can be exported";
            return refused(
                format!("{} is {what}, and no model of TensorFlow", request.model),
                hint,
            );
        }
    };
    let signatures: Vec<&String> = report.interface.signatures.keys().collect();
    match &request.signature {
        // Of a graph with tags of the person's own other signatures count than those of servers.
        Some(asked) if request.tags.is_empty() && !signatures.contains(&asked) => {
            let there: Vec<&str> = signatures.iter().map(|name| name.as_str()).collect();
            let message = format!("{} has no signature `{asked}`", request.model);
            refused(message, &format!("it has {}", there.join(", ")))
        }
        _ if signatures.is_empty() && model.graphs.is_empty() => {
            let message = format!("{} has no graph that could be exported", request.model);
            refused(
                message,
                "save it with a signature: tf.saved_model.save(model, DIR, signatures=...)",
            )
        }
        _ => Ok(()),
    }
}

fn is_h5(name: &str) -> bool {
    let ending = std::path::Path::new(name).extension();
    ending.is_some_and(|ending| ending == "h5" || ending == "hdf5")
}
