//! What only services say: the model, probes, and how many replicas there are.

use super::amounts::Range;
use super::run::refuse_groups;
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::batch::Server;
use crate::spec::kinds::endpoint::{Probes, ReplicaBounds, Replicas, Scaling, ScalingTarget};
use crate::spec::syntax::{Diagnostic, Entry, Node, Spans};

pub(super) const MODEL: Table = &[
    ("name", Use::Changed("callers name the model as its server calls it")),
    ("format", Use::Changed("`server: openai`: `tgi` speaks it too")),
    ("type", Use::Changed("all that its server answers can be asked")),
    ("prefix", Use::Left("callers ask the paths of the server, with its prefix")),
    ("chat_template", Use::Left("give it to the server, in the commands")),
    ("eos_token", Use::Left("give it to the server, in the commands")),
];
const DELAY: Use = Use::Left("`scaling.window` says how fast replicas follow the load");
pub(super) const SCALING: Table = &[
    ("metric", Use::Changed("`rps` is `scaling.target.requestsPerSecond`")),
    ("target", Use::Kept("scaling.target.requestsPerSecond")),
    ("window", Use::Kept("scaling.window")),
    ("scale_up_delay", DELAY),
    ("scale_down_delay", DELAY),
];
pub(super) const PROBE: Table = &[
    ("type", Use::Changed("replicas are asked over HTTP")),
    ("url", Use::Kept("revisions.routes.health")),
    ("timeout", Use::Kept("revisions.probes.timeout")),
    ("interval", Use::Kept("revisions.probes.period")),
    ("method", Use::Left("the path is asked by GET")),
    ("headers", Use::Left("the path is asked without headers")),
    ("body", Use::Left("the path is asked by GET")),
    ("ready_after", Use::Left("one answer is enough")),
    ("until_ready", Use::Left("replicas are asked as long as they serve")),
];

/// What the server speaks: OpenAI's API in both formats.
pub(super) fn model(findings: &mut Findings, entry: &Entry) -> Server {
    let node = &entry.value;
    if node.as_map().is_some() {
        let fields = findings.fields(node, "model", MODEL);
        if let Some(format) = fields.get("format")
            && !matches!(format.as_text(), Some("openai" | "tgi"))
        {
            findings.wrong_type(format, "model.format", "openai or tgi");
        }
    } else {
        findings.text(node, "model");
    }
    Server::Openai
}

/// The path that tells of a replica's health, and how often it is asked.
pub(super) fn asks(
    findings: &mut Findings,
    fields: &Fields<'_>,
    spans: &mut Spans,
) -> (Option<String>, Option<Probes>) {
    let list = fields.get("probes").map(items).unwrap_or_default();
    let Some(first) = list.first() else { return (None, None) };
    if let Some(second) = list.get(1) {
        findings.otherwise(second, "probes[1]", "a replica is asked at one path");
    }
    let own = findings.fields(first, "probes[]", PROBE);
    if let Some(kind) = own.get("type").filter(|kind| kind.as_text() != Some("http")) {
        findings.wrong_type(kind, "probes[].type", "http");
    }
    let health = own.entry("url").and_then(|entry| {
        spans.insert("revisions[0].routes.health", Located::new((), entry).place);
        findings.text(&entry.value, "probes[].url").map(str::to_owned)
    });
    let mut time = |name: &str| {
        let node = own.get(name)?;
        findings.duration(node, &format!("probes[].{name}"))
    };
    let probes = Probes { timeout: time("timeout"), period: time("interval"), ..Probes::default() };
    (health, (probes != Probes::default()).then_some(probes))
}

/// `2`, or `1..4`.
pub(super) fn replicas(findings: &mut Findings, entry: &Entry) -> Option<Replicas> {
    let node = &entry.value;
    if node.as_list().is_some() {
        refuse_groups(findings, node);
        return None;
    }
    let range = findings.range(node, "replicas")?;
    let number = |text: &Option<String>| text.as_deref().unwrap_or("0").parse::<u32>().ok();
    match (number(&range.min), number(&range.max)) {
        (Some(min), Some(max)) if min == max && max > 0 => Some(Replicas::Fixed(min)),
        (Some(min), Some(max)) if min < max => {
            Some(Replicas::Between(ReplicaBounds { min: Some(min), max: Some(max) }))
        }
        _ => {
            wrong(findings, node, &range);
            None
        }
    }
}

fn wrong(findings: &mut Findings, node: &Node, range: &Range) {
    if range.max.is_none() {
        let message = "`replicas` has no upper end".to_owned();
        let code = findings.system.wrong_type;
        findings.add(Diagnostic::error(code, message).at(node.span, "").help("write it: `1..4`"));
    } else {
        findings.wrong_type(node, "replicas", "a number above 0, or a range such as `1..4`");
    }
}

/// `scaling`: requests in a second.
pub(super) fn scaling(findings: &mut Findings, entry: &Entry) -> Scaling {
    let fields = findings.fields(&entry.value, "scaling", SCALING);
    if let Some(metric) = fields.get("metric")
        && metric.as_text() != Some("rps")
    {
        findings.wrong_type(metric, "scaling.metric", "rps");
    }
    let target = fields.get("target").and_then(|node| findings.number(node, "scaling.target"));
    let target = ScalingTarget { requests_per_second: target, ..ScalingTarget::default() };
    let window = fields.get("window").and_then(|node| findings.duration(node, "scaling.window"));
    Scaling { target, window, ..Scaling::default() }
}
