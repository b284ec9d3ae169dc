//! One shard from its first row to its marker.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use tokio::sync::mpsc;

use super::counts::Counts;
use super::feed::Feed;
use super::pipeline::{Flow, flow};
use super::run::Worker;
use super::sink::{Sink, Written};
use crate::work::batch::output::{Committed, Outcome, PartWriter, publish, remove_parts};
use crate::work::batch::task::Task;
use crate::work::batch::{BatchError, MARKER_VERSION, Marker, OutputLayout};

/// Batches between two stages.
const BETWEEN: usize = 4;

/// How a shard ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ShardEnd {
    /// It is committed, by this worker or another one.
    Committed,
    /// More rows have failed than the job allows, for this reason.
    OverLimit(String),
}

impl Worker<'_> {
    /// Does a shard and commits it. Until then nothing of it counts.
    pub(super) async fn shard(
        &self,
        shard: u32,
        counts: Arc<Counts>,
    ) -> Result<ShardEnd, BatchError> {
        let began = Instant::now();
        let layout = self.ledger.layout();
        // Another worker may have committed it since it was chosen.
        if self.is_done(shard) {
            return Ok(ShardEnd::Committed);
        }
        let base = self.ledger.marker(shard).await?;
        let kept = match &base {
            Some(base) => {
                // Whoever wrote it may be about to publish it, and must not do so after what comes.
                publish(&self.stores, layout, base).await?;
                Some(Committed::open(&self.stores, layout, base, self.job.output_format).await?)
            }
            None => None,
        };
        // A retry does a shard that nobody has committed as the job itself would, whose workers may be
        // at it: of all of them one is first.
        let generation = base.as_ref().and(self.plan.retry).unwrap_or_default();
        let number = self.written.fetch_add(1, Relaxed);
        let [results, errors] = ["results", "errors"].map(|what| {
            OutputLayout::part_name(shard, generation, &self.place.writer, number, what)
        });
        let names = [results.clone(), errors.clone()];
        let part = |name: String| PartWriter::new(&self.stores, layout.part(&name), name);

        let (feed_out, feed_in) = mpsc::channel(BETWEEN);
        let (sink_out, sink_in) = mpsc::channel(BETWEEN);
        let feed = Feed {
            stores: self.stores.clone(),
            job: Arc::clone(&self.job),
            maker: self.maker.clone(),
            shard,
            max_line_bytes: self.plan.max_line_bytes,
            max_batch_size: self.plan.max_batch_size.max(1) as usize,
            max_batch_bytes: self.plan.max_batch_bytes,
            kept,
            numbering: self.numbering.clone(),
        };
        let sink = Sink {
            job: Arc::clone(&self.job),
            shard,
            results: part(results),
            errors: part(errors),
            numbering: self.numbering.clone(),
        };
        let mut feed = Task::spawn(feed.run(feed_out));
        let mut sink = Task::spawn(sink.run(sink_in));
        let mut over = None;
        let begin = self.job.shards[shard as usize].begin;
        let flow = flow(self.predictor, feed_in, sink_out, |batch| {
            let failed = batch.items.iter().filter(|i| matches!(i.outcome, Outcome::Failed(_)));
            let reached = batch.items.last().map_or(0, |item| item.offset.saturating_sub(begin));
            let reached = reached.min(self.size_of(shard));
            counts.done(batch.items.len() as u64, failed.count() as u64, reached);
            over = over.take().or_else(|| self.over_limit());
            over.is_none() && !self.is_done(shard)
        });
        let tally = match flow.await? {
            Flow::Done(tally) => tally,
            Flow::Stopped => {
                if let Some(reason) = over {
                    return Ok(ShardEnd::OverLimit(reason));
                }
                if self.is_done(shard) {
                    return Ok(ShardEnd::Committed);
                }
                return Err(match joined(&mut sink).await {
                    Err(error) => error,
                    Ok(_) => BatchError::Internal("a shard's lines were not taken".into()),
                });
            }
        };
        joined(&mut feed).await?;
        let Written { succeeded, failed, results, errors } = joined(&mut sink).await?;
        let input = &self.job.inputs[self.job.shards[shard as usize].input as usize];
        let mut marker = Marker {
            schema_version: MARKER_VERSION,
            job: self.job.id.clone(),
            shard,
            generation,
            writer: self.place.writer.clone(),
            input_etag: input.etag.clone(),
            succeeded,
            failed,
            results,
            errors,
            model_versions: tally.versions.iter().map(|(v, n)| (v.to_string(), *n)).collect(),
            latency: tally.latency,
            seconds: began.elapsed().as_secs_f64(),
        };
        marker.model_versions.sort_unstable_keys();
        if let Some(base) = &base {
            marker.include(base);
        }
        if self.ledger.commit(marker.clone()).await? {
            publish(&self.stores, layout, &marker).await?;
        } else {
            remove_parts(&self.stores, layout, &names).await?;
        }
        Ok(ShardEnd::Committed)
    }
}

async fn joined<T: Send + 'static>(
    task: &mut Task<Result<T, BatchError>>,
) -> Result<T, BatchError> {
    task.join().await.map_err(|error| BatchError::Internal(error.to_string()))?
}
