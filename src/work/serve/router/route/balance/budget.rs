//! How many retries there may be.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Retries;

/// How many seconds a request counts for retries.
const WINDOW: usize = 10;
/// How many retries a second there may always be, so that few requests may fail too.
const RESERVE: i64 = 10;
/// What a retry costs; a request brings its configuration's percentage of it.
const RETRY: i64 = 100;

/// The budget of a configuration: each request is deposited, each retry withdrawn, and both are
/// forgotten after [`WINDOW`]. Twitter's rule (Finagle's `RetryBudget`), in hundredths of a retry, so that
/// any percentage is what it says. Times are milliseconds of [`crate::clock::Clock`].
pub(crate) struct RetryBudget {
    percent: i64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What each of the last seconds brought and cost.
    seconds: [i64; WINDOW],
    /// The newest of them.
    second: u64,
}

impl RetryBudget {
    pub(crate) fn new(retries: &Retries) -> Self {
        Self { percent: i64::from(retries.percent), state: Mutex::default() }
    }

    /// A request begins.
    pub(crate) fn deposit(&self, now: u64) {
        let mut state = self.lock();
        let second = state.at(now);
        *second = second.saturating_add(self.percent);
    }

    /// Whether there may be a retry; takes it from the budget.
    pub(crate) fn withdraw(&self, now: u64) -> bool {
        let mut state = self.lock();
        state.at(now);
        let reserve = RESERVE * (WINDOW as u64).cast_signed() * RETRY;
        let balance = state.seconds.iter().fold(reserve, |sum, one| sum.saturating_add(*one));
        let allowed = balance >= RETRY;
        if allowed {
            *state.at(now) -= RETRY;
        }
        allowed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The second that a time is in. Those that are too old are forgotten; a time that another thread has
    /// read a little earlier counts as now.
    fn at(&mut self, now: u64) -> &mut i64 {
        let second = (now / 1000).max(self.second);
        let passed = (second - self.second).min(WINDOW as u64);
        for step in 0..passed {
            self.seconds[((second - step) % WINDOW as u64) as usize] = 0;
        }
        self.second = second;
        &mut self.seconds[(second % WINDOW as u64) as usize]
    }
}
