//! `dedicatedResources` and `automaticResources`: machines, replicas and what makes them more.

use crate::spec::kinds::endpoint::{Endpoint, ReplicaBounds, Replicas, Revision};
use crate::spec::syntax::{Entry, Node, Spans};
use crate::text::Percent;

use super::machine::machine_spec;
use super::scheduling::duration;
use crate::spec::foreign::common::assemble::note;
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::pool::Resources;
use crate::spec::foreign::common::scalars::items;

pub(super) const RESOURCES: Table = &[
    ("machineSpec", Use::Within),
    ("minReplicaCount", Use::Kept("revisions[].replicas.min")),
    ("maxReplicaCount", Use::Kept("revisions[].replicas.max")),
    ("autoscalingMetricSpecs", Use::Within),
    ("scaleToZeroSpec", Use::Within),
    ("initialReplicaCount", Use::Left("as many start as there are at least")),
    ("requiredReplicaCount", Use::Left("a revision gets requests once one replica is ready")),
    ("spot", Use::Left("pick such machines with nodeSelector and tolerations")),
    ("flexStart", Use::Left("pick such machines with nodeSelector and tolerations")),
];
pub(super) const METRIC: Table = &[
    ("metricName", Use::Changed("requests in flight of a replica; others are told")),
    ("target", Use::Changed("the aim of the scaling")),
    ("monitoredResourceLabels", Use::Left("load is what the router itself sees")),
];
pub(super) const TO_ZERO: Table = &[
    (
        "idleScaledownPeriod",
        Use::Changed("how long a revision without requests keeps its replicas"),
    ),
    ("minScaleupPeriod", Use::Left("a replica that has started stays for the idle time")),
];
const SCALING: &str = "write `scaling: {target: {concurrency: 8}}`, or `requestsPerSecond`";

/// Reads what a deployed model asks for into its revision, and into the endpoint's scaling.
pub(super) fn resources<'a>(
    findings: &mut Findings,
    find: &dyn Fn(&str) -> Option<&'a Entry>,
    base: &str,
    spans: &mut Spans,
    endpoint: &mut Endpoint,
    revision: &mut Revision,
) {
    for name in ["dedicatedResources", "automaticResources"] {
        let Some(entry) = find(name) else { continue };
        let fields = findings.fields(&entry.value, name, RESOURCES);
        let mut count = |name: &str| findings.count(fields.get(name)?, name);
        let (min, max) = (count("minReplicaCount"), count("maxReplicaCount"));
        // At Google the most is the least where it is not given.
        revision.replicas = match (min, max) {
            (None, None) => revision.replicas,
            (Some(min), None) if min > 0 => Some(Replicas::Fixed(min)),
            (Some(min), Some(max)) if min == max && min > 0 => Some(Replicas::Fixed(min)),
            (min, max) => Some(Replicas::Between(ReplicaBounds { min, max })),
        };
        spans.insert(format!("{base}.replicas"), Located::new((), entry).place);
        for (field, bound) in [("minReplicaCount", "min"), ("maxReplicaCount", "max")] {
            if let Some(entry) = fields.entry(field) {
                let place = Located::new((), entry).place;
                spans.insert(format!("{base}.replicas.{bound}"), place);
            }
        }
        if let Some(spec) = fields.get("machineSpec") {
            let Resources { cpu, memory, accelerators } = machine_spec(findings, spec);
            let mut at = |name: &str, place| spans.insert(format!("{base}.{name}"), place);
            revision.cpu = cpu.map(|cpu| {
                at("cpu", cpu.place);
                cpu.value
            });
            revision.memory = memory.map(|memory| {
                at("memory", memory.place);
                memory.value
            });
            revision.accelerators = accelerators.map(|gpus| {
                at("accelerators", gpus.place);
                gpus.value
            });
        }
        if let Some(metrics) = fields.entry("autoscalingMetricSpecs") {
            targets(findings, metrics, spans, endpoint);
        }
        if let Some(spec) = fields.get("scaleToZeroSpec") {
            let fields = findings.fields(spec, "scaleToZeroSpec", TO_ZERO);
            let idle = fields.entry("idleScaledownPeriod");
            if let Some(idle) = duration(findings, idle, "idleScaledownPeriod") {
                note("scaling.scaleToZeroAfter", &idle, spans);
                endpoint.scaling.get_or_insert_default().scale_to_zero_after = Some(idle.value);
            }
        }
    }
}

/// Of the metrics, the use of the processor is one that a cluster can follow too.
fn targets(findings: &mut Findings, metrics: &Entry, spans: &mut Spans, endpoint: &mut Endpoint) {
    for item in items(&metrics.value) {
        let fields = findings.fields(item, "autoscalingMetricSpecs[]", METRIC);
        let name = fields.get("metricName").and_then(Node::as_text).unwrap_or_default();
        if !name.ends_with("cpu/utilization") {
            findings.left("autoscalingMetricSpecs", metrics, SCALING);
            continue;
        }
        let Some(target) = fields.entry("target") else { continue };
        let Some(percent) = findings.count(&target.value, "target") else { continue };
        let Ok(percent) = format!("{percent}%").parse::<Percent>() else {
            findings.wrong_type(&target.value, "target", "a percent from 1 to 100");
            continue;
        };
        note("scaling", &Located::new((), metrics), spans);
        note("scaling.target.cpu", &Located::new((), target), spans);
        endpoint.scaling.get_or_insert_default().target.cpu = Some(percent);
    }
}
