//! Ports, probes, and the words of a command that name what is chosen for each replica: its ports, the folder of
//! its model, and the model's name.

use std::time::Duration;

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::port::{container_port, with_flagged_port};
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::endpoint::Probes;
use crate::spec::syntax::{Entry, Node};
use crate::text::Span;

use super::storage::MODEL_FOLDER;
use super::system::Served;

pub(super) const PORT: Table = &[
    ("containerPort", Use::Changed("`{port}` or `{grpcPort}` in the command, else `routes.port`")),
    ("name", Use::Changed("`h2c` and `grpc` are gRPC")),
    ("protocol", Use::Changed("not needed: it is TCP")),
    ("hostPort", Use::Left("`expose` says what callers reach")),
];

const OTHER_WAY: Use = Use::Left("a replica is asked by HTTP: write `httpGet: {path: /health}`");
pub(super) const PROBE: Table = &[
    ("httpGet", Use::Within),
    ("periodSeconds", Use::Kept("revisions[].probes.period")),
    ("timeoutSeconds", Use::Kept("revisions[].probes.timeout")),
    ("failureThreshold", Use::Changed("`failures`, of a liveness probe `restartAfter`")),
    ("initialDelaySeconds", Use::Changed("not needed: a start has its own time, `startTimeout`")),
    ("successThreshold", Use::Changed("not needed: one answer is enough")),
    ("terminationGracePeriodSeconds", Use::Left("write `grace: 30s`")),
    ("exec", OTHER_WAY),
    ("grpc", Use::Changed("not needed: a server of gRPC is asked by its protocol")),
    ("tcpSocket", OTHER_WAY),
];
pub(super) const HTTP_GET: Table = &[
    ("path", Use::Kept("revisions[].routes.health")),
    ("port", Use::Changed("not needed: a replica is asked at its port")),
    ("scheme", Use::Changed("not needed: a replica is asked by HTTP")),
    ("host", Use::Left("a replica is asked where it is")),
    ("httpHeaders", Use::Left("no headers are sent")),
];

/// The ports that a container names.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ports {
    pub(super) http: Option<u16>,
    pub(super) grpc: Option<u16>,
}

/// Reads `ports`.
pub(super) fn ports(findings: &mut Findings, entry: Option<&Entry>) -> Ports {
    let mut ports = Ports::default();
    for item in entry.map(|entry| items(&entry.value)).unwrap_or_default() {
        let fields = findings.fields(item, "ports[]", PORT);
        let number = fields.get("containerPort").and_then(|port| container_port(findings, port));
        let name = fields.get("name").and_then(Node::as_text).unwrap_or_default();
        let is_grpc = name.starts_with("h2c") || name.contains("grpc");
        let port = if is_grpc { &mut ports.grpc } else { &mut ports.http };
        *port = port.or(number);
    }
    ports
}

/// Reads a probe; its path is where a replica is asked.
pub(super) fn probe(
    findings: &mut Findings,
    entry: &Entry,
    served: &mut Served<'_>,
) -> Option<String> {
    let kind = entry.key.text.as_str();
    let fields = findings.fields(&entry.value, kind, PROBE);
    let mut count = |name: &str| findings.count(fields.get(name)?, name).filter(|count| *count > 0);
    let (period, timeout) = (count("periodSeconds"), count("timeoutSeconds"));
    let failures = count("failureThreshold");
    let seconds = |seconds: u32| Span(Duration::from_secs(seconds.into()));
    let mut probes = served.revision.probes.take().unwrap_or_default();
    match kind {
        "startupProbe" => {
            let whole = failures.unwrap_or(3).saturating_mul(period.unwrap_or(10));
            probes.start_timeout = Some(seconds(whole));
            served.of("probes.startTimeout", entry);
        }
        "livenessProbe" => {
            // A replica is out of service before it is started again.
            let least = probes.failures.unwrap_or(4);
            probes.restart_after = Some(failures.unwrap_or(3).max(least));
            served.of("probes.restartAfter", entry);
        }
        _ => {
            probes.period = period.map(seconds);
            probes.timeout = timeout.map(seconds);
            probes.failures = failures;
            probes.restart_after =
                probes.restart_after.map(|after| after.max(failures.unwrap_or(4)));
        }
    }
    if probes != Probes::default() {
        served.of("probes", entry);
        served.revision.probes = Some(probes);
    }
    let get = findings.fields(fields.get("httpGet")?, "httpGet", HTTP_GET);
    let path = findings.text(get.get("path")?, "httpGet.path")?;
    // The kubelet asks for a path without its slash too.
    Some(if path.starts_with('/') { path.to_owned() } else { format!("/{path}") })
}

/// Words of a command, with placeholders for what each replica has of its own. `true` where one is its port.
/// `folder` is what the model's folder is called.
pub(super) fn with_placeholders(words: &mut [String], ports: Ports, folder: &str) -> bool {
    let mut has_port = false;
    let mut before = String::new();
    for word in words {
        let mut text = word.replace(MODEL_FOLDER, folder);
        for (written, placeholder) in
            [("{{.Name}}", "{name}"), ("{{ .Name }}", "{name}"), ("$(PORT)", "{port}")]
        {
            text = text.replace(written, placeholder);
        }
        for (port, placeholder) in [(ports.http, "{port}"), (ports.grpc, "{grpcPort}")] {
            if let Some(port) = port {
                text = with_flagged_port(&text, &before, port, placeholder);
            }
        }
        has_port |= text.contains("{port}") || text.contains("{grpcPort}");
        before.clone_from(word);
        *word = text;
    }
    has_port
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        let ports = Ports { http: Some(8080), grpc: Some(9000) };
        for (written, wanted) in [
            ("--port=8080 --rest 80800", "--port={port} --rest 80800"),
            ("python\n-m\nx\n--http-port\n8080", "python\n-m\nx\n--http-port\n{port}"),
            ("uvicorn\n--host\n0.0.0.0:8080\n8080", "uvicorn\n--host\n0.0.0.0:{port}\n8080"),
            (
                "sh\n-c\nexec serve  --port 8080 --n 8080\tx",
                "sh\n-c\nexec serve  --port {port} --n 8080\tx",
            ),
            (
                "--dir=/mnt/models/a\n--name={{.Name}}\n--grpc_port=9000",
                "--dir={model}/a\n--name={name}\n--grpc_port={grpcPort}",
            ),
            ("sh\n-c\necho $PORT ${PORT} $$ $(X)", "sh\n-c\necho $PORT ${PORT} $$ $(X)"),
        ] {
            let mut words: Vec<String> = written.split('\n').map(str::to_owned).collect();
            with_placeholders(&mut words, ports, "{model}");
            assert_eq!(words.join("\n"), wanted);
        }
    }
}
