//! What a predictor's replicas run: a container of the user's own, a runtime of the same file, or the server of a
//! format.

use crate::spec::foreign::common::fields::{Fields, Findings};
use crate::spec::foreign::common::port::{USUAL_PORT, always_listens};
use crate::spec::kinds::batch::{Routes, Server, Wire};
use crate::spec::syntax::{Entry, Node, SourceSpan};

use super::formats::{Protocol, Runner};
use super::pods::{self, Words};
use super::ports::{Ports, ports, probe, with_placeholders};
use super::storage::{MODEL_FOLDER, folder};
use super::system::Served;

/// KServe's servers listen there unless they are told otherwise.
const USUAL: Ports = Ports { http: Some(8080), grpc: Some(9000) };

/// A container and its pod, as fields of a mapping.
pub(super) struct Shape {
    /// Fields of the pod.
    pub(super) pod: Vec<Entry>,
    /// Fields of the container.
    pub(super) container: Vec<Entry>,
    /// What stands for all of it in messages.
    pub(super) at: SourceSpan,
}

/// Fields of a container that are read here.
const HERE: [&str; 5] = ["name", "ports", "readinessProbe", "livenessProbe", "startupProbe"];

/// Servers that say by a path of their own that they are ready: a part of their image's name.
const HEALTH: [(&str, &str); 5] = [
    ("tritonserver", "/v2/health/ready"),
    ("mlserver", "/v2/health/ready"),
    ("openvino/model_server", "/v2/health/ready"),
    ("kserve/", "/"),
    ("kfserving/", "/"),
];

const ASKED: &str = "KServe takes it for ready once its port is open: write `readinessProbe: {httpGet: {path: \
                     /health}}` with a path that the server has";
const PORT: &str = "the server listens at `{port}`, which the words of `command` or `args` must name, or at the \
                    variable AIP_HTTP_PORT";

/// The words, the ports and the probes of a container.
fn container(
    findings: &mut Findings,
    shape: Shape,
    image: Option<&str>,
    served: &mut Served<'_>,
) -> Option<(Words, Ports, Option<String>)> {
    let Shape { pod, container, at } = shape;
    let find = |name: &str| {
        container.iter().find(|entry| entry.key.text == name && !entry.value.is_null())
    };
    let named = ports(findings, find("ports"));
    let mut health = None;
    for kind in ["readinessProbe", "livenessProbe", "startupProbe"] {
        let Some(entry) = find(kind) else { continue };
        let Some(path) = probe(findings, entry, served) else { continue };
        match &health {
            None => {
                served.of("routes", entry);
                served.of("routes.health", entry);
                health = Some(path);
            }
            Some(known) if *known != path => {
                let message = format!("`{path}` of `{kind}` is not asked for");
                let help = format!("a replica is asked at one path, for all probes: `{known}`");
                findings.instead(&entry.value, message, &help);
            }
            Some(_) => {}
        }
    }
    let own = container.iter().filter(|entry| !HERE.contains(&entry.key.text.as_str()));
    let words = pods::read(findings, pod, own.cloned().collect(), image, at, served)?;
    Some((words, named, health))
}

