//! Clocks that differ by the time that the machine slept.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A shorter difference is no sleep: the clocks are read one after the other, and the kernel may
/// run another process in between.
const SHORTEST: Duration = Duration::from_secs(1);

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
    /// What [`boottime`] was ahead of [`monotonic`] when the last sleep was told, or at the start.
    ahead: Duration,
}

impl Default for SleepWatch {
    fn default() -> Self {
        Self::begun_at(boottime(), monotonic())
    }
}

impl SleepWatch {
    /// How long the machine slept since this was last told, if that was longer than a second.
    pub fn slept(&mut self) -> Option<Duration> {
        self.slept_by(boottime(), monotonic())
    }

    fn begun_at(boottime: Duration, monotonic: Duration) -> Self {
        Self { ahead: boottime.saturating_sub(monotonic) }
    }

    fn slept_by(&mut self, boottime: Duration, monotonic: Duration) -> Option<Duration> {
        let ahead = boottime.saturating_sub(monotonic);
        let slept = ahead.saturating_sub(self.ahead);
        (slept > SHORTEST).then(|| {
            self.ahead = ahead;
            slept
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The standard library reads the same clock, so each reading lies between two of its own.
    #[test]
    fn monotonic_is_the_standard_librarys_clock() {
        let (outer, begin) = (Instant::now(), monotonic());
        std::thread::sleep(Duration::from_millis(20));
        let (end, outer) = (monotonic(), outer.elapsed());
        let (begin_2, inner) = (monotonic(), Instant::now());
        std::thread::sleep(Duration::from_millis(20));
        let (inner, end_2) = (inner.elapsed(), monotonic());
        assert!(
            end > begin && end.checked_sub(begin).unwrap() <= outer,
            "{begin:?} to {end:?}, within {outer:?}"
        );
        assert!(
            end_2.checked_sub(begin_2).unwrap() >= inner,
            "{begin_2:?} to {end_2:?}, around {inner:?}"
        );
        assert!(inner >= Duration::from_millis(20));
    }

    /// It counts all that the other one counts, and what the machine slept.
    #[test]
    fn boottime_is_never_slower_than_monotonic() {
        let (outer, inner) = (boottime(), monotonic());
        std::thread::sleep(Duration::from_millis(20));
        let (inner, outer) =
            (monotonic().checked_sub(inner).unwrap(), boottime().checked_sub(outer).unwrap());
        assert!(outer >= inner && inner >= Duration::from_millis(20), "{outer:?}, {inner:?}");
    }

    #[test]
    fn a_sleep_is_told_once() {
        // The machine had slept for 100 s before the watch began.
        let mut watch = SleepWatch::begun_at(s(300), s(200));
        assert_eq!(watch.slept_by(s(310), s(210)), None, "both clocks went on alike");
        assert_eq!(watch.slept_by(s(380), s(220)), Some(s(60)));
        assert_eq!(watch.slept_by(s(381), s(221)), None, "it has been told");
        assert_eq!(watch.slept_by(s(400), s(238)), Some(s(2)), "and the next one is told too");
    }

    #[test]
    fn short_sleeps_are_told_once_they_add_up() {
        let mut watch = SleepWatch::begun_at(s(10), s(10));
        assert_eq!(watch.slept_by(s(21), s(20)), None, "a second is not longer than a second");
        let more = Duration::from_millis(21_001);
        assert_eq!(watch.slept_by(more, s(20)), Some(more.checked_sub(s(20)).unwrap()));
    }

    #[test]
    fn clocks_that_contradict_each_other_are_no_sleep() {
        // A read clock that failed is zero, and nothing may overflow.
        let mut watch = SleepWatch::begun_at(s(0), s(50));
        assert_eq!(watch.slept_by(s(0), s(60)), None);
        let mut watch = SleepWatch::begun_at(s(100), s(50));
        assert_eq!(watch.slept_by(s(100), s(90)), None, "the clocks came closer");
        assert_eq!(watch.slept_by(s(160), s(100)), Some(s(10)));
    }
}
