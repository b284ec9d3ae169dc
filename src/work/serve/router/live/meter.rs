//! Counting without locks.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::route::Outcome;
use crate::stats::{BUCKETS, bucket};
use crate::{Counts, Histogram};

/// Counts and durations of what has ended.
pub(crate) struct Meter {
    ends: [AtomicU64; 6],
    durations: Box<[AtomicU64]>,
    micros: AtomicU64,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self {
            ends: Default::default(),
            durations: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            micros: AtomicU64::new(0),
        }
    }

    pub(crate) fn add(&self, outcome: Outcome, duration: Duration) {
        self.count(outcome);
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        if let Some(count) = self.durations.get(bucket(micros)) {
            count.fetch_add(1, Relaxed);
        }
        self.micros.fetch_add(micros, Relaxed);
    }

    /// Counts what took no time that says anything.
    pub(crate) fn count(&self, outcome: Outcome) {
        self.ends[index(outcome)].fetch_add(1, Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        let count = |outcome| self.ends[index(outcome)].load(Relaxed);
        Counts {
            ok: count(Outcome::Ok),
            client_error: count(Outcome::ClientError),
            server_error: count(Outcome::ServerError),
            cut: count(Outcome::Cut),
            cancelled: count(Outcome::Cancelled),
            shed: count(Outcome::Shed),
        }
    }

    pub(crate) fn latency(&self) -> Histogram {
        let counts = self.durations.iter().map(|count| count.load(Relaxed)).collect();
        Histogram::of(counts, self.micros.load(Relaxed))
    }
}

const fn index(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Ok => 0,
        Outcome::ClientError => 1,
        Outcome::ServerError => 2,
        Outcome::Cut => 3,
        Outcome::Cancelled => 4,
        Outcome::Shed => 5,
    }
}
