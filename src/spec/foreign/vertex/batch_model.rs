//! The model of a `BatchPredictionJob`: a container that keeps Vertex AI's contract.

use crate::spec::kinds::batch::{Model, ModelRef, Routes, Server};
use crate::spec::kinds::train::EnvVar;
use crate::spec::syntax::{Code, Diagnostic, Entry, Node, Spans};

use super::container::{environment, image, words};
use crate::spec::foreign::common::assemble::note;
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
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
    ("ports", Use::Left("the server is told its port by AIP_HTTP_PORT")),
    ("grpcPorts", Use::Left("the server is asked over HTTP, at AIP_HTTP_PORT")),
    ("invokeRoutePrefix", Use::Left("rows are posted to `predictRoute`")),
    ("deploymentTimeout", Use::Left("write `model: {startTimeout: 30m}`")),
    ("sharedMemorySizeMb", Use::Left("mount an `emptyDir` with `medium: Memory` at /dev/shm")),
    ("startupProbe", Use::Left("the server is ready when `healthRoute` answers 200")),
    ("healthProbe", Use::Left("the server is ready when `healthRoute` answers 200")),
    ("livenessProbe", Use::Left("a server that dies is started again")),
];

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
    let (command, args) = (list("command"), list("args"));
    let mut route = |name: &str| {
        let text = findings.text(fields.get(name)?, name)?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let routes = Routes { predict: route("predictRoute"), health: route("healthRoute") };
    let env = environment(findings, fields.entry("env"));
    let image = image.map(|image| image.value);
    Some((fields, ServedContainer { image, command, args, routes, env }))
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
