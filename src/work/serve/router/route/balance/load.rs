//! Least load: how long a replica takes, and the power of two choices.

use std::time::{Duration, Instant};

/// A moving average of times that takes a longer one at once and a shorter one slowly, so that a
/// replica that became slow is avoided after one answer: `PeakEwma` of Finagle and of
/// `tower::load`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeakEwma {
    /// In nanoseconds.
    estimate: f64,
    at: Instant,
}

/// After this time a figure counts by 1/e.
const DECAY: Duration = Duration::from_secs(10);

impl PeakEwma {
    /// Before there was any answer, `expected` stands for one: a replica that is new gets its share
    /// and not everything.
    pub(crate) fn new(expected: Duration, now: Instant) -> Self {
        Self { estimate: nanos(expected), at: now }
    }

    /// Takes in how long an answer took.
    pub(crate) fn observe(&mut self, took: Duration, now: Instant) {
        let took = nanos(took);
        if took > self.estimate {
            self.estimate = took;
        } else {
            let weight = self.weight(now);
            self.estimate = self.estimate * weight + took * (1.0 - weight);
        }
        self.at = self.at.max(now);
    }

    /// What one more request costs here: the time that one takes, for all that would be under way.
    /// A replica without answers grows cheaper, so that a slow one is tried again.
    pub(crate) fn cost(&self, in_flight: usize, now: Instant) -> f64 {
        // Without any floor a replica that had been idle for long would cost nothing, however many
        // requests it has.
        (self.estimate * self.weight(now)).max(1.0) * (in_flight as f64 + 1.0)
    }

    fn weight(&self, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(self.at);
        (-elapsed.as_secs_f64() / DECAY.as_secs_f64()).exp()
    }
}

fn nanos(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

/// The cheaper one of two that are drawn by chance from those that have a cost; None if none has.
/// `random` gives a number below the one that it gets.
///
/// Looking at two is nearly as good as looking at all, and unlike the cheapest of all it does not
/// send everything to one that has just become idle (Mitzenmacher, 2001).
pub(crate) fn pick(
    len: usize,
    mut random: impl FnMut(usize) -> usize,
    cost: impl Fn(usize) -> Option<f64>,
) -> Option<usize> {
    let having = |rank: usize| (0..len).filter_map(|index| Some((index, cost(index)?))).nth(rank);
    let count = (0..len).filter(|index| cost(*index).is_some()).count();
    if count < 2 {
        return having(0).map(|(index, _)| index);
    }
    let one = random(count).min(count - 1);
    let other = random(count - 1).min(count - 2);
    // The second draw is from all but the first.
    let other = if other >= one { other + 1 } else { other };
    // What costs may change while they are looked at: whoever still has one is taken.
    match (having(one), having(other)) {
        (Some((one, cheap)), Some((other, cost))) => Some(if cost < cheap { other } else { one }),
        (one, other) => one.or(other).or_else(|| having(0)).map(|(index, _)| index),
    }
}
