//! The report of `why` as text: the chain of causes and what to do.

use super::{BOLD, DIM, ERROR, HINT, Text};
use crate::run::{Cause, WhyReport};

/// The report as text.
pub fn why_text(report: &WhyReport) -> Text {
    with_advice(report, std::iter::empty())
}

/// The report as text with more facts, which stand before what to do about it.
pub(super) fn with_advice(report: &WhyReport, facts: impl IntoIterator<Item = Text>) -> Text {
    let headline = Text::styled(super::run_state_style(report.state), &report.headline);
    let mut lines = vec![Text::styled(BOLD, &report.run).then(" ").then(headline)];
    for cause in &report.causes {
        lines.push(Text::default());
        cause_lines(cause, &mut lines);
    }
    if !report.consequences.is_empty() {
        lines.push(Text::default());
        lines.push("because of it:".into());
        lines.extend(report.consequences.iter().map(|text| format!("  {text}").into()));
    }
    if !report.earlier.is_empty() {
        lines.push(Text::default());
        lines.push("before that:".into());
        for cause in &report.earlier {
            lines.push(Text::from("  ").then(cause_title(cause)));
            let last = cause.lines.last();
            lines.extend(last.map(|line| Text::from("    ").then(quoted(line))));
        }
    }
    if !report.retries.is_empty() {
        lines.push(Text::default());
        let each =
            report.retries.iter().map(|s| format!("{} {} of {}", s.class, s.spent, s.budget));
        let each = each.collect::<Vec<_>>().join(", ");
        lines.push(format!("restarts used: {each}").into());
    }
    if !report.warnings.is_empty() {
        lines.push(Text::default());
        lines.push("warnings:".into());
        lines.extend(report.warnings.iter().map(|text| format!("  {text}").into()));
    }
    lines.extend(facts);
    if !report.next.is_empty() {
        lines.push(Text::default());
        lines.push(Text::styled(HINT, "what to do:"));
        lines.extend(report.next.iter().map(|text| format!("  - {text}").into()));
    }
    Text::lines(lines)
}

fn cause_title(cause: &Cause) -> Text {
    let attempt = cause.attempt.filter(|n| *n > 0).map(|n| format!("attempt {n}"));
    let class = cause.class.map(|class| class.to_string());
    let of: Vec<_> = attempt.into_iter().chain(class).collect();
    let of = if of.is_empty() { String::new() } else { format!(" ({})", of.join(", ")) };
    match &cause.replica {
        Some(who) => Text::styled(ERROR, &who.to_string()).then(format!("{of}: {}", cause.text)),
        None => format!("{}{of}", cause.text).into(),
    }
}

fn cause_lines(cause: &Cause, lines: &mut Vec<Text>) {
    lines.push(cause_title(cause));
    lines.extend(cause.lines.iter().map(|line| Text::from("  ").then(quoted(line))));
}

/// A line of a command's output.
fn quoted(line: &str) -> Text {
    Text::styled(DIM, &format!("| {line}"))
}
