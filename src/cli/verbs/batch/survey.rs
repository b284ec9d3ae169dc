//! The jobs of a file or of flags, with what their inputs and outputs have.

use super::args::BatchPredictArgs;
use super::retry::remembered_job;
use crate::cli::{CliError, Context, ErrorKind, LoadedDocument};
use crate::storage::Stores;
use crate::work::batch::{JobDocument, LoadedBatch, Progress, buckets, progress, survey};

/// A job with what its inputs and its output have.
pub(in crate::cli::verbs) struct Surveyed {
    pub(in crate::cli::verbs) batch: LoadedBatch,
    pub(in crate::cli::verbs) stores: Stores,
    pub(in crate::cli::verbs) document: JobDocument,
    pub(in crate::cli::verbs) progress: Progress,
}

/// Loads the jobs that the arguments mean.
pub(super) fn load(
    context: &Context,
    args: &BatchPredictArgs,
) -> Result<Vec<LoadedBatch>, CliError> {
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
