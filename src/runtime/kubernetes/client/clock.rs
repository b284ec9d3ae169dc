//! The API server's clock, as its answers tell it. What decides anything in a cluster goes by this one:
//! that of a laptop may be off by an hour or a year, and the objects' times are the server's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use crate::sys::boottime;

/// What the server's clock says now. Clones tell the same time.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerClock(Arc<Mutex<Option<Told>>>);

/// The date of an answer, and when it came by the time since this machine's boot, which nobody sets.
#[derive(Clone, Copy, Debug)]
struct Told {
    date: Timestamp,
    at: Duration,
}

impl ServerClock {
    /// The server's time, to a second or two; `None` before its first answer that names a date.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        let told = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Told { date, at } = told?;
        let since = SignedDuration::try_from(boottime().saturating_sub(at)).ok()?;
        date.checked_add(since).ok()
    }

    /// Takes in the date of an answer that has just come, in the form of RFC 9110, 6.6.1.
    pub(super) fn read(&self, headers: &HeaderMap) {
        let date = headers.get(http::header::DATE).and_then(|date| date.to_str().ok());
        let Some(date) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) else { return };
        let told = Told { date: date.timestamp(), at: boottime() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    }
}

/// How long ago something was by the server's clock, which writes its times in whole seconds: `None`
/// where that is not known, or where it is still to come.
pub(crate) fn age(now: Option<Timestamp>, then: Option<Timestamp>) -> Option<Duration> {
    Duration::try_from(now?.duration_since(then?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answer_counts_and_what_is_to_come_has_no_age() {
        let clock = ServerClock::default();
        assert_eq!(clock.now(), None);
        let answer = |date: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::DATE, date.parse().unwrap());
            clock.read(&headers);
            clock.now().unwrap()
        };
        let then: Timestamp = "2027-03-01T10:00:00Z".parse().unwrap();
        let now = answer("Mon, 01 Mar 2027 10:00:30 GMT");
        assert!(age(Some(now), Some(then)).is_some_and(|age| age >= Duration::from_secs(30)));
        assert_eq!(age(Some(then), Some(now)), None);
        // What can't be read changes nothing.
        assert!(answer("yesterday") >= now);
        assert!(answer("Sun, 01 Mar 2026 10:00:30 GMT") < then);
    }
}
