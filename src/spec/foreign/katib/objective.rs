//! `objective`: the metric, its goal, and which of its values count.

use super::system::settings;
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::kinds::tune::{Goal, Measurement, Metric};
use crate::spec::syntax::{Entry, Spans};

pub(super) const OBJECTIVE: Table = &[
    ("type", Use::Kept("metrics[].goal")),
    ("goal", Use::Kept("stopping.target")),
    ("objectiveMetricName", Use::Kept("metrics[].name")),
    ("additionalMetricNames", Use::Changed("collected and shown")),
    ("metricStrategies", Use::Changed("`measurement`")),
];

/// What an `objective` says.
#[derive(Default)]
pub(super) struct Objective {
    pub(super) metrics: Vec<Metric>,
    /// The study ends when it is reached.
    pub(super) target: Option<f64>,
    pub(super) measurement: Measurement,
    /// Metrics that are only recorded.
    pub(super) also: Vec<String>,
}

/// Reads an `objective`.
pub(super) fn objective(findings: &mut Findings, entry: &Entry, spans: &mut Spans) -> Objective {
    let node = &entry.value;
    spans.insert("metrics", Located::new((), entry).place);
    let fields = findings.fields(node, "objective", OBJECTIVE);
    let goal = match fields.get("type").map(|node| (node, node.as_text().unwrap_or_default())) {
        Some((_, "maximize")) => Goal::Maximize,
        Some((_, "minimize")) => Goal::Minimize,
        Some((node, _)) => {
            findings.wrong_type(node, "objective.type", "maximize or minimize");
            Goal::Maximize
        }
        None => {
            if node.as_map().is_some() {
                findings.missing(node, "objective.type");
            }
            Goal::Maximize
        }
    };
    let target = fields.entry("goal").and_then(|entry| {
        spans.insert("stopping.target", Located::new((), entry).place);
        let number = entry.value.as_text().and_then(|text| text.trim().parse::<f64>().ok());
        let number = number.filter(|number| number.is_finite());
        if number.is_none() {
            findings.wrong_type(&entry.value, "objective.goal", "a number");
        }
        number
    });
    let name = fields.entry("objectiveMetricName").and_then(|entry| {
        spans.insert("metrics[0].name", Located::new((), entry).place);
        findings.text(&entry.value, "objectiveMetricName")
    });
    let Some(name) = name else {
        if node.as_map().is_some() && fields.entry("objectiveMetricName").is_none() {
            findings.missing(node, "objective.objectiveMetricName");
        }
        return Objective::default();
    };
    let also = fields.get("additionalMetricNames");
    let also = also.map(|node| findings.texts(node, "additionalMetricNames")).unwrap_or_default();
    let also = also.into_iter().filter(|other| other != name).collect();
    // Of the others all values are recorded, so nothing is lost.
    let strategies = settings(findings, fields.get("metricStrategies"));
    let own = strategies.iter().find(|(metric, _)| metric == name).map(|(_, value)| *value);
    let measurement = match (own.and_then(|node| node.as_text()), goal) {
        (Some("latest"), _) => Measurement::Last,
        (None, _) | (Some("max"), Goal::Maximize) | (Some("min"), Goal::Minimize) => {
            Measurement::Best
        }
        (Some(other), _) => {
            if let Some(node) = own {
                let message = format!("`{other}` takes a trial by its worst value");
                let help = "leave `metricStrategies` out for the best value, or write `latest`";
                findings.refuse(node, message, help);
            }
            Measurement::Best
        }
    };
    Objective { metrics: vec![Metric { name: name.to_owned(), goal }], target, measurement, also }
}
