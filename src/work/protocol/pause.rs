//! How long to wait before a request is sent again.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// The first wait.
const FIRST: Duration = Duration::from_millis(200);
/// The longest wait that is chosen here.
const LONGEST: Duration = Duration::from_secs(20);
/// The longest wait that a server may ask for; one that asks for more is asked again after this.
const LONGEST_ASKED: Duration = Duration::from_mins(2);

/// The wait before attempt `next` (1 for the first repetition): what the server asked for, and at least
/// a random time up to a limit that doubles, so that workers don't come back all at once ("full jitter",
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
pub(super) fn pause(next: u32, retry_after: Option<&str>, now: Timestamp) -> Duration {
    let asked = retry_after.and_then(|text| asked(text, now)).unwrap_or_default();
    let limit = FIRST.saturating_mul(1 << next.min(10)).min(LONGEST);
    // A server that says "at once" again and again is not better for it.
    asked.min(LONGEST_ASKED).max(limit.mul_f64(0.5 + fastrand::f64() / 2.0))
}

/// `Retry-After` as HTTP has it: seconds, or a date.
fn asked(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_how_long_in_seconds_or_by_a_date() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let seconds = |text: &str| pause(1, Some(text), now).as_secs();
        assert_eq!(seconds("7"), 7);
        assert_eq!(seconds("Fri, 02 Jan 2026 03:04:15 GMT"), 10);
        assert_eq!(seconds("Fri, 02 Jan 2026 03:00:00 GMT"), 0);
        assert_eq!(seconds("86400"), 120);
        assert!(pause(9, Some("0"), now) >= LONGEST / 2, "an outage is outlived");
        assert!(pause(1, Some("soon"), now) <= FIRST * 2);
    }

    #[test]
    fn the_wait_grows_up_to_its_limit() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(pause(1, None, now) >= FIRST);
        let late = pause(30, None, now);
        assert!(late >= LONGEST / 2 && late <= LONGEST);
    }
}
