//! How much is looked at before a checkout counts as too large to vouch for.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// A `git status` of the largest repositories takes this long.
const TIME: Duration = Duration::from_secs(10);
/// Files whose times have changed are read again, up to so many bytes.
const BYTES: u64 = 4 << 30;

/// What may still be spent on one answer, submodules included.
pub(super) struct Budget {
    end: Instant,
    bytes: Cell<u64>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { end: Instant::now() + TIME, bytes: Cell::new(BYTES) }
    }

    /// `None` when the time is over.
    pub(super) fn step(&self) -> Option<()> {
        (Instant::now() < self.end).then_some(())
    }

    /// `None` when the time is over or so many bytes are not left.
    pub(super) fn read(&self, bytes: u64) -> Option<()> {
        self.step()?;
        self.bytes.set(self.bytes.get().checked_sub(bytes)?);
        Some(())
    }
}
