//! Whether this router is the one that decides.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::runtime::Deployed;

/// Whoever decides is one of those that have said within this time that they live.
const LIFETIME: Duration = Duration::from_secs(15);
/// Between two renewals, and between two tries to take over.
const PACE: Duration = Duration::from_secs(4);
/// From so long after its last renewal on, a router that can't renew decides nothing more: another one may
/// take over soon.
const DOUBT: Duration = Duration::from_secs(10);

/// The right to decide, as this router has it.
pub(super) struct Leads<'a> {
    deployed: &'a dyn Deployed,
    pod: &'a str,
    asked: Cell<Option<Instant>>,
    renewed: Cell<Option<Instant>>,
}

impl<'a> Leads<'a> {
    pub(super) fn new(deployed: &'a dyn Deployed, pod: &'a str) -> Self {
        Self { deployed, pod, asked: Cell::new(None), renewed: Cell::new(None) }
    }

    /// Whether it has it now; asks for it from time to time.
    pub(super) fn now(&self) -> bool {
        if self.asked.get().is_none_or(|at| at.elapsed() >= PACE) {
            let before = Instant::now();
            match self.deployed.hold(self.pod, LIFETIME) {
                Ok(holder) if holder == self.pod => self.renewed.set(Some(before)),
                // Another one has it.
                Ok(_) => self.renewed.set(None),
                // The cluster says nothing, and what it has said last holds for a while.
                Err(_) => {}
            }
            self.asked.set(Some(Instant::now()));
        }
        self.renewed.get().is_some_and(|at| at.elapsed() < DOUBT)
    }

    /// Gives it back, where this router has it.
    pub(super) fn let_go(&self) {
        if self.renewed.get().is_some() {
            // It ends by itself after its lifetime where this can't be said.
            let _ = self.deployed.let_go(self.pod);
        }
    }
}
