//! The worker as a whole.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::counts::Counts;
use super::finish::{finish, job_of};
use super::limits::{Limits, Seen};
use super::numbering::Numbering;
use super::order::order;
use super::shard::ShardEnd;
use super::{WorkerEnd, WorkerPlace, WorkerProgress};
use crate::plan::BatchPlan;
use crate::storage::Stores;
use crate::work::batch::input::is_packed;
use crate::work::batch::instance::Maker;
use crate::work::batch::output::Ledger;
use crate::work::batch::{BatchError, JobDocument, Predictor};

/// Shards that a worker does at once: while one is committed and published, the server has the rows of
/// the next one.
const AT_ONCE: usize = 2;
/// How often progress is told, and after how many times others' markers are looked for.
const TICK: Duration = Duration::from_secs(1);
const LOOK: u32 = 10;

/// What all shards of a worker share.
pub(super) struct Worker<'a> {
    pub(super) stores: Stores,
    pub(super) plan: &'a BatchPlan,
    pub(super) place: WorkerPlace,
    pub(super) predictor: &'a dyn Predictor,
    pub(super) job: Arc<JobDocument>,
    pub(super) maker: Maker,
    pub(super) ledger: Ledger,
    pub(super) numbering: Numbering,
    /// Shards begun so far, for names that are used once.
    pub(super) written: AtomicU64,
    limits: Limits,
    /// Of the markers that have been read.
    committed: Mutex<Seen>,
    /// Of the shards that this worker has begun and that no marker of those is about.
    running: Mutex<HashMap<u32, Arc<Counts>>>,
    /// Rows and failed rows of the shards that this worker has done.
    done: Mutex<(u64, u64)>,
}

/// Does shards until all of the job's are committed, then makes sure that all are published. Dropped at
/// any point, it leaves parts that nothing counts and that the next worker removes.
///
/// `report` is told once a second how far it is. An error is about the job or the worker, never about
/// a row: after it the same worker may be started again.
pub async fn run_worker(
    stores: &Stores,
    plan: &BatchPlan,
    place: WorkerPlace,
    predictor: &dyn Predictor,
    report: &(dyn Fn(WorkerProgress) + Sync),
) -> Result<WorkerEnd, BatchError> {
    let job = Arc::new(job_of(stores, &plan.output).await?);
    if job.id != plan.job {
        return Err(BatchError::OtherJob {
            place: plan.output.clone(),
            found: job.id.clone(),
            expected: plan.job.clone(),
        });
    }
    let worker = Worker {
        stores: stores.clone(),
        plan,
        predictor,
        maker: Maker::new(job.format, &job.instances)?,
        ledger: Ledger::new(stores, &plan.output, &job.id, job.shards.len() as u32),
        numbering: Numbering::new(stores, &job),
        written: AtomicU64::new(0),
        limits: Limits::of(plan),
        committed: Mutex::default(),
        running: Mutex::default(),
        done: Mutex::default(),
        place,
        job,
    };
    worker.run(report).await
}

