//! Requests for as long as the test takes.
//!
//! With a rate it is an open loop: the n-th request is due at `start + n / rate`, whatever became of those
//! before it, and its latency counts from then on. A test that waits for its own requests sends nothing
//! while the server stands still, and so sees a pause once that all callers would see ("coordinated
//! omission": Gil Tene, "How NOT to Measure Latency"; <https://github.com/giltene/wrk2>).

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::report::{Asked, LoadReport};
use super::tally::{Ended, Tally};
use crate::work::batch::FileRow;
use crate::work::predict::{Input, PredictionError};
use crate::work::protocol::{CallError, Caller, Failed, Prepared, Reply};

/// A timer may be late by this much for its own sake: its steps are milliseconds. A request that was waited
/// for, and is sent within it, counts from when it was sent.
const TIMER: Duration = Duration::from_millis(3);

/// How long, and how much at once.
#[derive(Clone, Copy, Debug)]
pub struct LoadOptions {
    /// How long requests are sent.
    pub duration: Duration,
    /// Most requests on their way.
    pub concurrency: NonZeroUsize,
    /// Requests a second, which are due whether or not others are answered; `None`: each place sends the
    /// next request when it has the answer.
    pub rate: Option<f64>,
}

/// The requests of a test, which are sent one after the other and again: of `batch` rows each, or the body.
/// The first one is sent once to see how the model wants it; it counts for nothing.
pub async fn prepare(
    caller: &Caller,
    input: &Input,
    batch: NonZeroUsize,
) -> Result<Vec<Prepared>, PredictionError> {
    let rows = match input {
        Input::Body(body) => return Ok(vec![caller.prepare_body(body.bytes.clone())?]),
        Input::Rows(rows) => rows,
    };
    let instance = |row: &FileRow| match &row.instance {
        Ok(instance) => Ok(instance.clone()),
        Err(error) => Err(PredictionError::Json(error.message.clone())),
    };
    let instances = rows.iter().map(instance).collect::<Result<Vec<_>, _>>()?;
    let all: Vec<&[u8]> = instances.iter().map(|bytes| &bytes[..]).collect();
    let size = if caller.is_by_row() { 1 } else { batch.get() };
    if let Some(first) = all.chunks(size).next() {
        // What it says is said again by the requests that count.
        let _ = caller.ask(first).await;
    }
    let size = if caller.is_by_row() { 1 } else { size };
    let prepared = all.chunks(size).map(|rows| caller.prepare(rows));
    Ok(prepared.collect::<Result<_, _>>()?)
}

/// What the places of a test share.
struct Shared {
    caller: Caller,
    requests: Vec<Prepared>,
    next: AtomicU64,
    start: Instant,
    end: Instant,
    rate: Option<f64>,
    stop: watch::Receiver<bool>,
}

/// Sends the requests until the time is over or `stop` says so; of those that are on their way then, the
/// answers are waited for in the first case, and nothing is counted in the second.
pub async fn load(
    caller: Caller,
    requests: Vec<Prepared>,
    options: &LoadOptions,
    stop: watch::Receiver<bool>,
) -> LoadReport {
    let url = caller.place().to_owned();
    let start = Instant::now();
    let end = start + options.duration;
    let shared = Arc::new(Shared {
        caller,
        requests,
        next: AtomicU64::new(0),
        start,
        end,
        rate: options.rate,
        stop: stop.clone(),
    });
    let mut places = JoinSet::new();
    for _ in 0..options.concurrency.get() {
        let shared = Arc::clone(&shared);
        places.spawn(async move { shared.place().await });
    }
    let mut tally = Tally::default();
    while let Some(place) = places.join_next().await {
        // A place that panics is a fault that its own message tells of; what others saw still counts.
        if let Ok(seen) = place {
            tally = tally.plus(&seen);
        }
    }
    let asked = Asked {
        url,
        elapsed: start.elapsed(),
        ended_early: *stop.borrow() && Instant::now() < end,
        concurrency: options.concurrency.get(),
        rate: options.rate,
    };
    LoadReport::of(asked, tally)
}

impl Shared {
    /// One place: at most one request on its way.
    async fn place(&self) -> Tally {
        let mut tally = Tally::default();
        let mut stop = self.stop.clone();
        if self.requests.is_empty() {
            return tally;
        }
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(due) = self.due(number) else { return tally };
            let is_waited_for = Instant::now() < due;
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return tally,
                () = sleep_until(due) => {}
            }
            let sent = Instant::now();
            if sent >= self.end {
                if self.rate.is_none() {
                    return tally;
                }
                tally.add_unsent(self.end.duration_since(due));
                continue;
            }
            let request = &self.requests[(number % self.requests.len() as u64) as usize];
            let result = tokio::select! {
                biased;
                result = self.caller.call(request) => result,
                _ = stop.wait_for(|stop| *stop) => return tally,
            };
            if matches!(&result, Err(Failed { error: CallError::Unreachable { .. }, .. })) {
                // Nothing is gained by finding out as often as a machine can.
                sleep_until(Instant::now() + TIMER).await;
            }
            let done = Instant::now();
            let late = sent.duration_since(due);
            let from = if is_waited_for && late <= TIMER { sent } else { due };
            let (error, revision) = match &result {
                Ok(Reply { revision, .. }) => (None, revision),
                Err(Failed { error, revision }) => (Some(error), revision),
            };
            tally.add(&Ended {
                error,
                revision: revision.as_deref(),
                latency: done.duration_since(from),
                service: done.duration_since(sent),
            });
        }
    }

    /// When a request is due; `None` behind the end.
    fn due(&self, number: u64) -> Option<Instant> {
        let now = Instant::now();
        let due = match self.rate {
            Some(rate) => self.start + Duration::from_secs_f64(number as f64 / rate),
            None => now,
        };
        (due < self.end).then_some(due)
    }
}