/// A container of the user's own. `protocol` is what a runtime says of it.
pub(super) fn custom(
    findings: &mut Findings,
    shape: Shape,
    protocol: Option<Protocol>,
    served: &mut Served<'_>,
) -> Option<()> {
    let at = shape.at;
    let port_entry = shape.container.iter().find(|entry| entry.key.text == "ports").cloned();
    let (mut words, named, health) = container(findings, shape, None, served)?;
    if served.revision.image.is_none() {
        findings.add(
            crate::spec::syntax::Diagnostic::error(
                findings.system.missing,
                "`containers[].image` is missing",
            )
            .at(at, ""),
        );
        return None;
    }
    let used = Ports {
        http: named.http.or(USUAL.http.filter(|_| named.grpc.is_none())),
        grpc: named.grpc,
    };
    // Both are looked at, so no `||`.
    let folder = folder(served).unwrap_or(MODEL_FOLDER);
    let in_command =
        words.command.as_mut().is_some_and(|command| with_placeholders(command, used, folder));
    let in_args = with_placeholders(&mut words.args, used, folder);
    let is_told = in_command || in_args;
    let image = served.revision.image.clone().unwrap_or_default();
    let says_vllm = image.contains("vllm")
        || words.command.iter().flatten().any(|word| word.starts_with("vllm"));
    let wire = protocol.and_then(|protocol| protocol.wire);
    let is_grpc = named.grpc.is_some() && named.http.is_none() || wire == Some(Wire::Grpc);
    let server = match (says_vllm, is_grpc) {
        (true, _) => Server::Openai,
        // KServe's second protocol is what its servers speak over gRPC.
        (false, true) => Server::Kserve,
        (false, false) => Server::Custom,
    };
    served.revision.server = Some(server);
    if is_grpc && !says_vllm {
        served.revision.protocol = Some(Wire::Grpc);
    }
    model_name(&words, served);
    let name = served.endpoint.model_name().to_owned();
    if server == Server::Custom {
        let known = HEALTH
            .iter()
            .find(|(part, _)| image.contains(part))
            .map(|(_, path)| (*path).to_owned());
        let of_tensorflow =
            image.contains("tensorflow/serving").then(|| format!("/v1/models/{name}"));
        let path = health.or(known).or(of_tensorflow).unwrap_or_else(|| {
            let message = "a replica is ready once `GET /` answers 200".to_owned();
            let finding =
                crate::spec::syntax::Diagnostic::warning(findings.system.instead, message);
            findings.add(finding.at(at, "").help(ASKED));
            "/".to_owned()
        });
        let is_second = protocol.is_some_and(|protocol| protocol.second);
        let predict = if is_second {
            format!("/v2/models/{name}/infer")
        } else {
            format!("/v1/models/{name}:predict")
        };
        served.revision.routes =
            Some(Routes { predict: Some(predict), health: Some(path), port: None });
    } else if let Some(path) = health.filter(|_| !is_grpc) {
        served.revision.routes = Some(Routes { health: Some(path), ..Routes::default() });
    }
    // In a cluster every server has these ports, which is where those of KServe listen anyway.
    let other = named.http.filter(|port| *port != USUAL_PORT && !is_told && !is_grpc);
    let other_of_grpc = named.grpc.filter(|port| *port != 8081 && !is_told && is_grpc);
    let entry = port_entry.as_ref();
    if let Some(port) = other {
        served.revision.routes.get_or_insert_default().port = Some(port);
        if let Some(entry) = entry {
            served.of("routes", entry);
            served.of("routes.port", entry);
            always_listens(findings, &entry.value, port);
        }
    } else if let Some(other) = other_of_grpc {
        let at = entry.map_or(at, |entry| entry.value.span);
        let message = format!("nothing tells the server to listen elsewhere than at {other}");
        let finding = crate::spec::syntax::Diagnostic::error(findings.system.refused, message);
        findings.add(finding.at(at, "").help(format!(
            "a replica has a port of its own for gRPC, 8081 in a cluster: name it by an argument, for example `args: \
             [\"--port={other}\"]`, in which the number is replaced"
        )));
    } else if !is_told && words.command.is_some() {
        let message = "nothing in the command names its port".to_owned();
        let finding = crate::spec::syntax::Diagnostic::warning(findings.system.instead, message);
        findings.add(
            finding
                .at(at, "")
                .help(format!("a cluster gives it 8080, as KServe does; on this machine {PORT}")),
        );
    }
    served.revision.command = words.command;
    served.revision.args = words.args;
    in_variables(findings, served, at);
    Some(())
}

