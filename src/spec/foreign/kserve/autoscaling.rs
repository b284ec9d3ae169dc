//! How many replicas, and what makes them more: fields of a predictor, and annotations.

use std::time::Duration;

use crate::spec::foreign::common::fields::{Fields, Findings};
use crate::spec::foreign::common::gather::Located;
use crate::spec::kinds::endpoint::{ReplicaBounds, Replicas};
use crate::spec::syntax::{Entry, Node};
use crate::text::{Percent, Span};

use super::system::Served;

/// What Knative and an autoscaler of pods take for the fullest replica where nothing is said.
const USUAL: &str = "8 requests at once are what a replica carries where nothing is said, in KServe 100 of \
                     them or 80 % of its cores: write `scaleTarget: 8`, or what you measured";

/// `minReplicas`, `maxReplicas`, `scaleTarget`, `scaleMetric`, `containerConcurrency` and `timeout`.
pub(super) fn replicas(findings: &mut Findings, fields: &Fields<'_>, served: &mut Served<'_>) {
    let mut bounds = given(served);
    for (name, bound) in [("minReplicas", &mut bounds.min), ("maxReplicas", &mut bounds.max)] {
        let Some(entry) = fields.entry(name) else { continue };
        let Some(count) = findings.count(&entry.value, name) else { continue };
        served.of("replicas", entry);
        let inner = if name == "minReplicas" { "replicas.min" } else { "replicas.max" };
        served.of(inner, entry);
        // No most at all is written as 0.
        *bound = Some(count).filter(|count| *count > 0 || name == "minReplicas");
    }
    set(served, bounds);
    let metric = fields.entry("scaleMetric");
    let metric_name = metric.and_then(|metric| findings.text(&metric.value, "scaleMetric"));
    if let Some(target) = fields.entry("scaleTarget") {
        let word = metric_name.unwrap_or("concurrency");
        scale(findings, target, word, served);
    } else if let Some(metric) = metric {
        let usual = match metric_name {
            Some("cpu") => Some("80"),
            Some("rps") => Some("200"),
            Some("concurrency") => Some("100"),
            _ => None,
        };
        match usual {
            Some(usual) => {
                target(findings, &metric.value, metric, (metric_name.unwrap_or(""), usual), served);
            }
            None => findings.left("scaleMetric", metric, NO_MEMORY),
        }
    }
    let has_target = served.endpoint.scaling.as_ref().is_some_and(|one| !one.target.is_default());
    if let Some(entry) =
        fields.entry("maxReplicas").filter(|_| bounds.max > bounds.min.or(Some(1)) && !has_target)
    {
        findings.instead(&entry.value, "replicas scale by another measure".to_owned(), USUAL);
    }
    if let Some(entry) = fields.entry("scaleTarget").filter(|_| bounds.max.is_none()) {
        let message = "without `maxReplicas` nothing scales here".to_owned();
        findings.instead(
            &entry.value,
            message,
            "write `maxReplicas: 4` beside it, or as many as may be paid for",
        );
        // A measure of nothing would be said to be that once more.
        served.endpoint.scaling = None;
    }
    if let Some(entry) =
        fields.entry("containerConcurrency").or_else(|| fields.entry("parallelism"))
        && let Some(count) = findings.count(&entry.value, "containerConcurrency")
        && count > 0
    {
        served.of("maxConcurrency", entry);
        served.revision.max_concurrency = Some(count);
    }
    if let Some(entry) = fields.entry("timeout")
        && let Some(seconds) = findings.count(&entry.value, "timeout").filter(|count| *count > 0)
    {
        served.of_all("limits.timeout", entry);
        served.endpoint.limits.timeout = Some(Span(Duration::from_secs(seconds.into())));
    }
}

const NO_MEMORY: &str = "replicas are made by requests, or by the use of cores: `scaleMetric: concurrency`, `rps` \
                         or `cpu`";

/// The bounds so far.
fn given(served: &Served<'_>) -> ReplicaBounds {
    match served.revision.replicas {
        Some(Replicas::Between(bounds)) => bounds,
        Some(Replicas::Fixed(count)) => ReplicaBounds { min: Some(count), max: Some(count) },
        None => ReplicaBounds::default(),
    }
}

