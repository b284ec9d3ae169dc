//! `metricsCollectorSpec`: where metrics are read.

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::kinds::tune::{Collect, CollectWith, LineFormat, MetricSource};
use crate::spec::syntax::{Entry, Spans};

pub(super) const SPEC: Table = &[("collector", Use::Within), ("source", Use::Within)];
pub(super) const COLLECTOR: Table = &[
    ("kind", Use::Kept("collect")),
    ("customCollector", Use::Refused("metrics are read by the agent: print them, or write a file")),
];
pub(super) const SOURCE: Table = &[
    ("fileSystemPath", Use::Within),
    ("filter", Use::Within),
    ("httpGet", Use::Refused("metrics are read from output, files or TensorBoard's events")),
];
pub(super) const FILE: Table = &[
    ("path", Use::Kept("collect.path")),
    ("kind", Use::Changed("a file or a folder")),
    ("format", Use::Kept("collect.format")),
];
pub(super) const FILTER: Table = &[("metricsFormat", Use::Kept("collect.regex"))];

/// Katib's defaults.
const METRICS_LOG: &str = "/var/log/katib/metrics.log";
const EVENTS: &str = "/var/log/katib/tfevent/";

/// Reads a `metricsCollectorSpec`; without one Katib reads what the trial prints. `also` are metrics
/// that are recorded beside the objective.
pub(super) fn collect(
    findings: &mut Findings,
    entry: Option<&Entry>,
    also: Vec<String>,
    spans: &mut Spans,
) -> Collect {
    let printed = CollectWith { from: MetricSource::Stdout, also, ..CollectWith::default() };
    let Some(entry) = entry else { return short(printed) };
    spans.insert("collect", Located::new((), entry).place);
    let fields = findings.fields(&entry.value, "metricsCollectorSpec", SPEC);
    let collector =
        fields.get("collector").map(|node| findings.fields(node, "collector", COLLECTOR));
    let kind = collector.as_ref().and_then(|fields| fields.get("kind"));
    let from = match kind.and_then(|node| node.as_text()) {
        None | Some("StdOut") => MetricSource::Stdout,
        Some("File") => MetricSource::File,
        Some("TensorFlowEvent") => MetricSource::Tensorboard,
        Some(other) => {
            let help = match other {
                "Custom" => "let the trial print `name=value`, or write a file that is read",
                "PrometheusMetric" | "Prometheus" => {
                    "let the trial print `name=value`: nothing asks it over HTTP"
                }
                "None" | "Push" => {
                    "nothing listens for the SDK's report_metrics: let the trial print `name=value`"
                }
                _ => "write StdOut, File or TensorFlowEvent",
            };
            let message = format!("the metrics collector `{other}` is not known to mlctl");
            findings.refuse(kind.unwrap_or(&entry.value), message, help);
            return short(printed);
        }
    };
    let mut with = CollectWith { from, ..printed };
    let source = fields.get("source").map(|node| findings.fields(node, "source", SOURCE));
    let source = |name: &str| source.as_ref().and_then(|fields| fields.entry(name));
    if let Some(http) = source("httpGet") {
        findings.left("httpGet", http, "nothing asks the trial over HTTP");
    }
    let file =
        source("fileSystemPath").map(|entry| findings.fields(&entry.value, "fileSystemPath", FILE));
    let file = |name: &str| file.as_ref().and_then(|fields| fields.entry(name));
    let path = file("path").and_then(|entry| {
        spans.insert("collect.path", Located::new((), entry).place);
        findings.text(&entry.value, "fileSystemPath.path").map(str::to_owned)
    });
    with.path = match from {
        MetricSource::File => Some(path.unwrap_or_else(|| METRICS_LOG.to_owned())),
        MetricSource::Tensorboard => Some(path.unwrap_or_else(|| EVENTS.to_owned())),
        _ => None,
    };
    if let Some(entry) = file("format") {
        match entry.value.as_text() {
            Some("JSON") if from == MetricSource::File => with.format = LineFormat::Json,
            Some("TEXT" | "JSON") => {}
            _ => findings.wrong_type(&entry.value, "fileSystemPath.format", "TEXT or JSON"),
        }
    }
    let filter = source("filter").map(|entry| findings.fields(&entry.value, "filter", FILTER));
    if let Some(formats) = filter.and_then(|fields| fields.entry("metricsFormat"))
        && matches!(from, MetricSource::Stdout | MetricSource::File)
    {
        let texts = findings.texts(&formats.value, "metricsFormat");
        let located = Located::list((), formats, &formats.value);
        spans.insert("collect.regex", located.place);
        for (index, item) in located.items.iter().enumerate() {
            spans.insert(crate::spec::syntax::index_path("collect.regex", index), *item);
        }
        with.regex = texts.iter().map(|text| expression(text)).collect();
    }
    short(with)
}

/// A source alone is a word.
fn short(with: CollectWith) -> Collect {
    let alone = CollectWith { from: with.from, ..CollectWith::default() };
    if with == alone { Collect::From(with.from) } else { Collect::With(with) }
}

/// An expression of Go as one that means the same here: there a `{` that begins no repetition is an
/// ordinary character.
fn expression(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut escaped = false;
    let mut in_class = false;
    for (at, c) in text.char_indices() {
        if c == '{' && !escaped && !in_class {
            let rest = &text[at + 1..];
            let body = rest.split('}').next().filter(|body| body.len() < rest.len());
            let is_count = body.is_some_and(|body| {
                let (low, high) = body.split_once(',').unwrap_or((body, ""));
                let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
                !low.is_empty() && digits(low) && digits(high)
            });
            // Names of groups and classes have braces of their own: `\p{L}`, `\x{7f}`.
            let of_escape = text[..at].ends_with(r"\p") || text[..at].ends_with(r"\x");
            if !(is_count || of_escape) || at == 0 {
                out.push('\\');
            }
        }
        match c {
            '[' if !escaped => in_class = true,
            ']' if !escaped => in_class = false,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_of_go() {
        for (text, wanted) in [
            (
                r"{metricName: ([\w|-]+), metricValue: (\d+)}",
                r"\{metricName: ([\w|-]+), metricValue: (\d+)}",
            ),
            (r"a{2,3}b{4}", r"a{2,3}b{4}"),
            (r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?)", r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?)"),
            (r"\{a", r"\{a"),
            (r"[{]\p{L}", r"[{]\p{L}"),
        ] {
            assert_eq!(expression(text), wanted);
            assert!(regex::Regex::new(wanted).is_ok(), "{wanted}");
        }
    }
}
