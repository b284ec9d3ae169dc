//! Times as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The time of day in this machine's time zone, `12:01:03`; with the day before it where that is not
/// today.
pub fn moment(time: Timestamp) -> String {
    shown(time, Timestamp::now(), TimeZone::system())
}

fn shown(time: Timestamp, now: Timestamp, zone: TimeZone) -> String {
    let (time, now) = (time.to_zoned(zone.clone()), now.to_zoned(zone));
    let form = if time.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    time.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_day_is_named() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-28T12:30:00Z");
        assert_eq!(shown(at("2026-11-28T12:01:03Z"), now, TimeZone::UTC), "12:01:03");
        assert_eq!(shown(at("2026-11-27T23:59:59Z"), now, TimeZone::UTC), "2026-11-27 23:59:59");
    }
}
