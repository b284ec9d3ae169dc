//! Uploads while a command runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::error::PlaceError;
use super::keeper::Keeper;

/// How often the folder is looked at.
const POLL: Duration = Duration::from_secs(1);

/// A thread that uploads what changes until it is stopped.
pub(in crate::agent) struct Watch {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    is_stopped: Mutex<bool>,
    changed: Condvar,
    is_cut: AtomicBool,
}

impl Watch {
    /// Starts to watch. `warn` is told what goes wrong, each thing once in a row: the next round may
    /// do better, and the last one decides.
    pub(in crate::agent) fn start(
        keeper: Arc<Keeper>,
        warn: impl Fn(String) + Send + 'static,
    ) -> Self {
        let shared = Arc::<Shared>::default();
        let mine = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let mut last = None;
            while !mine.wait() {
                match keeper.round(&|| mine.is_cut.load(Ordering::Relaxed)) {
                    Ok(_) => last = None,
                    Err(PlaceError::Ended) => {}
                    Err(error) => {
                        let message = format!("the output is not uploaded now: {error}");
                        if last.as_ref() != Some(&message) {
                            warn(message.clone());
                            last = Some(message);
                        }
                    }
                }
            }
        });
        Self { shared, thread }
    }

    /// Stops, after the upload that goes on, or in the middle of it when it is to be `cut`.
    pub(in crate::agent) fn stop(self, cut: bool) {
        self.shared.is_cut.store(cut, Ordering::Relaxed);
        *self.shared.is_stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.changed.notify_all();
        // A thread that panicked has nothing left to wait for.
        let _ = self.thread.join();
    }
}

impl Shared {
    /// Waits for the next round; `true`: there is none.
    fn wait(&self) -> bool {
        let stopped = self.is_stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(stopped, POLL, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
