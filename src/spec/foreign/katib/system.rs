//! What findings about Katib's files are called.

use crate::spec::foreign::common::fields::{Findings, System};
use crate::spec::foreign::common::scalars::items;
use crate::spec::syntax::{Code, Node};

pub(super) static KATIB: System = System {
    writer: "Katib",
    wrong_type: Code::KatibType,
    placeholder: Code::KatibType,
    variable: Code::KatibType,
    empty_item: Code::KatibLeftOut,
    twice: Code::KatibTwice,
    misplaced: Code::KatibMisplaced,
    unknown: Code::KatibUnknownField,
    left_out: Code::KatibLeftOut,
    output: Code::KatibOutputField,
    missing: Code::KatibMissing,
    refused: Code::KatibKind,
    instead: Code::KatibInstead,
    homes: &[
        ("objectiveMetricName", "objective"),
        ("additionalMetricNames", "objective"),
        ("metricStrategies", "objective"),
        ("feasibleSpace", "parameters[]"),
        ("parameterType", "parameters[]"),
        ("maxTrialCount", "spec"),
        ("parallelTrialCount", "spec"),
        ("maxFailedTrialCount", "spec"),
        ("metricsCollectorSpec", "spec"),
        ("trialTemplate", "spec"),
        ("trialParameters", "trialTemplate"),
        ("primaryContainerName", "trialTemplate"),
        ("trialSpec", "trialTemplate"),
        ("metricsFormat", "source.filter"),
        ("fileSystemPath", "source"),
    ],
};

/// The settings of an algorithm: a list of names and values.
pub(super) fn settings<'a>(
    findings: &mut Findings,
    node: Option<&'a Node>,
) -> Vec<(String, &'a Node)> {
    use crate::spec::foreign::common::fields::Use;
    let mut settings = Vec::new();
    for item in node.map(items).unwrap_or_default() {
        let table = &[("name", Use::Kept("name")), ("value", Use::Kept("value"))];
        let fields = findings.fields(item, "algorithmSettings[]", table);
        let name = fields.get("name").and_then(Node::as_text);
        if let (Some(name), Some(value)) = (name, fields.get("value")) {
            settings.push((name.to_owned(), value));
        }
    }
    settings
}
