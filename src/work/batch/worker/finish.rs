//! The end of a job: everything that is committed is published, and nothing else is left.

use std::collections::HashSet;

use futures::{FutureExt, StreamExt, stream};

use crate::storage::{Place, StorageErrorKind, Stores};
use crate::text::read_document;
use crate::work::batch::output::{Ledger, publish};
use crate::work::batch::{BatchError, JOB_VERSION, JobDocument, OutputLayout, Summary};

/// The largest job's document: inputs and shards by the hundred thousand.
const LARGEST: u64 = 1 << 30;
/// Shards that are published at once.
const AT_ONCE: usize = 8;

/// The job of an output.
pub(crate) async fn job_of(stores: &Stores, output: &Place) -> Result<JobDocument, BatchError> {
    let place = OutputLayout::job(output);
    let (_, bytes) = stores.read(&place, LARGEST).await.map_err(|error| match error.kind {
        StorageErrorKind::NotFound => BatchError::NoJob { place: output.clone() },
        _ => error.into(),
    })?;
    let damaged = |reason: String| BatchError::damaged(&place, reason);
    let job: JobDocument =
        read_document(&bytes, JOB_VERSION).map_err(|e| damaged(e.to_string()))?;
    if job.shards.iter().any(|shard| shard.input as usize >= job.inputs.len()) {
        return Err(damaged("a shard is of an input that the job does not have".into()));
    }
    Ok(job)
}

/// Publishes what is committed and not yet published, removes all parts up to this generation and writes
/// the summary. All shards must be committed. Parts of a later generation are those of a retry that has
/// begun already. Of several workers that do this at once, each does all of it.
pub(super) async fn finish(
    stores: &Stores,
    job: &JobDocument,
    ledger: &Ledger,
    generation: u32,
) -> Result<Summary, BatchError> {
    ledger.refresh().await?;
    let layout = ledger.layout();
    let markers = ledger.markers().await?;
    let committed = markers.iter().flatten().count();
    if committed != markers.len() {
        let reason = format!("{committed} of {} shards are committed", markers.len());
        return Err(BatchError::damaged(&layout.markers(), reason));
    }
    let markers: Vec<_> = markers.into_iter().flatten().collect();
    let parts = stores.list(&layout.parts()).await?;
    let there: HashSet<&str> =
        parts.iter().filter_map(|part| part.place.as_str().rsplit('/').next()).collect();
    let open = markers.iter().filter(|marker| {
        there.contains(marker.results.name.as_str()) || there.contains(marker.errors.name.as_str())
    });
    let open: Vec<_> = open.map(|marker| publish(stores, layout, marker).boxed()).collect();
    let mut open = stream::iter(open).buffer_unordered(AT_ONCE);
    while let Some(published) = open.next().await {
        published?;
    }
    let ended = parts.iter().filter(|part| {
        let name = part.place.as_str().rsplit('/').next().unwrap_or_default();
        OutputLayout::generation_of(name).is_some_and(|of| of <= generation)
    });
    let gone: Vec<_> = ended.map(|part| stores.delete(&part.place).boxed()).collect();
    let mut gone = stream::iter(gone).buffer_unordered(AT_ONCE);
    while let Some(removed) = gone.next().await {
        removed?;
    }
    let written: Vec<_> = (0..markers.len() as u32).map(|shard| ledger.written(shard)).collect();
    let summary = Summary::of(job, markers.iter().map(AsRef::as_ref), &written);
    let text = serde_json::to_vec_pretty(&summary)
        .map_err(|error| BatchError::damaged(&layout.summary(), error.to_string()))?;
    stores.put(&layout.summary(), text).await?;
    Ok(summary)
}
