//! Clocks that differ by the time that the machine slept.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Time since boot, without the time that the machine slept.
pub fn monotonic() -> Duration {
    read(ClockId::Monotonic)
}

/// Time since boot, with the time that the machine slept.
pub fn boottime() -> Duration {
    read(ClockId::Boottime)
}

fn read(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

/// Notices that the machine slept by comparing the two clocks.
#[derive(Debug)]
pub struct SleepWatch {
    offset: Duration,
}

impl Default for SleepWatch {
    fn default() -> Self {
        Self { offset: boottime().saturating_sub(monotonic()) }
    }
}

impl SleepWatch {
    /// How long the machine slept since the last call, if that was longer than a second.
    pub fn slept(&mut self) -> Option<Duration> {
        let offset = boottime().saturating_sub(monotonic());
        let slept = offset.saturating_sub(self.offset);
        (slept > Duration::from_secs(1)).then(|| {
            self.offset = offset;
            slept
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_go_on_and_nobody_slept() {
        let before = monotonic();
        assert!(monotonic() >= before && boottime() + Duration::from_millis(1) >= before);
        assert_eq!(SleepWatch::default().slept(), None);
    }

    #[test]
    fn a_sleep_is_told_once() {
        let mut watch = SleepWatch::default();
        watch.offset = watch.offset.saturating_sub(Duration::from_mins(1));
        // Where the machine has never slept the offset is about zero and can't be lowered.
        if watch.offset > Duration::ZERO {
            assert!(watch.slept().is_some());
        }
        assert_eq!(watch.slept(), None);
    }
}
