//! Durations by size, in buckets that are the same everywhere.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How many buckets each power of two has: a bucket is at most an eighth wide.
const STEPS: u64 = 8;
/// Microseconds up to 2^36 (19 hours); what is longer is in the last bucket.
pub(crate) const BUCKETS: usize = (STEPS * 34 + STEPS) as usize;

/// How many durations were how long: exact to the microsecond below 8 µs, to an eighth above.
/// Two of them can be added and, if one is a later state of the other, subtracted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Document", into = "Document")]
pub struct Histogram {
    /// By bucket; buckets at the end may be missing.
    counts: Vec<u64>,
    sum_micros: u64,
}

/// As it is written: only buckets that have something, `[bucket, count]`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    sum_micros: u64,
    buckets: Vec<(usize, u64)>,
}

#[derive(Debug, thiserror::Error)]
#[error("a histogram has no bucket {0}")]
struct NoBucket(usize);

impl TryFrom<Document> for Histogram {
    type Error = NoBucket;

    fn try_from(document: Document) -> Result<Self, NoBucket> {
        let mut counts = vec![0; BUCKETS];
        for (index, count) in document.buckets {
            *counts.get_mut(index).ok_or(NoBucket(index))? += count;
        }
        Ok(Self::of(counts, document.sum_micros))
    }
}

impl From<Histogram> for Document {
    fn from(histogram: Histogram) -> Self {
        let filled = histogram.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0);
        Self { sum_micros: histogram.sum_micros, buckets: filled.collect() }
    }
}

/// Which bucket a duration is in.
pub(crate) fn bucket(micros: u64) -> usize {
    if micros < STEPS {
        return micros as usize;
    }
    let power = u64::from(micros.ilog2()) - 3;
    let index = (power + 1) * STEPS + ((micros >> power) - STEPS);
    (index as usize).min(BUCKETS - 1)
}

/// The first duration, in microseconds, that is past a bucket.
pub(crate) fn upper(index: usize) -> u64 {
    let index = index as u64;
    if index < STEPS {
        return index + 1;
    }
    let (power, step) = (index / STEPS - 1, index % STEPS);
    (STEPS + step + 1) << power
}

impl Histogram {
    pub(crate) fn of(mut counts: Vec<u64>, sum_micros: u64) -> Self {
        counts.truncate(counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1));
        Self { counts, sum_micros }
    }

    /// Counts one duration.
    pub fn add(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let index = bucket(micros);
        if self.counts.len() <= index {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += 1;
        self.sum_micros = self.sum_micros.saturating_add(micros);
    }

    /// Counts so many durations of one length.
    pub fn add_many(&mut self, duration: Duration, count: u64) {
        if count == 0 {
            return;
        }
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let index = bucket(micros);
        if self.counts.len() <= index {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += count;
        self.sum_micros = self.sum_micros.saturating_add(micros.saturating_mul(count));
    }

    /// All of another one's durations too.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(one, two)| *one += two);
        self.sum_micros = self.sum_micros.saturating_add(other.sum_micros);
    }

    /// What came after `earlier`; `None` if that is no earlier state of this one.
    pub fn checked_since(&self, earlier: &Self) -> Option<Self> {
        let mut counts = self.counts.clone();
        for (index, count) in earlier.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let now = counts.get_mut(index)?;
            *now = now.checked_sub(*count)?;
        }
        Some(Self::of(counts, self.sum_micros.saturating_sub(earlier.sum_micros)))
    }

    /// How many were longer than a limit for certain: those of the bucket that it is in are not.
    pub fn above(&self, limit: Duration) -> u64 {
        let micros = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX);
        self.counts.iter().skip(bucket(micros) + 1).sum()
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many are shorter than this, which must be an end of a bucket.
    pub(crate) fn below(&self, micros: u64) -> u64 {
        let ended = self.counts.iter().enumerate().take_while(|(index, _)| upper(*index) <= micros);
        ended.map(|(_, count)| count).sum()
    }

    /// All of them together.
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_micros)
    }

    /// A duration that `part` (0 to 1) of all do not exceed, such as 0.99: the upper end of the
    /// bucket, at most an eighth too long. None while there are none.
    pub fn quantile(&self, part: f64) -> Option<Duration> {
        let total = self.count();
        let rank = ((part.clamp(0.0, 1.0) * total as f64).ceil() as u64).max(1);
        let mut below = 0;
        let index = self.counts.iter().position(|count| {
            below += count;
            below >= rank
        })?;
        Some(Duration::from_micros(upper(index)))
    }

    /// What came after `earlier`, an earlier state of this one.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = earlier.counts.iter().copied().chain(std::iter::repeat(0));
        let counts = self.counts.iter().zip(before).map(|(now, then)| now.saturating_sub(then));
        Self::of(counts.collect(), self.sum_micros.saturating_sub(earlier.sum_micros))
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        sum.counts.resize(self.counts.len().max(other.counts.len()), 0);
        sum.counts.iter_mut().zip(&other.counts).for_each(|(one, two)| *one += two);
        sum.sum_micros = sum.sum_micros.saturating_add(other.sum_micros);
        sum
    }
}
