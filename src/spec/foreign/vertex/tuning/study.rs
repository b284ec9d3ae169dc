//! `studySpec`: metrics, parameters, and how they are searched.

use super::parameter::parameters;
use super::stopping::{early_stopping, stopping};
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::scalars::items;
use crate::spec::foreign::common::suspects;
use crate::spec::kinds::tune::{Algorithm, Goal, Measurement, Metric, TuneJob};
use crate::spec::syntax::{Code, Diagnostic, Entry, Node, Spans, index_path, key_path};

pub(in crate::spec::foreign::vertex) const STUDY: Table = &[
    ("metrics", Use::Within),
    ("parameters", Use::Within),
    ("algorithm", Use::Kept("algorithm")),
    ("measurementSelectionType", Use::Kept("measurement")),
    ("decayCurveStoppingSpec", Use::Within),
    ("medianAutomatedStoppingSpec", Use::Within),
    ("convexAutomatedStoppingSpec", Use::Within),
    ("convexStopConfig", Use::Within),
    ("studyStoppingConfig", Use::Within),
    ("observationNoise", Use::Left("how noisy the metric is, is learned from the trials")),
    ("transferLearningConfig", Use::Left("name earlier studies of mlctl by `warmStart`")),
];

pub(in crate::spec::foreign::vertex) const METRIC: Table = &[
    ("metricId", Use::Kept("metrics[].name")),
    ("goal", Use::Kept("metrics[].goal")),
    ("safetyConfig", Use::Left("no metric is kept above a threshold")),
];

/// What a `studySpec` says; name, counts and trial are not in it.
pub(super) struct Study {
    pub(super) job: TuneJob,
    /// Most trials, where `studyStoppingConfig` says so.
    pub(super) most: Option<u32>,
}

/// Reads a `studySpec`.
pub(super) fn study(findings: &mut Findings, entry: &Entry, spans: &mut Spans) -> Option<Study> {
    let node = &entry.value;
    let fields = findings.fields(node, "studySpec", STUDY);
    node.as_map()?;
    for required in ["metrics", "parameters"] {
        if fields.entry(required).is_none() {
            let message = format!("`studySpec.{required}` is missing");
            findings.add(Diagnostic::error(Code::VertexMissing, message).at(entry.key.span, ""));
        }
    }
    let metrics = fields.entry("metrics").map(|entry| metrics(findings, entry, spans));
    let parameters = fields.entry("parameters").map(|entry| parameters(findings, entry, spans));
    let (parameters, baseline) = parameters.unwrap_or_default();
    let algorithm = fields.entry("algorithm").and_then(|entry| {
        spans.insert("algorithm", Located::new((), entry).place);
        algorithm(findings, &entry.value)
    });
    let measurement = fields.entry("measurementSelectionType").and_then(|entry| {
        spans.insert("measurement", Located::new((), entry).place);
        measurement(findings, &entry.value)
    });
    let early_stopping = early_stopping(findings, &fields, spans);
    let stopping = fields
        .entry("studyStoppingConfig")
        .map(|entry| stopping(findings, entry, spans))
        .unwrap_or_default();
    let job = TuneJob {
        metrics: metrics.unwrap_or_default(),
        parameters,
        baseline,
        algorithm: algorithm.unwrap_or_default(),
        measurement: measurement.unwrap_or_default(),
        early_stopping,
        stopping: stopping.stopping,
        max_duration: stopping.max_duration,
        ..TuneJob::default()
    };
    Some(Study { job, most: stopping.max_trials })
}

fn metrics(findings: &mut Findings, entry: &Entry, spans: &mut Spans) -> Vec<Metric> {
    spans.insert("metrics", Located::new((), entry).place);
    let mut metrics = Vec::new();
    for item in items(&entry.value) {
        let fields = findings.fields(item, "metrics[]", METRIC);
        if item.as_map().is_none() {
            continue;
        }
        let base = index_path("metrics", metrics.len());
        let Some(id) = fields.entry("metricId") else {
            findings.add(
                Diagnostic::error(Code::VertexMissing, "`metrics[].metricId` is missing")
                    .at(item.span, ""),
            );
            continue;
        };
        suspects::scan_place(findings, &id.value);
        spans.insert(key_path(&base, "name"), Located::new((), id).place);
        let goal = fields.entry("goal").and_then(|entry| goal(findings, &entry.value));
        if let Some(name) = findings.text(&id.value, "metricId") {
            metrics.push(Metric { name: name.to_owned(), goal: goal.unwrap_or_default() });
        }
    }
    metrics
}

/// An enumeration's word in the API's spelling; it may be written in any case.
pub(super) fn word(findings: &mut Findings, node: &Node, path: &str) -> Option<String> {
    Some(findings.text(node, path)?.trim().to_ascii_uppercase().replace('-', "_"))
}

fn goal(findings: &mut Findings, node: &Node) -> Option<Goal> {
    match word(findings, node, "goal")?.as_str() {
        "MAXIMIZE" | "GOAL_TYPE_UNSPECIFIED" | "0" | "1" => Some(Goal::Maximize),
        "MINIMIZE" | "2" => Some(Goal::Minimize),
        _ => {
            findings.wrong_type(node, "goal", "MAXIMIZE or MINIMIZE");
            None
        }
    }
}

fn algorithm(findings: &mut Findings, node: &Node) -> Option<Algorithm> {
    match word(findings, node, "algorithm")?.as_str() {
        "ALGORITHM_UNSPECIFIED" | "BAYESIAN" | "BAYESIAN_OPTIMIZATION" | "0" => {
            Some(Algorithm::Bayesian)
        }
        "GRID_SEARCH" | "GRID" | "2" => Some(Algorithm::Grid),
        "RANDOM_SEARCH" | "RANDOM" | "3" => Some(Algorithm::Random),
        _ => {
            let known = "GRID_SEARCH or RANDOM_SEARCH; without it the search is Bayesian";
            findings.wrong_type(node, "algorithm", known);
            None
        }
    }
}

fn measurement(findings: &mut Findings, node: &Node) -> Option<Measurement> {
    match word(findings, node, "measurementSelectionType")?.as_str() {
        "MEASUREMENT_SELECTION_TYPE_UNSPECIFIED" | "LAST_MEASUREMENT" | "LAST" | "0" | "1" => {
            Some(Measurement::Last)
        }
        "BEST_MEASUREMENT" | "BEST" | "2" => Some(Measurement::Best),
        _ => {
            let known = "LAST_MEASUREMENT or BEST_MEASUREMENT";
            findings.wrong_type(node, "measurementSelectionType", known);
            None
        }
    }
}
