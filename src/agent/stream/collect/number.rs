//! Numbers in what trials print.

use serde_json::Value as Json;

/// The number that a text begins with, and what is behind it. `None` where the number goes on as
/// something else: a version, a time, a word.
pub(super) fn leading(text: &str) -> Option<(f64, &str)> {
    if let Some(found) = not_finite(text) {
        return Some(found);
    }
    let bytes = text.as_bytes();
    let is = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|byte| wanted.contains(byte));
    let digits = |from: usize| {
        from + bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count()
    };
    let mut end = digits(usize::from(is(0, b"+-")));
    if is(end, b".") {
        let fraction = digits(end + 1);
        if fraction > end + 1 {
            end = fraction;
        }
    }
    if is(end, b"eE") {
        let start = end + 1 + usize::from(is(end + 1, b"+-"));
        let exponent = digits(start);
        if exponent > start {
            end = exponent;
        }
    }
    let (number, rest) = text.split_at_checked(end)?;
    let value = number.parse().ok()?;
    let mut next = rest.chars();
    let goes_on = match next.next() {
        Some('.' | ':') => next.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => c == '_' || c.is_alphanumeric(),
        None => false,
    };
    (!goes_on).then_some((value, rest))
}

/// What code prints in place of a number that is none, or has no end.
fn not_finite(text: &str) -> Option<(f64, &str)> {
    let unsigned = text.trim_start_matches(['+', '-']);
    let is_end = |rest: &str| !rest.starts_with(|c: char| c == '_' || c.is_alphanumeric());
    ["nan", "infinity", "inf"].into_iter().find_map(|word| {
        let (head, rest) = unsigned.split_at_checked(word.len())?;
        (head.eq_ignore_ascii_case(word) && is_end(rest)).then_some((f64::NAN, rest))
    })
}

/// A number alone, with or without a sign of percent behind it.
pub(super) fn whole(text: &str) -> Option<f64> {
    text.trim().trim_end_matches('%').parse().ok()
}

/// A number in JSON, or a text that holds one, as Katib's trials write them.
pub(super) fn of_json(value: &Json) -> Option<f64> {
    match value {
        Json::String(text) => whole(text),
        value => value.as_f64(),
    }
}

/// A step; none is below 0.
pub(super) fn step(value: f64) -> Option<u64> {
    (value >= 0.0).then_some(value as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_begins_with_a_number() {
        for (text, wanted) in [
            ("0.5", Some((0.5, ""))),
            ("+1e-3,", Some((0.001, ","))),
            ("-.5 x", Some((-0.5, " x"))),
            ("97.5%", Some((97.5, "%"))),
            ("3/10", Some((3.0, "/10"))),
            ("1E5}", Some((1e5, "}"))),
            ("5.", Some((5.0, "."))),
            ("7: next", Some((7.0, ": next"))),
            ("1.2.3", None),
            ("12:30", None),
            ("5s", None),
            ("1_000", None),
            ("2é", None),
            ("1e", None),
            ("nanometres", None),
            ("info", None),
            ("inf_1", None),
            ("-", None),
            ("é", None),
            ("", None),
        ] {
            assert_eq!(leading(text), wanted, "{text}");
        }
        assert!(leading("1e999").unwrap().0.is_infinite());
        for (text, rest) in [("nan", ""), ("NaN,", ","), ("-inf x", " x"), ("Infinity}", "}")] {
            let (value, found) = leading(text).unwrap();
            assert!(!value.is_finite(), "{text}");
            assert_eq!(found, rest);
        }
    }

    #[test]
    fn numbers_stand_alone_or_in_json() {
        assert_eq!(whole(" 12.5% "), Some(12.5));
        assert_eq!(whole("1 2"), None);
        assert_eq!(of_json(&Json::from("0.25")), Some(0.25));
        assert_eq!(of_json(&Json::from(3)), Some(3.0));
        assert_eq!(of_json(&Json::Bool(true)), None);
        assert_eq!((step(2.5), step(-1.0), step(f64::NAN)), (Some(2), None, None));
    }
}
