//! Clocks that are wrong: certificates, tokens and leases live by them.

use jiff::{SignedDuration, Timestamp};

use super::finding::{Finding, Place};

/// A smaller difference means nothing: an answer takes time, and its date has whole seconds.
const SLIGHT_DIFFERENCE: SignedDuration = SignedDuration::from_secs(30);
/// By such a difference and larger ones, tokens are refused.
const GRAVE_DIFFERENCE: SignedDuration = SignedDuration::from_mins(5);

const CHECK: &str = "clock";

/// Judges this machine's clock by the API server's. `server` is the answer's `Date` header, whole
/// seconds; `local` is the time here in the middle of the request.
pub fn clock_by_server(server: Timestamp, local: Timestamp) -> Finding {
    let off = local.duration_since(server);
    if off.abs() < SLIGHT_DIFFERENCE {
        return Finding::ok(Place::Laptop, CHECK, "agrees with the API server's");
    }
    let direction = if off.is_positive() { "ahead of" } else { "behind" };
    let what = format!("is {} {direction} the API server's", spoken(off.abs()));
    if off.abs() < GRAVE_DIFFERENCE {
        return Finding::warn(Place::Laptop, CHECK, what)
            .why("ages and timeouts that mlctl shows are wrong by that much")
            .mend("sudo timedatectl set-ntp true");
    }
    Finding::fail(Place::Laptop, CHECK, what)
        .why("tokens and certificates are refused, or trusted too long, by a clock so wrong")
        .mend("sudo timedatectl set-ntp true")
}

/// Judges this machine's clock without a server to ask: time doesn't go backwards. `past` are
/// moments that have been, each with what happened then.
pub fn clock_by_memory(past: &[(&str, Timestamp)], local: Timestamp) -> Finding {
    let Some((what, latest)) = past.iter().max_by_key(|(_, at)| *at) else {
        return Finding::skip(Place::Laptop, CHECK, "nothing to compare it with");
    };
    let behind = latest.duration_since(local);
    if behind < SLIGHT_DIFFERENCE {
        return Finding::ok(Place::Laptop, CHECK, format!("is later than {what}"));
    }
    let what_is_wrong = format!("is {} before {what}", spoken(behind));
    let finding = if behind < GRAVE_DIFFERENCE {
        Finding::warn(Place::Laptop, CHECK, what_is_wrong)
    } else {
        Finding::fail(Place::Laptop, CHECK, what_is_wrong)
    };
    finding
        .why("runs are sorted and timed by it, and downloads check certificates by it")
        .mend("sudo timedatectl set-ntp true")
}

/// A duration for people, in one unit.
fn spoken(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
