//! How many batches may be on their way: more while the server keeps its pace, half as many when it
//! says that it is too much.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::predictor::Permit;

/// Batches on their way at the start.
const START: usize = 4;
/// The most that are ever tried.
const MOST: usize = 256;
/// Latency may grow to this multiple of the best that was seen before more batches stop to help.
const SLOW: f64 = 3.0;
/// The best latency is forgotten by this part with each answer: servers warm up, and get busy.
const FORGET: f64 = 0.002;

/// A window that adapts: additive increase, multiplicative decrease, as TCP has it (RFC 5681, with
/// latency as a second signal).
pub(super) struct Window {
    slots: Arc<Semaphore>,
    state: Mutex<State>,
    fixed: bool,
}

struct State {
    size: usize,
    /// Slots that are taken away as soon as they are free.
    owed: usize,
    /// Answers since the size changed last.
    answers: usize,
    best: Option<f64>,
    halved: Option<Instant>,
}

impl Window {
    /// A window of a fixed size, or one that finds its own.
    pub(super) fn new(fixed: Option<u32>) -> Self {
        let size = fixed.map_or(START, |size| size.max(1) as usize);
        Self {
            slots: Arc::new(Semaphore::new(size)),
            state: Mutex::new(State { size, owed: 0, answers: 0, best: None, halved: None }),
            fixed: fixed.is_some(),
        }
    }

    /// Waits for a place.
    pub(super) async fn admit(&self) -> Permit {
        loop {
            // The semaphore is never closed.
            let Ok(permit) = Arc::clone(&self.slots).acquire_owned().await else {
                return Permit(None);
            };
            let mut state = self.state();
            if state.owed == 0 {
                return Permit(Some(permit));
            }
            state.owed -= 1;
            permit.forget();
        }
    }

    /// A request was answered after this time.
    pub(super) fn answered(&self, latency: Duration) {
        if self.fixed {
            return;
        }
        let mut state = self.state();
        let latency = latency.as_secs_f64();
        let best = state.best.map_or(latency, |best| (best * (1.0 + FORGET)).min(latency));
        state.best = Some(best);
        state.answers += 1;
        // One more for each round of answers that came in good time.
        if state.answers >= state.size {
            state.answers = 0;
            if latency <= best * SLOW && state.size < MOST {
                state.size += 1;
                if state.owed > 0 {
                    state.owed -= 1;
                } else {
                    self.slots.add_permits(1);
                }
            } else if latency > best * SLOW * 2.0 && state.size > START {
                state.size -= 1;
                state.owed += 1;
            }
        }
    }

    /// The server said that it has too much to do, or did not answer in time. Of many that say so at
    /// once the first one counts.
    pub(super) fn too_much(&self, now: Instant) {
        if self.fixed {
            return;
        }
        let mut state = self.state();
        if state.halved.is_some_and(|at| now.duration_since(at) < Duration::from_secs(1)) {
            return;
        }
        state.halved = Some(now);
        let less = state.size / 2;
        if state.size - less >= 1 && less >= 1 {
            state.owed += state.size - less;
            state.size = less;
            state.answers = 0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(window: &Window) -> usize {
        window.state().size
    }

    #[test]
    fn it_grows_while_answers_come_in_time_and_halves_once() {
        let window = Window::new(None);
        for _ in 0..200 {
            window.answered(Duration::from_millis(10));
        }
        let grown = size(&window);
        assert!(grown > START * 3, "{grown}");
        let now = Instant::now();
        window.too_much(now);
        window.too_much(now);
        assert_eq!(size(&window), grown / 2);
        for _ in 0..10 {
            window.too_much(now + Duration::from_secs(5));
        }
        assert!(size(&window) >= 1);
    }

    #[test]
    fn it_stops_growing_when_answers_take_longer() {
        let window = Window::new(None);
        window.answered(Duration::from_millis(1));
        for _ in 0..500 {
            window.answered(Duration::from_millis(200));
        }
        // The best latency is forgotten slowly, so it may have grown a little.
        assert!(size(&window) < 40, "{}", size(&window));
    }

    #[tokio::test]
    async fn a_fixed_window_stays() {
        let window = Window::new(Some(2));
        let first = window.admit().await;
        let _second = window.admit().await;
        window.too_much(Instant::now());
        assert_eq!(window.slots.available_permits(), 0);
        drop(first);
        assert_eq!(window.slots.available_permits(), 1);
        assert_eq!(size(&window), 2);
    }
}