/// The server of a format, with what the file says of its container.
pub(super) fn framework(
    findings: &mut Findings,
    shape: Shape,
    runner: Runner,
    (protocol, version): (Protocol, Option<&str>),
    served: &mut Served<'_>,
) -> Option<()> {
    let at = shape.at;
    let on_gpus = shape.container.iter().any(|entry| {
        entry.key.text == "resources"
            && entry.value.to_json().to_string().contains("nvidia.com/gpu")
    });
    let image = runner.image(version, on_gpus);
    let (mut words, _, health) = container(findings, shape, image.as_deref(), served)?;
    for list in [words.command.as_mut(), Some(&mut words.args)].into_iter().flatten() {
        with_placeholders(list, USUAL, folder(served).unwrap_or(MODEL_FOLDER));
    }
    let is_program = |word: &str| ["tritonserver", "tensorflow_model_server"].contains(&word);
    // Images whose own program runs what it is given have the server's name in `args`.
    let is_whole = words
        .args
        .first()
        .is_some_and(|word| is_program(word.rsplit('/').next().unwrap_or_default()));
    served.revision.command = match words.command.take() {
        Some(command) => Some(command),
        None if is_whole => Some(std::mem::take(&mut words.args)),
        None => runner.command(folder(served)),
    };
    model_name(&words, served);
    served.revision.args = words.args;
    served.revision.protocol = protocol.wire;
    served.revision.server = Some(match runner {
        Runner::TensorflowServing => Server::TensorflowServing,
        Runner::Mlserver(_) => Server::Mlserver,
        Runner::Own(_) => Server::Kserve,
        Runner::Vllm => Server::Openai,
        Runner::Triton if protocol.wire == Some(Wire::Grpc) => Server::Triton,
        Runner::Triton => Server::Custom,
    });
    if let Some(path) = health {
        served.revision.routes = Some(Routes { health: Some(path), ..Routes::default() });
    }
    if runner == Runner::Triton {
        triton(findings, protocol, at, served);
    }
    in_variables(findings, served, at);
    Some(())
}

/// Triton calls its models by folders of the repository, whose names are not in the file.
fn triton(findings: &mut Findings, protocol: Protocol, at: SourceSpan, served: &mut Served<'_>) {
    let (message, help) = if protocol.wire == Some(Wire::Grpc) {
        (
            format!(
                "the model must be the folder `{}` of the repository",
                served.endpoint.model_name()
            ),
            "Triton calls a model by its folder: after `mlctl convert` write `modelName: FOLDER`",
        )
    } else {
        let routes = served.revision.routes.get_or_insert_default();
        routes.health.get_or_insert_with(|| "/v2/health/ready".to_owned());
        (
            "models are asked by the names of their folders: `/v2/models/FOLDER/infer`".to_owned(),
            "`server: triton` with `modelName: FOLDER` lets `mlctl predict` ask one of them, too",
        )
    };
    let finding = crate::spec::syntax::Diagnostic::warning(findings.system.instead, message);
    findings.add(finding.at(at, "").help(help));
}

/// The name that the arguments give the model, which requests have.
fn model_name(words: &Words, served: &mut Served<'_>) {
    const FLAGS: [&str; 4] =
        ["--model_name", "--model-name", "--served-model-name", "--served_model_name"];
    let all: Vec<&String> = words.command.iter().flatten().chain(&words.args).collect();
    for (index, word) in all.iter().enumerate() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (word.as_str(), all.get(index + 1).map(|next| next.as_str())),
        };
        if !FLAGS.contains(&flag) {
            continue;
        }
        let Some(value) = value.filter(|value| {
            !value.is_empty() && !value.contains(['{', '$', '/', ':', '?', '#', ' '])
        }) else {
            continue;
        };
        if value != served.endpoint.name {
            served.endpoint.model_name = Some(value.to_owned());
        }
    }
}

/// Variables keep what they say, and say where a model was.
fn in_variables(findings: &mut Findings, served: &Served<'_>, at: SourceSpan) {
    let is_told = |value: &str| value.contains(MODEL_FOLDER);
    if folder(served) != Some("{model}") {
        return;
    }
    for variable in &served.revision.env {
        if variable.value.as_deref().is_some_and(is_told) {
            let message = format!("the model is not where `{}` says", variable.name);
            let finding =
                crate::spec::syntax::Diagnostic::warning(findings.system.instead, message);
            findings.add(finding.at(at, "").help(
                "its folder is `{model}` in `command` and `args`, and the variable AIP_STORAGE_URI",
            ));
        }
    }
}

/// The entries of a mapping by their names.
pub(super) fn picked(node: &Node, names: &[&str]) -> Vec<Entry> {
    let entries = node.as_map().unwrap_or_default().iter();
    entries.filter(|entry| names.contains(&entry.key.text.as_str())).cloned().collect()
}

/// A field of two that are the same in two releases.
pub(super) fn either<'a>(fields: &Fields<'a>, names: [&str; 2]) -> Option<&'a Entry> {
    names.into_iter().find_map(|name| fields.entry(name))
}
