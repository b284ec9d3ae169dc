//! Averages over the last seconds.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

/// Samples of one quantity over the length of a window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Averages {
    samples: VecDeque<(Timestamp, f64)>,
}

impl Averages {
    /// A sample of now. Those that are older than `keep` are forgotten.
    pub(crate) fn add(&mut self, now: Timestamp, value: f64, keep: Duration) {
        // A clock that was set back would keep what lies in its future for ever.
        while self.samples.back().is_some_and(|(time, _)| *time >= now) {
            self.samples.pop_back();
        }
        while self.samples.front().is_some_and(|(time, _)| age(now, *time) >= keep) {
            self.samples.pop_front();
        }
        self.samples.push_back((now, value));
    }

    /// The average of what was sampled in the last `window`, or in as much of it as there was; 0
    /// without a sample.
    pub(crate) fn over(&self, now: Timestamp, window: Duration) -> f64 {
        let recent = self.samples.iter().rev().take_while(|(time, _)| age(now, *time) < window);
        let (sum, count) = recent.fold((0.0, 0_u32), |(sum, n), (_, value)| (sum + value, n + 1));
        if count == 0 { 0.0 } else { sum / f64::from(count) }
    }
}

/// How long ago a time is; nothing if it is still to come.
pub(crate) fn age(now: Timestamp, time: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(time)).unwrap_or_default()
}
