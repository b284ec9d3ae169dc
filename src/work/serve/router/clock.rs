//! Time as a number, cheap to keep in an atomic.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since the process asked for the first time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn new() -> Self {
        static START: OnceLock<Instant> = OnceLock::new();
        Self(*START.get_or_init(Instant::now))
    }

    pub(crate) fn now(self) -> u64 {
        self.at(Instant::now())
    }

    pub(crate) fn at(self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.0).as_millis();
        // One is added so that 0 is never a time that was measured.
        u64::try_from(since).unwrap_or(u64::MAX).saturating_add(1)
    }
}

/// Milliseconds since 1970.
pub(crate) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
