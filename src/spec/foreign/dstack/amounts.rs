//! dstack's amounts: ranges, sizes in gigabytes, durations.

use std::time::Duration;

use crate::spec::foreign::common::fields::Findings;
use crate::spec::syntax::Node;
use crate::text::{ByteSize, Span};

/// A range as it is written: `4`, `4..`, `4..8`, `..8`, or `{min: 4, max: 8}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) min: Option<String>,
    pub(super) max: Option<String>,
}

impl Range {
    /// A range in one text; one value is both ends.
    pub(super) fn of(text: &str) -> Self {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let end = |end: &str| (!end.is_empty()).then(|| end.to_owned());
        match text.split_once("..") {
            Some((min, max)) => Self { min: end(min), max: end(max) },
            None => Self { min: end(&text), max: end(&text) },
        }
    }

    /// The ends are not the same.
    pub(super) fn is_wide(&self) -> bool {
        self.min != self.max
    }
}

impl Findings {
    /// A range; `None` when it is none, which is told.
    pub(super) fn range(&mut self, node: &Node, path: &str) -> Option<Range> {
        if let Some(text) = node.as_text() {
            return Some(Range::of(text));
        }
        let end = |name: &str| Some(node.get(name)?.as_text()?.to_owned());
        let range = Range { min: end("min"), max: end("max") };
        if range.min.is_none() && range.max.is_none() {
            self.wrong_type(node, path, "an amount, or a range such as `2..4`");
            return None;
        }
        Some(range)
    }

    /// The least of a range as a whole number; nothing where the range has no lower end.
    pub(super) fn least(&mut self, node: &Node, path: &str, range: &Range) -> Option<u32> {
        let text = range.min.as_deref()?;
        let number = text.parse().ok();
        if number.is_none() {
            self.wrong_type(node, path, "a whole number, or a range such as `2..4`");
        }
        number
    }

    /// A time: seconds, or `90s`, `30m`, `2h`, `1d`, `2w`; nothing where it is `off`.
    pub(super) fn duration(&mut self, node: &Node, path: &str) -> Option<Span> {
        let text = node.as_text().unwrap_or_default().trim();
        if matches!(text, "off" | "Off" | "OFF" | "false" | "true" | "-1") {
            return None;
        }
        let span = seconds(text);
        if span.is_none() {
            self.wrong_type(node, path, "a time such as `2h`, or a number of seconds");
        }
        span.filter(|span| !span.0.is_zero())
    }
}

fn seconds(text: &str) -> Option<Span> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit: u64 = match text[digits.len()..].trim() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        "w" => 7 * 24 * 3600,
        _ => return None,
    };
    let seconds = digits.parse::<u64>().ok()?.checked_mul(unit)?;
    u32::try_from(seconds).is_ok().then_some(Span(Duration::from_secs(seconds)))
}

/// A size, in gigabytes where it has no unit; those are of 1024 megabytes.
pub(super) fn size(text: &str) -> Option<ByteSize> {
    let lower = text.to_ascii_lowercase();
    let (digits, unit) = [("tb", "Ti"), ("gb", "Gi"), ("mb", "Mi")]
        .iter()
        .find_map(|(theirs, ours)| Some((lower.strip_suffix(theirs)?, *ours)))
        .unwrap_or((&lower, "Gi"));
    format!("{}{unit}", digits.trim()).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_dstack_reads_them() {
        let bytes = |text| size(text).map(|size| size.to_string());
        assert_eq!(bytes("16GB").as_deref(), Some("16Gi"));
        assert_eq!(bytes("0.5 TB").as_deref(), Some("512Gi"));
        assert_eq!(bytes("24").as_deref(), Some("24Gi"));
        assert_eq!(bytes("many"), None);
        assert_eq!(seconds("2h"), Some(Span(Duration::from_hours(2))));
        assert_eq!(seconds("90"), Some(Span(Duration::from_secs(90))));
        assert_eq!(seconds("99999999999w"), None);
        assert_eq!(Range::of("16GB .. "), Range { min: Some("16GB".into()), max: None });
        assert!(!Range::of("4").is_wide());
    }
}
