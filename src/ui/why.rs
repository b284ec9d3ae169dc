//! The report of `why` as text: the chain of causes and what to do.

use super::{BOLD, DIM, ERROR, HINT};
use crate::run::{Cause, WhyReport};

/// The report as text without a last line end. `paint` puts text into a style, or leaves it as it
/// is where there are no colours.
pub fn why_text(report: &WhyReport, paint: &dyn Fn(anstyle::Style, &str) -> String) -> String {
    let headline = paint(super::run_state_style(report.state), &report.headline);
    let mut lines = vec![format!("{} {headline}", paint(BOLD, &report.run))];
    for cause in &report.causes {
        lines.push(String::new());
        cause_lines(cause, &mut lines, paint);
    }
    if !report.consequences.is_empty() {
        lines.push(String::new());
        lines.push("because of it:".into());
        lines.extend(report.consequences.iter().map(|text| format!("  {text}")));
    }
    if !report.earlier.is_empty() {
        lines.push(String::new());
        lines.push("before that:".into());
        for cause in &report.earlier {
            lines.push(format!("  {}", cause_title(cause, paint)));
            let last = cause.lines.last();
            lines.extend(last.map(|line| format!("    {}", paint(DIM, &format!("| {line}")))));
        }
    }
    if !report.retries.is_empty() {
        lines.push(String::new());
        let each =
            report.retries.iter().map(|s| format!("{} {} of {}", s.class, s.spent, s.budget));
        lines.push(format!("restarts used: {}", each.collect::<Vec<_>>().join(", ")));
    }
    if !report.warnings.is_empty() {
        lines.push(String::new());
        lines.push("warnings:".into());
        lines.extend(report.warnings.iter().map(|text| format!("  {text}")));
    }
    if !report.next.is_empty() {
        lines.push(String::new());
        lines.push(paint(HINT, "what to do:"));
        lines.extend(report.next.iter().map(|text| format!("  - {text}")));
    }
    lines.join("\n")
}

fn cause_title(cause: &Cause, paint: &dyn Fn(anstyle::Style, &str) -> String) -> String {
    let who = cause.replica.as_ref().map(|replica| paint(ERROR, &replica.to_string()));
    let attempt = cause.attempt.filter(|n| *n > 0).map(|n| format!("attempt {n}"));
    let class = cause.class.map(|class| class.to_string());
    let of: Vec<_> = attempt.into_iter().chain(class).collect();
    let of = if of.is_empty() { String::new() } else { format!(" ({})", of.join(", ")) };
    match who {
        Some(who) => format!("{who}{of}: {}", cause.text),
        None => format!("{}{of}", cause.text),
    }
}

fn cause_lines(
    cause: &Cause,
    lines: &mut Vec<String>,
    paint: &dyn Fn(anstyle::Style, &str) -> String,
) {
    lines.push(cause_title(cause, paint));
    lines.extend(cause.lines.iter().map(|line| format!("  {}", paint(DIM, &format!("| {line}")))));
}
