//! The model of a `BatchPredictionJob`: a container that keeps Vertex AI's contract.

use crate::spec::kinds::batch::{Model, ModelRef, Routes, Server};
use crate::spec::kinds::train::EnvVar;
use crate::spec::syntax::{Code, Diagnostic, Entry, Node, Spans};

use super::container::{environment, image, words};
use crate::spec::foreign::common::assemble::note;
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::port::{
    USUAL_PORT, always_listens, container_port, with_flagged_port,
};
use crate::spec::foreign::common::scalars::items;
use crate::spec::foreign::common::suspects;

pub(super) const MODEL: Table = &[
    ("artifactUri", Use::Kept("model.uri")),
    ("containerSpec", Use::Within),
    ("predictSchemata", Use::Left("rows are sent as they are, whatever a schema says")),
];

pub(super) const CONTAINER: Table = &[
    ("imageUri", Use::Kept("model.image")),
    ("command", Use::Kept("model.command")),
    ("args", Use::Kept("model.args")),
    ("env", Use::Kept("env")),
    ("predictRoute", Use::Kept("model.routes.predict")),
    ("healthRoute", Use::Kept("model.routes.health")),
    (
        "ports",
        Use::Changed(
            "`{port}` where the command says it; else `model.routes.port`, unless something says AIP_HTTP_PORT",
        ),
    ),
    ("grpcPorts", Use::Left("the server is asked over HTTP, at AIP_HTTP_PORT")),
    ("invokeRoutePrefix", Use::Left("rows are posted to `predictRoute`")),
    ("deploymentTimeout", Use::Left("write `model: {startTimeout: 30m}`")),
    ("sharedMemorySizeMb", Use::Left("mount an `emptyDir` with `medium: Memory` at /dev/shm")),
    ("startupProbe", Use::Left("the server is ready when `healthRoute` answers 200")),
    ("healthProbe", Use::Left("the server is ready when `healthRoute` answers 200")),
    ("livenessProbe", Use::Left("a server that dies is started again")),
];

pub(super) const PORT: Table = &[("containerPort", Use::Changed("the port of the server"))];

/// Reads an `unmanagedContainerModel`.
pub(super) fn container_model(
    findings: &mut Findings,
    entry: &Entry,
    spans: &mut Spans,
) -> Option<(Model, Vec<EnvVar>)> {
    let fields = findings.fields(&entry.value, "unmanagedContainerModel", MODEL);
    entry.value.as_map()?;
    let uri = fields.entry("artifactUri").and_then(|uri| {
        suspects::scan_place(findings, &uri.value);
        let text = findings.text(&uri.value, "artifactUri")?.trim();
        note("model.uri", &Located::new((), uri), spans);
        (!text.is_empty()).then(|| ModelRef::Place(text.into()))
    });
    let Some(container) = fields.get("containerSpec") else {
        missing_container(findings, &entry.value, "unmanagedContainerModel.containerSpec");
        return None;
    };
    let (_, served) = served_container(findings, container, CONTAINER, "model", spans)?;
    let ServedContainer { image, command, args, routes, env } = served;
    if let Some(env) = &env {
        note("env", env, spans);
    }
    let model = Model {
        uri,
        server: Some(Server::Custom),
        image,
        command,
        args: args.unwrap_or_default(),
        routes,
        ..Model::default()
    };
    Some((model, env.map(|env| env.value).unwrap_or_default()))
}

/// What the container of a model runs, and where it answers.
pub(super) struct ServedContainer {
    pub(super) image: Option<String>,
    pub(super) command: Option<Vec<String>>,
    pub(super) args: Option<Vec<String>>,
    pub(super) routes: Routes,
    pub(super) env: Option<Located<Vec<EnvVar>>>,
}

