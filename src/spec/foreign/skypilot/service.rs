//! `service`: what SkyServe runs, as an Endpoint.

use super::given::of_skypilot;
use super::server::{Told, server};
use super::task::Task;
use crate::spec::foreign::common::converted::resolved;
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::kinds::batch::{Routes, Server};
use crate::spec::kinds::endpoint::{Endpoint, Probes, ReplicaBounds, Replicas, Revision};
use crate::spec::kinds::{Document, ForeignContext};
use crate::spec::syntax::{Entry, Node, Spans, index_path};
use crate::text::Span;

const FORMAT: &str = "SkyPilot service";
/// How long a replica may take to answer where a service says nothing.
const INITIAL_DELAY: f64 = 1200.0;
const BASE: &str = "revisions[0]";

const ON_DEMAND: Use = Use::Left("which machines are to be had is the cluster's matter");
pub(super) const SERVICE: Table = &[
    ("readiness_probe", Use::Within),
    ("replicas", Use::Kept("revisions[].replicas")),
    ("replica_policy", Use::Within),
    ("ports", Use::Changed("the port in `run`, in whose place each replica's own stands")),
    ("load_balancing_policy", Use::Left("a request goes to the replica with the fewest in flight")),
    ("load_balancer", Use::Left("`limits.timeout` says how long an answer may take")),
    ("tls", Use::Left("write `tls: {secret: NAME}` with a Secret of `tls.crt` and `tls.key`")),
    ("workers", Use::Left("a run has no workers that wait for jobs")),
    ("pool", Use::Left("a run has no workers that wait for jobs")),
];
pub(super) const PROBE: Table = &[
    ("path", Use::Kept("revisions[].routes.health")),
    ("initial_delay_seconds", Use::Kept("revisions[].probes.startTimeout")),
    ("timeout_seconds", Use::Kept("revisions[].probes.timeout")),
    ("endpoint_probe_interval_seconds", Use::Kept("revisions[].probes.period")),
    (
        "consecutive_failure_threshold_timeout",
        Use::Left("`probes.restartAfter` counts the failures after which a replica starts again"),
    ),
    ("post_data", Use::Changed("its model is `modelName`; a replica's health is asked by GET")),
    ("headers", Use::Changed("a replica's health is asked without them")),
];
pub(super) const POLICY: Table = &[
    ("min_replicas", Use::Kept("revisions[].replicas.min")),
    ("max_replicas", Use::Kept("revisions[].replicas.max")),
    ("target_qps_per_replica", Use::Kept("scaling.target.requestsPerSecond")),
    (
        "upscale_delay_seconds",
        Use::Left("`scaling.window` is the time over which load is averaged"),
    ),
    (
        "downscale_delay_seconds",
        Use::Left("`scaling.window` is the time over which load is averaged"),
    ),
    ("num_overprovision", Use::Left("write a larger `min_replicas`")),
    ("dynamic_ondemand_fallback", ON_DEMAND),
    ("base_ondemand_fallback_replicas", ON_DEMAND),
    ("spot_placer", ON_DEMAND),
];

