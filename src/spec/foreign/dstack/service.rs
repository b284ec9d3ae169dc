//! A service as an Endpoint with one revision.

use super::port;
use super::run::{Run, run};
use super::serving::{asks, model, replicas, scaling};
use crate::spec::foreign::common::converted::resolved;
use crate::spec::foreign::common::fields::Findings;
use crate::spec::foreign::common::gather::Located;
use crate::spec::kinds::batch::{Routes, Server};
use crate::spec::kinds::endpoint::{Endpoint, Revision};
use crate::spec::kinds::{Document, ForeignContext, Resolved};
use crate::spec::syntax::{Diagnostic, Node, Spans};

/// Fields that only a task has.
const OF_TASKS: [&str; 2] = ["nodes", "stop_criteria"];

/// Fields of runs that end.
const OF_RUNS: [(&str, &str); 3] = [
    ("retry", "an endpoint's replicas start again whenever they end"),
    ("max_duration", "an endpoint serves until `mlctl undeploy` ends it"),
    ("files", "a replica gets its files by `code`: name their folder in `repos`"),
];

/// Reads a service; `None` when an error says why it becomes nothing.
pub(super) fn service(
    findings: &mut Findings,
    node: &Node,
    context: &ForeignContext<'_>,
) -> Option<Document> {
    let mut spans = Spans::default();
    let mut run = run(findings, node, context, &mut spans)?;
    for name in OF_TASKS {
        if let Some(entry) = run.fields.entry(name) {
            let message = format!("`{name}` is a field of a task, and this is a service");
            findings.add(
                Diagnostic::error(findings.system.unknown, message)
                    .at(entry.key.span, "")
                    .help("write `type: task`, or `replicas`"),
            );
        }
    }
    for (name, help) in OF_RUNS {
        let is_used = name == "files" && run.code.data.is_empty();
        if let Some(entry) = run.fields.entry(name).filter(|_| !is_used) {
            findings.left(name, entry, help);
        }
    }
    let Some(port) = run.fields.entry("port") else {
        findings.missing(node, "port");
        return None;
    };
    port::port(findings, port, &mut run);
    guarded(findings, node, &run);
    let mut revision = Revision { name: "v1".to_owned(), ..Revision::default() };
    revision.server = Some(match run.fields.entry("model") {
        Some(entry) => model(findings, entry),
        None => Server::Custom,
    });
    let (health, probes) = asks(findings, &run.fields, &mut spans);
    let health = health.or_else(|| {
        (revision.server == Some(Server::Custom)).then(|| {
            let message = "a replica is ready when `/` answers 200".to_owned();
            let help = "write the path that does: `probes: [{type: http, url: /health}]`";
            findings.instead(&port.value, message, help);
            "/".to_owned()
        })
    });
    revision.routes = health.map(|health| Routes { health: Some(health), ..Routes::default() });
    revision.probes = probes;
    revision.replicas = run.fields.entry("replicas").and_then(|entry| {
        spans.insert("revisions[0].replicas", Located::new((), entry).place);
        replicas(findings, entry)
    });
    let scaling = run.fields.entry("scaling").map(|entry| {
        spans.insert("scaling", Located::new((), entry).place);
        scaling(findings, entry)
    });
    let grace = run.fields.entry("stop_duration").and_then(|entry| {
        spans.insert("grace", Located::new((), entry).place);
        findings.duration(&entry.value, "stop_duration")
    });
    let Run { mut environment, resources, .. } = run;
    let gpus = resources.accelerators.as_ref().map_or(0, |gpus| gpus.count);
    environment.before(vec![
        ("DSTACK_RUN_NAME", run.name.clone()),
        ("DSTACK_NODES_NUM", "1".to_owned()),
        ("DSTACK_NODE_RANK", "0".to_owned()),
        ("DSTACK_GPUS_PER_NODE", gpus.to_string()),
        ("DSTACK_GPUS_NUM", gpus.to_string()),
    ]);
    let from_env = environment.note(&mut spans);
    let endpoint = Endpoint {
        name: run.name,
        labels: run.labels,
        revisions: vec![revision],
        scaling,
        image: run.image,
        command: run.command,
        args: run.args,
        grace,
        code: run.code.place,
        env: environment.variables,
        cpu: resources.cpu,
        memory: resources.memory,
        accelerators: resources.accelerators,
        security: run.security,
        node_selector: run.node_selector,
        volumes: run.volumes,
        ..Endpoint::default()
    };
    let resolved = resolved(endpoint, spans, context, "dstack service");
    Some(Document::Endpoint(Box::new(Resolved { from_env, ..*resolved })))
}

/// dstack asks callers for the token of a user unless it is told not to.
fn guarded(findings: &mut Findings, node: &Node, run: &Run<'_>) {
    if node.get("auth").is_some() {
        return;
    }
    let at = run.fields.get("type").unwrap_or(node);
    let message = "everybody who reaches the endpoint may ask it".to_owned();
    let help = "dstack asks for the token of a user: `auth: {tokens: [{env: NAME}]}` of an Endpoint does, and \
                `auth: false` here says that it is meant";
    findings.instead(at, message, help);
}