/// Reads a `containerSpec` with the fields of `table`; places are noted below `base`, but for those of
/// the variables. `None` when it is no mapping, which is said.
pub(super) fn served_container<'a>(
    findings: &mut Findings,
    container: &'a Node,
    table: Table,
    base: &str,
    spans: &mut Spans,
) -> Option<(Fields<'a>, ServedContainer)> {
    let fields = findings.fields(container, "containerSpec", table);
    container.as_map()?;
    if fields.entry("imageUri").is_none() {
        missing_container(findings, container, "containerSpec.imageUri");
    }
    let image = image(findings, fields.entry("imageUri"), "imageUri");
    let mut list = |name: &'static str| {
        let list = fields.entry(name).map(|entry| words(findings, entry, name))?;
        note(&format!("{base}.{name}"), &list, spans);
        Some(list.value).filter(|list| !list.is_empty())
    };
    let (mut command, mut args) = (list("command"), list("args"));
    let mut route = |name: &str| {
        let text = findings.text(fields.get(name)?, name)?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let (predict, health) = (route("predictRoute"), route("healthRoute"));
    let env = environment(findings, fields.entry("env"));
    let image = image.map(|image| image.value);
    let port = fields.entry("ports").and_then(|entry| port(findings, entry));
    let number = port.as_ref().map_or(USUAL_PORT, |port| port.value);
    let mut is_named = false;
    let mut before = String::new();
    for word in command.iter_mut().chain(&mut args).flatten() {
        let replaced = with_flagged_port(word, &before, number, "{port}");
        is_named |= replaced != *word;
        before = std::mem::replace(word, replaced);
    }
    let words = command.iter().chain(&args).flatten();
    let values = env.iter().flat_map(|env| &env.value).filter_map(|one| one.value.as_ref());
    let is_told = words.chain(values).any(|text| text.contains("AIP_HTTP_PORT"));
    let port = port.filter(|_| !is_told && !is_named);
    if let (Some(own), Some(entry)) = (&port, fields.entry("ports")) {
        if own.value == USUAL_PORT {
            let advice = "the server is told its port by AIP_HTTP_PORT: 8080 in a cluster, a free one on this machine";
            findings.left("ports", entry, advice);
        } else {
            note(&format!("{base}.routes"), own, spans);
            note(&format!("{base}.routes.port"), own, spans);
            always_listens(findings, &entry.value, own.value);
        }
    }
    let port = port.map(|port| port.value).filter(|port| *port != USUAL_PORT);
    let routes = Routes { predict, health, port };
    Some((fields, ServedContainer { image, command, args, routes, env }))
}

/// The port on which the server listens: the first of the list, as Vertex AI has it.
fn port(findings: &mut Findings, entry: &Entry) -> Option<Located<u16>> {
    let list = items(&entry.value);
    let fields = findings.fields(list.first()?, "ports[]", PORT);
    if let Some(second) = list.get(1) {
        findings.otherwise(second, "ports[1]", "requests are sent to the first port alone");
    }
    let number = fields.entry("containerPort")?;
    Some(Located::new(container_port(findings, &number.value)?, number))
}

/// Says that a model has no container, or that its container has no image.
fn missing_container(findings: &mut Findings, at: &Node, path: &str) {
    let message = format!("`{path}` is missing");
    findings.add(Diagnostic::error(Code::VertexMissing, message).at(at.span, ""));
}

/// A model of Vertex AI's registry, of which the file says nothing but the name.
pub(super) fn registered(findings: &mut Findings, entry: &Entry) {
    let name = entry.value.as_text().unwrap_or_default();
    let help = if name.contains("publishers/") {
        "models of publishers run at Google only; serve an open model with `mlctl convert`'s form: \
         `model: {uri: hf://org/name, server: openai}`"
    } else {
        "write what the registry knows of it: `unmanagedContainerModel: {artifactUri: ..., \
         containerSpec: {imageUri: ..., predictRoute: ..., healthRoute: ...}}`; `gcloud ai models \
         describe` prints them"
    };
    findings.add(
        Diagnostic::error(Code::VertexKind, "a model of Vertex AI's registry is only a name here")
            .at(entry.value.span, "")
            .help(help),
    );
}