/// Converts a task with a service, whose variables are filled in already.
pub(super) fn endpoint(
    findings: &mut Findings,
    entry: &Entry,
    task: Task<'_>,
    context: &ForeignContext<'_>,
) -> Option<Document> {
    let Task { node, name, labels, asked, mounts, code, setup, run, scripts, variables, mut spans } =
        task;
    let fields = findings.fields(&entry.value, "service", SERVICE);
    entry.value.as_map()?;
    if let Some(first) = mounts.data.first() {
        let message = format!("a server has no data such as {}", first.uri);
        let help = "put its files into `workdir`, or have `run` fetch them";
        let at = spans.value("data[0]");
        let at = Node { span: at, value: node.value.clone() };
        findings.refuse(&at, message, help);
    }
    if mounts.output.is_some() {
        let at = Node { span: spans.value("output"), value: node.value.clone() };
        let help = "name a claim in `volumes` for what servers write";
        findings.refuse(&at, "a server has no bucket that it writes to".to_owned(), help);
    }
    let mut revision = Revision { name: "v1".to_owned(), code, setup, ..Revision::default() };
    let mut endpoint = Endpoint { name, labels, ..Endpoint::default() };
    let place = Located::new((), entry).place;
    spans.insert(BASE, place);
    let probe = fields.entry("readiness_probe");
    if probe.is_none() {
        findings.missing(&entry.value, "service.readiness_probe");
    }
    let asked_by = probe.map(|probe| readiness(findings, probe, &mut endpoint, &mut spans));
    if let Some(Probe { path, probes, is_plain }) = asked_by {
        let is_openai = path.starts_with("/v1/") || run.contains("vllm") || run.contains("sglang");
        revision.server = Some(if is_openai { Server::Openai } else { Server::Custom });
        if is_plain {
            revision.routes = Some(Routes { health: Some(path), ..Routes::default() });
        }
        revision.probes = Some(probes);
    }
    replicas(findings, &fields, &mut endpoint, &mut revision, &mut spans);
    let gpus = asked.accelerators.as_ref().map_or(0, |gpus| gpus.value.count);
    let mut set = of_skypilot(gpus, &scripts);
    for (name, value) in &mut set {
        match *name {
            "SKYPILOT_NODE_RANK" | "SKYPILOT_SETUP_NODE_RANK" => "0".clone_into(value),
            "SKYPILOT_NUM_NODES" => "1".clone_into(value),
            "SKYPILOT_NODE_IPS" | "SKYPILOT_SETUP_NODE_IPS" => "127.0.0.1".clone_into(value),
            _ => {}
        }
    }
    let secrets: Vec<String> = variables
        .values_of_env()
        .filter(|name| variables.is_secret(name))
        .map(str::to_owned)
        .collect();
    let (mut env, mut withheld) = variables.environment(set, &format!("{BASE}."), &mut spans);
    let own = fields.entry("ports").and_then(|entry| {
        let port = findings.count(&entry.value, "service.ports")?;
        Some(Located::new(u16::try_from(port).ok()?, entry))
    });
    match own.or(asked.port) {
        Some(port) => {
            let (words, told) = server(run, port.value, &mut env, &secrets);
            // It is the caller's value no more.
            if let Told::ByVariable(name) = &told
                && let Some(index) = env.iter().position(|one| one.name == *name)
            {
                let path = format!("{}.value", index_path(&format!("{BASE}.env"), index));
                withheld.retain(|one| *one != path);
            }
            let at = Node { span: port.place.value, value: node.value.clone() };
            say(findings, &at, port.value, &told);
            revision.command = Some(words);
        }
        None => findings.missing(node, "resources.ports"),
    }
    for (from, to) in [("command", "command"), ("setup", "setup"), ("code", "code")] {
        if let Some(place) = spans.get(from) {
            spans.insert(format!("{BASE}.{to}"), place);
        }
    }
    revision.env = env;
    revision.volumes = mounts.volumes;
    revision.cpu = asked.cpu.map(|cpu| cpu.value);
    revision.memory = asked.memory.map(|memory| memory.value);
    revision.accelerators = asked.accelerators.map(|gpus| {
        spans.insert(format!("{BASE}.accelerators"), gpus.place);
        gpus.value
    });
    revision.image = asked.image.map(|image| {
        spans.insert(format!("{BASE}.image"), image.place);
        image.value
    });
    endpoint.priority_class = asked.priority_class.map(|class| class.value);
    endpoint.revisions.push(revision);
    let mut resolved = resolved(endpoint, spans, context, FORMAT);
    resolved.from_env = withheld;
    Some(Document::Endpoint(resolved))
}

fn say(findings: &mut Findings, at: &Node, port: u16, told: &Told) {
    let (message, help) = match told {
        Told::InScript => (
            format!("`{port}` in `run` is the port of each replica"),
            "replicas have ports of their own, and the endpoint one for all: `mlctl status` shows it",
        ),
        Told::ByVariable(name) => (
            format!("`{name}` is the port of each replica, not {port}"),
            "replicas have ports of their own, and the endpoint one for all: `mlctl status` shows it",
        ),
        Told::Passed => (
            format!("nothing in `run` names {port}, on which the server listens"),
            "requests are passed on to it from each replica's port, by python3 beside the server, so that one \
             machine has room for one replica: name the port in `run`, and each replica gets its own",
        ),
    };
    findings.instead(at, message, help);
}

