//! Durations, sizes and numbers as people read them; documents for programs hold them exactly.

use std::time::Duration;

pub use crate::text::{bytes, number};

use jiff::Timestamp;

/// `0.6s`, `42s`, `3m 07s`, `2h 05m`, `3d 04h`: two units at most, so columns stay narrow.
pub fn duration(duration: Duration) -> String {
    let s = duration.as_secs();
    match s {
        0..10 => format!("{:.1}s", duration.as_millis() as f64 / 1000.0),
        10..60 => format!("{s}s"),
        60..3600 => format!("{}m {:02}s", s / 60, s % 60),
        3600..86400 => format!("{}h {:02}m", s / 3600, s / 60 % 60),
        _ => format!("{}d {:02}h", s / 86400, s / 3600 % 24),
    }
}

/// The time between two moments; zero when the clock went backwards.
pub fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// The time between two moments in one unit, as kubectl's AGE: `5s`, `12m`, `3h`, `9d`.
pub fn age(from: Timestamp, to: Timestamp) -> String {
    let s = between(from, to).as_secs();
    match s {
        0..120 => format!("{s}s"),
        120..7200 => format!("{}m", s / 60),
        7200..172_800 => format!("{}h", s / 3600),
        _ => format!("{}d", s / 86400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_can_read_it() {
        let durations = [0, 59, 60, 3599, 7500, 100_000].map(|s| duration(Duration::from_secs(s)));
        assert_eq!(durations, ["0.0s", "59s", "1m 00s", "59m 59s", "2h 05m", "1d 03h"]);
        assert_eq!(
            [0, 999, 1000, 5 << 20, 1 << 40].map(bytes),
            ["0 B", "999 B", "1.0 KiB", "5.0 MiB", "1.0 TiB"]
        );
        assert_eq!(
            [0.0, 0.972_46, 1.0, 123_456.0, 0.000_000_12, 0.25, -3.5].map(number),
            ["0", "0.9725", "1", "123456", "1.2e-7", "0.25", "-3.5"]
        );
    }
}