/// One number where nothing scales; one replica alone is what there is anyway.
fn set(served: &mut Served<'_>, bounds: ReplicaBounds) {
    served.revision.replicas = match (bounds.min, bounds.max) {
        (None | Some(1), None | Some(1)) => None,
        (Some(min), None) if min > 0 => Some(Replicas::Fixed(min)),
        (Some(min), Some(max)) if min == max => Some(Replicas::Fixed(min)),
        (min, max) => Some(Replicas::Between(ReplicaBounds { min, max })),
    };
}

/// An annotation that says how it scales.
pub(super) fn annotated(findings: &mut Findings, one: &Entry, served: &mut Served<'_>) {
    let name = one.key.text.rsplit('/').next().unwrap_or_default();
    let mut bounds = given(served);
    match name {
        "minScale" | "min-scale" => {
            bounds.min = findings.count(&one.value, &one.key.text);
            served.of("replicas", one);
        }
        "maxScale" | "max-scale" => {
            bounds.max = findings.count(&one.value, &one.key.text).filter(|count| *count > 0);
            served.of("replicas", one);
        }
        "target" => {
            let known = served.endpoint.scaling.as_ref();
            let word = if known.is_some_and(|one| one.target.requests_per_second.is_some()) {
                "rps"
            } else {
                "concurrency"
            };
            scale(findings, one, word, served);
        }
        "targetUtilizationPercentage" => scale(findings, one, "cpu", served),
        "metric" => metric(findings, one, served),
        "window" | "scale-to-zero-pod-retention-period" => window(findings, one, name, served),
        _ => {}
    }
    set(served, bounds);
}

fn metric(findings: &mut Findings, one: &Entry, served: &mut Served<'_>) {
    let Some(word) = findings.text(&one.value, &one.key.text) else { return };
    if word == "rps" {
        // What `target` says may stand before it or behind it.
        let scaling = served.endpoint.scaling.get_or_insert_default();
        let target = scaling.target.concurrency.take().unwrap_or(200.0);
        scaling.target.requests_per_second = Some(target);
        served.of_all("scaling", one);
        served.of_all("scaling.target.requestsPerSecond", one);
    } else if !matches!(word, "concurrency" | "cpu") {
        findings.left("annotations", one, NO_MEMORY);
    }
}

fn window(findings: &mut Findings, one: &Entry, name: &str, served: &mut Served<'_>) {
    let text = findings.text(&one.value, &one.key.text).unwrap_or_default();
    let Ok(span) = text.parse::<Span>() else {
        findings.wrong_type(&one.value, &one.key.text, "a time, for example 60s");
        return;
    };
    let scaling = served.endpoint.scaling.get_or_insert_default();
    let field = if name == "window" {
        scaling.window = Some(span);
        "scaling.window"
    } else {
        scaling.scale_to_zero_after = Some(span).filter(|span| !span.0.is_zero());
        "scaling.scaleToZeroAfter"
    };
    served.of_all("scaling", one);
    served.of_all(field, one);
}

fn scale(findings: &mut Findings, entry: &Entry, word: &str, served: &mut Served<'_>) {
    let text = entry.value.as_text().map(str::to_owned).unwrap_or_default();
    target(findings, &entry.value, entry, (word, &text), served);
}

/// What a replica is to carry, by the word for it.
fn target(
    findings: &mut Findings,
    node: &Node,
    entry: &Entry,
    (word, value): (&str, &str),
    served: &mut Served<'_>,
) {
    let number =
        value.trim().parse::<f64>().ok().filter(|number| *number > 0.0 && number.is_finite());
    let Some(number) = number else {
        findings.wrong_type(node, &entry.key.text, "a number above 0");
        return;
    };
    let mut scaling = served.endpoint.scaling.take().unwrap_or_default();
    let field = match word {
        "concurrency" => {
            scaling.target.concurrency = Some(number);
            "concurrency"
        }
        "rps" => {
            scaling.target.requests_per_second = Some(number);
            "requestsPerSecond"
        }
        "cpu" => {
            let Ok(percent) = format!("{number}%").parse::<Percent>() else {
                findings.wrong_type(node, &entry.key.text, "a percent from 1 to 100");
                return;
            };
            scaling.target.cpu = Some(percent);
            "cpu"
        }
        _ => {
            findings.left("scaleTarget", entry, NO_MEMORY);
            return;
        }
    };
    served.endpoint.scaling = Some(scaling);
    served.of_all("scaling", entry);
    served.whole.insert("scaling.target", Located::new((), entry).place);
    served.of_all(&format!("scaling.target.{field}"), entry);
}