/// How a replica is asked whether it is ready.
struct Probe {
    path: String,
    probes: Probes,
    /// By a GET without more.
    is_plain: bool,
}

fn readiness(
    findings: &mut Findings,
    entry: &Entry,
    endpoint: &mut Endpoint,
    spans: &mut Spans,
) -> Probe {
    let seconds = |seconds: f64| Span(std::time::Duration::from_secs_f64(seconds.clamp(0.0, 1e9)));
    let usual = Probes { start_timeout: Some(seconds(INITIAL_DELAY)), ..Probes::default() };
    if let Some(path) = entry.value.as_text() {
        return Probe { path: path.to_owned(), probes: usual, is_plain: true };
    }
    let fields = findings.fields(&entry.value, "service.readiness_probe", PROBE);
    let path = if let Some(path) = fields.get("path") {
        findings.text(path, "readiness_probe.path").unwrap_or_default().to_owned()
    } else {
        if entry.value.as_map().is_some() {
            findings.missing(&entry.value, "readiness_probe.path");
        }
        String::new()
    };
    let mut time = |name: &str| {
        let number = findings.number(fields.get(name)?, name)?;
        (number > 0.0).then(|| seconds(number))
    };
    let probes = Probes {
        start_timeout: time("initial_delay_seconds").or(usual.start_timeout),
        timeout: time("timeout_seconds"),
        period: time("endpoint_probe_interval_seconds"),
        ..usual
    };
    let mut is_plain = true;
    for name in ["post_data", "headers"] {
        let Some(field) = fields.entry(name) else { continue };
        is_plain = false;
        let message = format!("a replica is ready when it answers a GET, without `{name}`");
        let help =
            "its server is asked at `/health`: name another route in `routes: {health: ...}`";
        let at = Node { span: field.key.span, value: field.value.value.clone() };
        findings.instead(&at, message, help);
    }
    if let Some(model) = fields.get("post_data").and_then(|data| data.get("model"))
        && let Some(name) = model.as_text()
        && !name.is_empty()
        // Callers name it to the server itself, also where it is a path, which no route may have.
        && !name.contains(['/', ':', '?', '#', ' ', '$'])
    {
        spans.insert("modelName", crate::spec::syntax::KeyedSpan { key: None, value: model.span });
        endpoint.model_name = Some(name.to_owned());
    }
    Probe { path, probes, is_plain }
}

/// `replicas`, or the policy by which there are more or fewer.
fn replicas(
    findings: &mut Findings,
    fields: &Fields<'_>,
    endpoint: &mut Endpoint,
    revision: &mut Revision,
    spans: &mut Spans,
) {
    let path = format!("{BASE}.replicas");
    if let Some(entry) = fields.entry("replicas") {
        spans.insert(path.as_str(), Located::new((), entry).place);
        let count = findings.count(&entry.value, "service.replicas");
        revision.replicas = count.map(Replicas::Fixed);
        if count == Some(0) {
            findings.wrong_type(&entry.value, "service.replicas", "1 or more");
        }
    }
    let Some(entry) = fields.entry("replica_policy") else { return };
    spans.insert(path, Located::new((), entry).place);
    let own = findings.fields(&entry.value, "service.replica_policy", POLICY);
    let mut count = |name: &str| findings.count(own.get(name)?, name);
    let (min, max) = (count("min_replicas"), count("max_replicas"));
    revision.replicas = match (min, max) {
        (None, None) => revision.replicas,
        // Without a policy for more there are as many as at least.
        (Some(least), None) if least > 0 => Some(Replicas::Fixed(least)),
        (Some(least), Some(most)) if least == most && least > 0 => Some(Replicas::Fixed(least)),
        (min, max) => Some(Replicas::Between(ReplicaBounds { min, max })),
    };
    if let Some(entry) = own.entry("target_qps_per_replica") {
        if entry.value.as_map().is_some() {
            let help = "all replicas are alike: write one number";
            findings.left("target_qps_per_replica", entry, help);
        } else if let Some(rate) = findings.number(&entry.value, "target_qps_per_replica") {
            spans.insert("scaling.target.requestsPerSecond", Located::new((), entry).place);
            let scaling = endpoint.scaling.get_or_insert_default();
            scaling.target.requests_per_second = (rate > 0.0).then_some(rate);
        }
    }
}
