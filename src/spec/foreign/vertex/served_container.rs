//! The `containerSpec` of a model that is deployed: what a revision's replicas run.

use crate::spec::kinds::endpoint::{Probes, Revision};
use crate::spec::kinds::train::Volume;
use crate::spec::syntax::{Node, Spans};
use crate::text::Span;

use super::batch_model::{ServedContainer, served_container};
use super::scheduling::duration;
use crate::spec::foreign::common::assemble::note;
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::kinds::batch::{Routes, Server};

pub(super) const CONTAINER: Table = &[
    ("imageUri", Use::Kept("revisions[].image")),
    ("command", Use::Kept("revisions[].command")),
    ("args", Use::Kept("revisions[].args")),
    ("env", Use::Kept("revisions[].env")),
    ("predictRoute", Use::Kept("revisions[].routes.predict")),
    ("healthRoute", Use::Kept("revisions[].routes.health")),
    ("deploymentTimeout", Use::Kept("revisions[].probes.startTimeout")),
    ("sharedMemorySizeMb", Use::Changed("an `emptyDir` of memory at /dev/shm")),
    ("startupProbe", Use::Left("a replica is ready when it answers its health route")),
    ("healthProbe", Use::Within),
    ("livenessProbe", Use::Within),
    (
        "ports",
        Use::Changed(
            "`{port}` where the command says it; else `revisions[].routes.port`, unless something says AIP_HTTP_PORT",
        ),
    ),
    ("grpcPorts", Use::Left("the server is asked over HTTP, at AIP_HTTP_PORT")),
    ("invokeRoutePrefix", Use::Left("all paths of the server can be asked")),
];

const OTHER_WAY: Use = Use::Left("the health route is asked by HTTP");
pub(super) const PROBE: Table = &[
    ("periodSeconds", Use::Changed("how often a replica is asked")),
    ("timeoutSeconds", Use::Changed("how long it may take")),
    ("failureThreshold", Use::Changed("how many failures end it")),
    ("successThreshold", Use::Left("one answer is enough")),
    ("initialDelaySeconds", Use::Left("no delay is needed: a start has its own time")),
    ("exec", OTHER_WAY),
    ("httpGet", OTHER_WAY),
    ("grpc", OTHER_WAY),
    ("tcpSocket", OTHER_WAY),
];

/// Reads a `containerSpec` into a revision. `None` when it is no mapping, which is said.
pub(super) fn container(
    findings: &mut Findings,
    node: &Node,
    base: &str,
    spans: &mut Spans,
    revision: &mut Revision,
) -> Option<()> {
    let (fields, ServedContainer { image, command, args, routes, env }) =
        served_container(findings, node, CONTAINER, base, spans)?;
    if let Some(env) = env {
        note(&format!("{base}.env"), &env, spans);
        revision.env = env.value;
    }
    revision.server = Some(Server::Custom);
    revision.image = image;
    revision.command = command;
    revision.args = args.unwrap_or_default();
    revision.routes = (routes != Routes::default()).then_some(routes);
    revision.probes = probes(findings, &fields, base, spans);
    if let Some(size) = fields.entry("sharedMemorySizeMb")
        && let Some(mib) = findings.count(&size.value, "sharedMemorySizeMb").filter(|mib| *mib > 0)
    {
        let memory = serde_json::json!({"medium": "Memory", "sizeLimit": format!("{mib}Mi")});
        revision.volumes.push(Volume {
            name: "shared-memory".to_owned(),
            mount_path: "/dev/shm".to_owned(),
            sub_path: None,
            read_only: false,
            source: [("emptyDir".to_owned(), memory)].into_iter().collect(),
        });
    }
    Some(())
}

fn probes(
    findings: &mut Findings,
    container: &Fields<'_>,
    base: &str,
    spans: &mut Spans,
) -> Option<Probes> {
    let mut probes = Probes::default();
    let mut start = duration(findings, container.entry("deploymentTimeout"), "deploymentTimeout");
    if let Some(start) = start.take() {
        note(&format!("{base}.probes.startTimeout"), &start, spans);
        probes.start_timeout = Some(start.value);
    }
    let count = |findings: &mut Findings, fields: &Fields<'_>, name: &str| {
        findings.count(fields.get(name)?, name).filter(|count| *count > 0)
    };
    if let Some(health) = container.get("healthProbe") {
        let fields = findings.fields(health, "healthProbe", PROBE);
        let seconds = |seconds: u32| Span(std::time::Duration::from_secs(seconds.into()));
        probes.period = count(findings, &fields, "periodSeconds").map(seconds);
        probes.timeout = count(findings, &fields, "timeoutSeconds").map(seconds);
        probes.failures = count(findings, &fields, "failureThreshold");
    }
    if let Some(liveness) = container.get("livenessProbe") {
        let fields = findings.fields(liveness, "livenessProbe", PROBE);
        // A replica is out of service before it is started again.
        let least = probes.failures.unwrap_or(4);
        let restart = count(findings, &fields, "failureThreshold").unwrap_or(3);
        probes.restart_after = Some(restart.max(least));
    }
    (probes != Probes::default()).then_some(probes)
}
