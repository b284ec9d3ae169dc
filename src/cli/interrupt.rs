//! What Ctrl-C, SIGTERM and a closing terminal mean while a run is followed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::ValueEnum;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::Env;

/// What an interrupt does to the run that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnInterrupt {
    /// The run goes on without mlctl.
    Detach,
    /// The run is cancelled.
    Cancel,
}

impl OnInterrupt {
    /// A person at a terminal detaches; a pipeline cancels, so that it burns no GPUs.
    pub fn resolve(choice: Option<Self>, env: &Env, terminal: bool) -> Self {
        choice.unwrap_or(if terminal && !env.is_ci() { Self::Detach } else { Self::Cancel })
    }
}

/// Counts signals from now on instead of dying of them.
#[derive(Clone, Debug)]
pub struct Interrupts {
    interrupts: Arc<AtomicUsize>,
    hangups: Arc<AtomicUsize>,
}

impl Interrupts {
    /// Takes over SIGINT, SIGTERM and SIGHUP.
    pub fn listen() -> std::io::Result<Self> {
        let interrupts = Arc::new(AtomicUsize::new(0));
        let hangups = Arc::new(AtomicUsize::new(0));
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let shared = Self { interrupts, hangups };
        let counters = shared.clone();
        std::thread::spawn(move || {
            for signal in &mut signals {
                let counter =
                    if signal == SIGHUP { &counters.hangups } else { &counters.interrupts };
                counter.fetch_add(1, Ordering::SeqCst);
            }
        });
        Ok(shared)
    }

    /// How many times SIGINT or SIGTERM came.
    pub fn count(&self) -> usize {
        self.interrupts.load(Ordering::SeqCst)
    }

    /// The terminal was closed: nobody follows any more, whatever an interrupt would mean.
    pub fn hung_up(&self) -> bool {
        self.hangups.load(Ordering::SeqCst) > 0
    }
}
