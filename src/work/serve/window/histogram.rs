//! Latencies, counted in buckets that are the same everywhere, so that histograms of several routers
//! and of any times can be added and subtracted.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Buckets of each doubling of the latency: a bucket is at most an eighth wide.
const PARTS: u64 = 8;
/// The first bucket holds everything below so many microseconds.
const FIRST: u64 = 64;
const FIRST_LOG: u32 = FIRST.ilog2();
/// The last bucket begins at 2^28 microseconds, four and a half minutes.
const LAST_LOG: u32 = 28;

/// How many buckets there are.
pub const BUCKETS: usize = 2 + (LAST_LOG - FIRST_LOG) as usize * PARTS as usize;

/// Which bucket a latency belongs to, below [`BUCKETS`].
pub fn bucket_of(latency: Duration) -> usize {
    let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
    if micros < FIRST {
        return 0;
    }
    let log = micros.ilog2();
    if log >= LAST_LOG {
        return BUCKETS - 1;
    }
    let part = (micros >> (log - PARTS.ilog2())) - PARTS;
    1 + ((log - FIRST_LOG) as usize) * PARTS as usize + part as usize
}

/// What all latencies of a bucket are below; of the last one it is [`Duration::MAX`].
pub fn upper_bound(bucket: usize) -> Duration {
    if bucket == 0 {
        return Duration::from_micros(FIRST);
    }
    if bucket >= BUCKETS - 1 {
        return Duration::MAX;
    }
    let (log, part) = ((bucket - 1) as u64 / PARTS, (bucket - 1) as u64 % PARTS);
    let log = log as u32 + FIRST_LOG;
    Duration::from_micros((PARTS + part + 1) << (log - PARTS.ilog2()))
}

/// How many requests took how long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// One count for each bucket; those at the end that are 0 may be missing.
    counts: Vec<u64>,
}

impl Histogram {
    /// Of counts in the order of the buckets. What is beyond the last one counts to it.
    pub fn of(counts: impl IntoIterator<Item = u64>) -> Self {
        let mut all = Self::default();
        for (bucket, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            *all.at(bucket.min(BUCKETS - 1)) += count;
        }
        all
    }

    fn at(&mut self, bucket: usize) -> &mut u64 {
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        &mut self.counts[bucket]
    }

    /// So many more requests took so long.
    pub fn add(&mut self, latency: Duration, count: u64) {
        *self.at(bucket_of(latency)) += count;
    }

    /// All of another one's requests too.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in other.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            *self.at(bucket) += count;
        }
    }

    /// What has been added since an earlier look; `None` if this is none of the same histogram later.
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        let mut counts = self.counts.clone();
        for (bucket, count) in earlier.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let now = counts.get_mut(bucket)?;
            *now = now.checked_sub(*count)?;
        }
        Some(Self { counts })
    }

    /// How many requests.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many took longer than a limit for certain: those of the bucket that it falls into don't.
    pub fn above(&self, limit: Duration) -> u64 {
        self.counts.iter().skip(bucket_of(limit) + 1).sum()
    }

    /// What this part of the requests, from 0 to 1, took at most, at the precision of a bucket: up to an
    /// eighth too long. `None` without requests.
    pub fn quantile(&self, part: f64) -> Option<Duration> {
        let all = self.count();
        let rank = ((all as f64 * part).ceil() as u64).clamp(1, all.max(1));
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(upper_bound(bucket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_latency_is_below_the_bound_of_its_bucket_and_not_below_the_one_before() {
        let mut rng = fastrand::Rng::with_seed(7);
        let drawn = (0..20_000).map(|_| rng.u64(..) >> rng.u32(24..64));
        for micros in (0..3000).chain(drawn) {
            let latency = Duration::from_micros(micros);
            let bucket = bucket_of(latency);
            assert!(bucket < BUCKETS);
            assert!(latency < upper_bound(bucket), "{micros}");
            assert!(bucket == 0 || latency >= upper_bound(bucket - 1), "{micros}");
        }
    }

    #[test]
    fn quantiles_are_at_most_an_eighth_too_long() {
        let mut histogram = Histogram::default();
        for ms in 1..=1000 {
            histogram.add(Duration::from_millis(ms), 1);
        }
        for (part, ms) in [(0.5, 500), (0.95, 950), (0.99, 990)] {
            let quantile = histogram.quantile(part).unwrap();
            let exact = Duration::from_millis(ms);
            assert!(quantile >= exact && quantile <= exact * 9 / 8, "{part}: {quantile:?}");
        }
        assert_eq!(Histogram::default().quantile(0.5), None);
        assert_eq!(histogram.above(Duration::from_millis(1)), 999);
    }

    #[test]
    fn sums_and_differences_are_of_the_same_buckets() {
        let (mut a, mut b) = (Histogram::default(), Histogram::default());
        a.add(Duration::from_millis(3), 2);
        b.add(Duration::from_secs(3), 5);
        let mut both = a.clone();
        both.merge(&b);
        assert_eq!(both.count(), 7);
        assert_eq!(both.since(&b).unwrap().count(), 2);
        assert_eq!(a.since(&b), None);
    }
}
