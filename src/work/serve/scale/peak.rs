//! The largest number of the last time.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use super::age;

/// The largest of the numbers that were wanted within a window, so that what goes up and down with every
/// sample does not start and stop replicas: a HorizontalPodAutoscaler steadies its numbers in the same way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peak {
    /// Each smaller than the one before it, and later.
    numbers: VecDeque<(Timestamp, u32)>,
}

impl Peak {
    /// A number of now.
    pub(crate) fn add(&mut self, now: Timestamp, number: u32, window: Duration) {
        while self.numbers.back().is_some_and(|(_, other)| *other <= number) {
            self.numbers.pop_back();
        }
        self.numbers.push_back((now, number));
        while self.numbers.front().is_some_and(|(time, _)| age(now, *time) >= window) {
            self.numbers.pop_front();
        }
    }

    /// The largest one.
    pub(crate) fn largest(&self) -> u32 {
        self.numbers.front().map_or(0, |(_, number)| *number)
    }
}
