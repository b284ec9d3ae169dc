//! What a load test has found, as people read it.

use super::{BOLD, DIM, Printer, Table, Text};
use crate::work::predict::{LatencyReport, LoadReport};

/// The result of a load test: how many requests, how quick, for all and for each revision; what failed.
pub fn load_text(report: &LoadReport, printer: &Printer) -> Text {
    let mut lines = vec![Text::styled(BOLD, &report.url), how(report).into()];
    let header = ["REVISION", "REQUESTS", "RATE", "FAILED", "P50", "P90", "P99", "P99.9", "MAX"];
    let mut table = Table::new(&header).whole(&[0]);
    let rate = |requests: u64| format!("{:.1}/s", requests as f64 / report.seconds.max(1e-9));
    let row = |name: &str, requests: u64, failed: u64, latency: Option<&LatencyReport>| {
        let times = match latency {
            Some(LatencyReport { p50, p90, p99, p999, max, .. }) => {
                [*p50, *p90, *p99, *p999, *max].map(time)
            }
            None => std::array::from_fn(|_| "-".to_owned()),
        };
        let counts = [name.to_owned(), requests.to_string(), rate(requests), failed.to_string()];
        counts.into_iter().chain(times).collect()
    };
    table.row(row("all", report.requests, report.failed, report.latency.as_ref()));
    for of in &report.revisions {
        table.row(row(&of.revision, of.requests, of.failed, of.latency.as_ref()));
    }
    lines.push(table.render(printer));
    if report.unsent > 0 {
        let text = format!(
            "{} requests were due and never sent: {} at once were not enough for answers this slow",
            report.unsent, report.concurrency
        );
        lines.push(text.into());
    }
    if !report.failures.is_empty() {
        let mut table = Table::new(&["FAILURE", "COUNT", "FOR EXAMPLE"]);
        for failure in &report.failures {
            let cells = [failure.kind.clone(), failure.count.to_string(), failure.example.clone()];
            table.row(cells.into());
        }
        lines.push(table.render(printer));
    }
    lines.push(Text::styled(DIM, note(report)));
    Text::lines(lines)
}

/// How the requests were sent.
fn how(report: &LoadReport) -> String {
    let early = if report.ended_early { ", ended early" } else { "" };
    let rate = match report.rate {
        Some(rate) => {
            format!("{rate} requests/s asked for, at most {} at once", report.concurrency)
        }
        None => format!("{} at once", report.concurrency),
    };
    format!("{:.1} s{early}, {rate}", report.seconds)
}

/// What the latencies are.
fn note(report: &LoadReport) -> &'static str {
    match report.rate {
        Some(_) => {
            "latency from when a request was due to its answer, of predictions and time-outs"
        }
        None => {
            "latency from sending to answer, of predictions and time-outs; nothing is sent while all \
             wait, so a pause counts once: --rate shows what callers would see"
        }
    }
}

/// A latency with three digits: `870us`, `1.25ms`, `40.2ms`, `2.05s`.
fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-3 => (s * 1e6, "us"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    match value {
        v if v < 10.0 && unit != "us" => format!("{v:.2}{unit}"),
        v if v < 100.0 && unit != "us" => format!("{v:.1}{unit}"),
        v => format!("{v:.0}{unit}"),
    }
}