impl Worker<'_> {
    async fn run(&self, report: &(dyn Fn(WorkerProgress) + Sync)) -> Result<WorkerEnd, BatchError> {
        let began = Instant::now();
        self.look().await?;
        let shards = self.job.shards.len() as u32;
        let (own, others) = order(self.place.index, self.place.replicas, shards);
        let mine = own.len();
        let mut queue = own.into_iter().chain(others).enumerate();
        let mut running = FuturesUnordered::new();
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut tick = 0;
        loop {
            while running.len() < AT_ONCE
                && let Some((at, shard)) = queue.next()
            {
                // Of a shard that is another worker's it is looked anew.
                if at >= mine && !self.is_done(shard) {
                    self.look().await?;
                }
                if self.is_done(shard) {
                    continue;
                }
                let counts = Arc::new(Counts::default());
                self.running().insert(shard, Arc::clone(&counts));
                running.push(async move {
                    let end = self.shard(shard, Arc::clone(&counts)).await;
                    (shard, counts, end)
                });
            }
            if running.is_empty() {
                break;
            }
            tokio::select! {
                Some((shard, counts, end)) = running.next() => {
                    let end = end?;
                    self.ended(shard, &counts).await?;
                    if let ShardEnd::OverLimit(reason) = end {
                        return Ok(WorkerEnd::OverLimit { reason });
                    }
                }
                _ = ticks.tick() => {
                    report(self.progress(began));
                    tick += 1;
                    if tick % LOOK == 0 {
                        self.look().await?;
                    }
                }
            }
        }
        let summary =
            finish(&self.stores, &self.job, &self.ledger, self.plan.retry.unwrap_or_default())
                .await?;
        report(self.progress(began));
        let seen = Seen {
            rows: summary.rows,
            failed: summary.failed,
            bytes: self.all_bytes(),
            all_bytes: self.all_bytes(),
        };
        Ok(match self.limits.over(seen, true) {
            Some(reason) => WorkerEnd::OverLimit { reason },
            None => WorkerEnd::Complete(Box::new(summary)),
        })
    }

    /// Whether a shard needs nothing more: it is committed, in a retry by a marker of this generation or
    /// one without failed rows. Only what has been looked at is known.
    pub(super) fn is_done(&self, shard: u32) -> bool {
        match (self.ledger.generation(shard), self.plan.retry) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(there), Some(generation)) => {
                there >= generation || self.ledger.failed(shard) == Some(0)
            }
        }
    }

    /// Looks what others have committed.
    async fn look(&self) -> Result<(), BatchError> {
        self.ledger.refresh().await?;
        if !self.limits.any() && self.plan.retry.is_none() {
            return Ok(());
        }
        let markers = self.ledger.markers().await?;
        let mut seen = Seen::default();
        for (shard, marker) in markers.iter().enumerate() {
            let shard = shard as u32;
            if let Some(marker) = marker
                && self.is_done(shard)
            {
                seen.rows += marker.succeeded + marker.failed;
                seen.failed += marker.failed;
                seen.bytes += self.size_of(shard);
            }
        }
        *self.committed.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        Ok(())
    }

    async fn ended(&self, shard: u32, counts: &Counts) -> Result<(), BatchError> {
        self.running().remove(&shard);
        let [rows, failed, _] = counts.now();
        {
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            done.0 += rows;
            done.1 += failed;
        }
        if self.limits.any() { self.look().await } else { Ok(()) }
    }

    /// Why the job must end by what is known now.
    pub(super) fn over_limit(&self) -> Option<String> {
        if !self.limits.any() {
            return None;
        }
        let mut seen = *self.committed.lock().unwrap_or_else(PoisonError::into_inner);
        seen.all_bytes = self.all_bytes();
        for (shard, counts) in self.running().iter() {
            // It is committed, and may be among those already.
            if self.is_done(*shard) {
                continue;
            }
            let [rows, failed, bytes] = counts.now();
            let input = &self.job.inputs[self.job.shards[*shard as usize].input as usize];
            seen.failed += failed;
            // How far one is within a packed file can't be told by the bytes that came out of it.
            if !is_packed(self.job.format, input) {
                seen.rows += rows;
                seen.bytes += bytes;
            }
        }
        self.limits.over(seen, false)
    }

    /// Bytes of a shard.
    pub(super) fn size_of(&self, shard: u32) -> u64 {
        let shard = self.job.shards[shard as usize];
        shard.end.saturating_sub(shard.begin)
    }

    fn all_bytes(&self) -> u64 {
        (0..self.job.shards.len() as u32).map(|shard| self.size_of(shard)).sum()
    }

    fn progress(&self, began: Instant) -> WorkerProgress {
        let (mut rows, mut failed) = *self.done.lock().unwrap_or_else(PoisonError::into_inner);
        for counts in self.running().values() {
            let [more, bad, _] = counts.now();
            rows += more;
            failed += bad;
        }
        let shards = u64::from(self.ledger.committed());
        let rows_per_second = rows as f64 / began.elapsed().as_secs_f64().max(0.001);
        WorkerProgress { rows, failed, shards, rows_per_second }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Arc<Counts>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
