//! Submitting a batch prediction: the inputs listed, the job's document in the output, the run.

use std::collections::BTreeSet;

use super::plan_in::{order, plan_in};
use super::{JobDocument, LoadedBatch, OutputLayout, Summary, differences, document};
use crate::ops::cost::Prices;
use crate::run::{self, Submitted, Submitter};
use crate::runtime::{Notice, Runs, RuntimeError, SubmitOptions};
use crate::spec::{BatchPredictJob, Volume};
use crate::storage::{Object, Place, Put, StorageError, StorageErrorKind, Stores};
use crate::store::Store;
use crate::text::{FormatError, read_document};
use crate::work::train::{TrainError, travel};

use super::JOB_VERSION;
use super::summary::SUMMARY_VERSION;

/// A job's document names every input; larger than this it is none.
const DOCUMENT_LIMIT: u64 = 256 << 20;
/// A summary is a page of numbers.
const SUMMARY_LIMIT: u64 = 1 << 20;

/// A batch prediction could not be planned or submitted.
#[derive(Debug, thiserror::Error)]
pub enum BatchSubmitError {
    /// A store could not be listed, read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Nothing matches the inputs.
    #[error("there is no input: {} matches nothing", .0.join(", "))]
    NoInput(Vec<String>),
    /// The output belongs to another job.
    #[error("{output} has the results of another job")]
    Other {
        /// The output.
        output: Place,
        /// In which points the two jobs differ.
        differs: Vec<String>,
    },
    /// A document in the output can't be read.
    #[error("{place}: {error}")]
    Document {
        /// The document.
        place: Place,
        /// What is wrong with it.
        error: FormatError,
    },
    /// The server is a container, and there is none on this machine.
    #[error("`model.image` alone says nothing that this machine could run")]
    NoProgram,
    /// Pods can't read a folder of this machine.
    #[error("{0} is a place of this machine, which the cluster's pods can't see")]
    Local(Place),
    /// What batch predictions have in common with training runs.
    #[error(transparent)]
    Run(#[from] TrainError),
}

/// What the output has of a job already.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Nothing.
    Fresh,
    /// The same job was begun; so many of its shards are committed.
    Begun {
        /// Committed shards.
        committed: usize,
    },
    /// The same job is complete.
    Complete(Box<Summary>),
}

/// Lists the inputs of a job, sorted by their names, and makes its document. Of a model hub the commit is
/// recorded that a branch or a tag is by now, for all workers and whoever comes later.
pub async fn survey(stores: &Stores, batch: &LoadedBatch) -> Result<JobDocument, BatchSubmitError> {
    let mut inputs: Vec<Object> = Vec::new();
    let mut empty = Vec::new();
    for place in batch.job.input.places() {
        let found = stores.list(&batch.absolute(place)).await?;
        if found.is_empty() {
            empty.push(place.to_string());
        }
        for input in found {
            inputs.push(Object { place: stores.pinned(&input.place).await?, ..input });
        }
    }
    if !empty.is_empty() {
        return Err(BatchSubmitError::NoInput(empty));
    }
    // Several patterns may match one object, and it is predicted once.
    inputs.sort_by(|one, other| one.place.as_str().cmp(other.place.as_str()));
    inputs.dedup_by(|one, other| one.place == other.place);
    let output = batch.output();
    inputs.retain(|input| !is_of_an_output(input.place.as_str(), output.as_str()));
    let model = match &batch.model.place {
        Some(place) if batch.job.endpoint.is_none() => Some(stores.pinned(place).await?),
        _ => None,
    };
    Ok(document(batch, model.as_ref(), inputs))
}

/// An output may lie in the folder of the inputs. What it has is no input, and would be another set of
/// inputs each time; nor are the documents of other outputs.
fn is_of_an_output(input: &str, output: &str) -> bool {
    let below = input.strip_prefix(output.trim_end_matches('/'));
    let own = below.and_then(|below| below.strip_prefix('/'));
    let own = own.is_some_and(|name| {
        ["prediction.results-", "prediction.errors_stats-"]
            .iter()
            .any(|begin| name.starts_with(begin))
    });
    own || input.contains("/_mlctl/")
}

/// Whether pods of a cluster can reach everything that the job names.
pub fn check_places(batch: &LoadedBatch) -> Result<(), BatchSubmitError> {
    let job = &batch.job;
    let places = job.input.places().iter().chain([job.output.place()]).chain(&batch.model.place);
    match places.into_iter().find(|place| is_unseen(job, place)) {
        Some(place) => Err(BatchSubmitError::Local(place.clone())),
        None => Ok(()),
    }
}

/// A place is one of this machine, and the pods mount nothing there.
pub fn is_unseen(job: &BatchPredictJob, place: &Place) -> bool {
    let mounts = |volume: &Volume| place.as_str().starts_with(&volume.mount_path);
    matches!(place, Place::Path(_)) && !job.volumes.iter().any(mounts)
}

/// What the output has of this job; another job's output is refused. Nothing is written.
pub async fn progress(
    stores: &Stores,
    output: &Place,
    document: &JobDocument,
) -> Result<Progress, BatchSubmitError> {
    let place = OutputLayout::job(output);
    let bytes = match stores.read(&place, DOCUMENT_LIMIT).await {
        Ok((_, bytes)) => bytes,
        Err(error) if error.kind == StorageErrorKind::NotFound => return Ok(Progress::Fresh),
        Err(error) => return Err(error.into()),
    };
    let there: JobDocument = read_document(&bytes, JOB_VERSION)
        .map_err(|error| BatchSubmitError::Document { place, error })?;
    if there.id != document.id {
        let differs = differences(&there, document);
        return Err(BatchSubmitError::Other { output: output.clone(), differs });
    }
    if let Some(summary) = summary(stores, output, &document.id).await? {
        return Ok(Progress::Complete(Box::new(summary)));
    }
    let layout = OutputLayout::new(output, document.shards.len());
    let markers = stores.list(&layout.markers()).await?;
    let names = markers.iter().filter_map(|marker| marker.place.as_str().rsplit('/').next());
    let shards: BTreeSet<&str> = names.filter_map(|name| name.split('.').next()).collect();
    Ok(Progress::Begun { committed: shards.len() })
}

/// The summary of a job; `None` while it is not complete.
pub async fn summary(
    stores: &Stores,
    output: &Place,
    job: &str,
) -> Result<Option<Summary>, BatchSubmitError> {
    let place = OutputLayout::new(output, 0).summary();
    let bytes = match stores.read(&place, SUMMARY_LIMIT).await {
        Ok((_, bytes)) => bytes,
        Err(error) if error.kind == StorageErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let summary: Summary = read_document(&bytes, SUMMARY_VERSION)
        .map_err(|error| BatchSubmitError::Document { place, error })?;
    Ok(Some(summary).filter(|summary| summary.job == job))
}

/// Writes the job's document into the output unless it is there; of two jobs that are submitted at
/// once, one is refused.
pub async fn claim(
    stores: &Stores,
    output: &Place,
    document: &JobDocument,
) -> Result<Progress, BatchSubmitError> {
    let place = OutputLayout::job(output);
    let bytes =
        serde_json::to_vec(document).map_err(|error| TrainError::Unwritable(error.to_string()))?;
    match stores.put_if_absent(&place, bytes).await? {
        Put::Created => Ok(Progress::Fresh),
        Put::Exists => progress(stores, output, document).await,
    }
}

/// Plans a job, looks whether it can run, records it and starts it. Its document is in the output
/// already, or is written by `claim`, which is called once nothing else can be refused.
#[expect(clippy::too_many_arguments, reason = "as many things come together in a submission")]
pub fn submit<E: From<BatchSubmitError>>(
    store: &Store,
    runtime: &dyn Runs,
    batch: &LoadedBatch,
    document: &JobDocument,
    submitter: &Submitter<'_>,
    options: &SubmitOptions,
    prices: impl FnOnce() -> Result<Prices, E>,
    claim: impl FnOnce() -> Result<(), E>,
    notify: &mut dyn FnMut(Notice),
) -> Result<Submitted, E> {
    let failed = |error: TrainError| E::from(BatchSubmitError::from(error));
    let of_runtime = |error: RuntimeError| failed(error.into());
    let travelling = travel(&batch.workers, options.large_code).map_err(of_runtime)?;
    travelling.notices.into_iter().for_each(&mut *notify);
    let reservation = store.reserve(&batch.job.name).map_err(|error| failed(error.into()))?;
    let plan = plan_in(batch, document, reservation.run(), runtime, prices)?;
    let notices = runtime.check(&plan, options).map_err(of_runtime)?;
    notices.into_iter().for_each(&mut *notify);
    let resolved = batch.resolved(document).map_err(failed)?;
    claim()?;
    let order = order(batch, plan, &resolved);
    let submitted = run::submit(store, runtime, reservation, order, submitter, options, notify);
    submitted.map_err(|error| failed(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_output_has_is_no_input() {
        let is_left = |input: &str| is_of_an_output(input, "/data/in/out/");
        for left in [
            "/data/in/out/prediction.results-00000-of-00003",
            "/data/in/out/prediction.errors_stats-00000-of-00003",
            "/data/in/out/_mlctl/job.json",
            "/data/in/other/_mlctl/shards/00000.0.json",
        ] {
            assert!(is_left(left), "{left}");
        }
        for input in [
            "/data/in/rows.jsonl",
            "/data/in/out/rows.jsonl",
            "/data/in/outer/prediction.results-1",
        ] {
            assert!(!is_left(input), "{input}");
        }
    }
}
