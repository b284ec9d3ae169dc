//! A deployment of a `Model` to an endpoint as an `Endpoint`.
//!
//! Accepted are the request of `endpoints.deployModel`, an endpoint as `describe` prints it, and a
//! model as it is uploaded: alone, or with the deployment beside it. The container of the model keeps
//! Vertex AI's contract, which is `server: custom`.
//! Source: <https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.endpoints>.

use crate::spec::kinds::batch::{ModelRef, Server};
use crate::spec::kinds::endpoint::{Endpoint, Revision};
use crate::spec::kinds::{Document, ForeignContext};
use crate::spec::syntax::{Code, Diagnostic, Entry, KeyedSpan, Node, Spans, index_path};

use super::deployment::resources;
use super::envelope::Envelope;
use super::job::{labels, name};
use super::served_container::container;
use crate::spec::foreign::common::converted::resolved;
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::name::dns_name;
use crate::spec::foreign::common::scalars::items;
use crate::spec::foreign::common::suspects;

const FORMAT: &str = "Vertex deployment";

const EXPLANATIONS: Use = Use::Left("explanations are not made; predictions are");
const IN_RESOURCES: Use = Use::Left("write it below `dedicatedResources`");
const NETWORK: Use = Use::Left("`expose` says what a cluster shows of the endpoint");

/// Fields of a request, of an endpoint, of a deployed model and of a model. People write those of one
/// beside those of another, where each still means one thing only.
pub(super) const SERVED: Table = &[
    ("displayName", Use::Kept("name")),
    ("labels", Use::Kept("labels")),
    ("model", Use::Changed("a model of the registry by its name, or the model within the request")),
    ("deployedModel", Use::Changed("a revision")),
    ("deployedModels", Use::Changed("a revision each")),
    ("trafficSplit", Use::Changed("`revisions[].traffic`")),
    ("id", Use::Changed("the name of a revision")),
    ("artifactUri", Use::Kept("revisions[].model")),
    ("containerSpec", Use::Within),
    ("dedicatedResources", Use::Within),
    ("automaticResources", Use::Within),
    ("machineSpec", IN_RESOURCES),
    ("minReplicaCount", IN_RESOURCES),
    ("maxReplicaCount", IN_RESOURCES),
    ("autoscalingMetricSpecs", IN_RESOURCES),
    ("parent", Use::Left("an endpoint is where the settings or `--context` say")),
    ("endpoint", Use::Left("an endpoint is where the settings or `--context` say")),
    ("sharedResources", Use::Left("each revision has replicas of its own")),
    (
        "serviceAccount",
        Use::Left(
            "it is a Google account; give credentials by `storage: {secret: ...}`, or by the \
             cluster's workload identity with `storage: {serviceAccount: ...}`",
        ),
    ),
    ("enableAccessLogging", Use::Left("write `log: {sample: 1%, to: ...}`")),
    ("predictRequestResponseLoggingConfig", Use::Left("write `log: {sample: 1%, to: ...}`")),
    ("disableContainerLogging", Use::Left("`mlctl logs` has what the server prints")),
    ("enableContainerLogging", Use::Left("`mlctl logs` has what the server prints")),
    ("rolloutOptions", Use::Left("write `rollout: {steps: [10, 50, 100]}`")),
    ("encryptionSpec", Use::Left("encryption is the cluster's and the object store's matter")),
    ("network", NETWORK),
    ("enablePrivateServiceConnect", NETWORK),
    ("privateServiceConnectConfig", NETWORK),
    ("dedicatedEndpointEnabled", NETWORK),
    ("explanationSpec", EXPLANATIONS),
    ("disableExplanations", EXPLANATIONS),
    ("predictSchemata", Use::Left("requests are sent as they are, whatever a schema says")),
    ("metadataSchemaUri", Use::Left("nothing reads the model's metadata")),
    ("metadata", Use::Left("nothing reads the model's metadata")),
    ("versionAliases", Use::Left("`mlctl models alias` gives a version a name")),
    ("versionDescription", Use::Left("nothing reads it")),
    ("description", Use::Left("nothing reads it")),
    ("parentModel", Use::Left("`mlctl models push` adds a version to a model")),
    ("modelId", Use::Left("the model is what `artifactUri` and `containerSpec` say")),
    ("name", Use::Output),
    ("versionId", Use::Output),
    ("modelVersionId", Use::Output),
    ("supportedDeploymentResourcesTypes", Use::Output),
    ("supportedInputStorageFormats", Use::Output),
    ("supportedOutputStorageFormats", Use::Output),
    ("supportedExportFormats", Use::Output),
    ("trainingPipeline", Use::Output),
    ("originalModelInfo", Use::Output),
    ("modelSourceInfo", Use::Output),
    ("privateEndpoints", Use::Output),
    ("status", Use::Output),
    ("createTime", Use::Output),
    ("updateTime", Use::Output),
    ("versionCreateTime", Use::Output),
    ("versionUpdateTime", Use::Output),
    ("satisfiesPzs", Use::Output),
    ("satisfiesPzi", Use::Output),
    ("etag", Use::Output),
];

/// Converts a deployment or a model. `None` when an error says why it becomes nothing.
pub(super) fn endpoint(
    findings: &mut Findings,
    node: &Node,
    context: &ForeignContext<'_>,
) -> Option<Document> {
    let top = findings.fields(node, "", SERVED);
    let model = top
        .get("model")
        .filter(|model| model.as_map().is_some())
        .map(|model| findings.fields(model, "model", SERVED));
    let list = top.entry("deployedModel").or_else(|| top.entry("deployedModels"));
    let deployed: Vec<Fields<'_>> = list.map_or_else(Vec::new, |list| {
        let read = |item| findings.fields(item, list.key.text.as_str(), SERVED);
        items(&list.value).iter().filter(|item| !item.is_null()).map(read).collect()
    });
    let alone = Fields::default();
    let parts = if deployed.is_empty() { std::slice::from_ref(&alone) } else { &deployed[..] };
    let mut spans = Spans::default();
    spans.insert("", KeyedSpan { key: None, value: node.span });
    let envelope = Envelope {
        display_name: [Some(&top), model.as_ref(), parts.first()]
            .into_iter()
            .flatten()
            .find_map(|level| level.entry("displayName")),
        labels: top.entry("labels").or_else(|| model.as_ref()?.entry("labels")),
    };
    let mut endpoint = Endpoint {
        name: name(findings, &envelope, context, &mut spans),
        labels: labels(findings, &envelope, &mut spans),
        ..Endpoint::default()
    };
    for (index, own) in parts.iter().enumerate() {
        let base = index_path("revisions", index);
        let levels = [Some(own), model.as_ref(), Some(&top)];
        let find = |name: &str| levels.iter().flatten().find_map(|level| level.entry(name));
        spans.insert(base.as_str(), KeyedSpan { key: None, value: node.span });
        let mut revision = revision(findings, &find, node, &base, &mut spans)?;
        revision.name = format!("v{}", index + 1);
        resources(findings, &find, &base, &mut spans, &mut endpoint, &mut revision);
        endpoint.revisions.push(revision);
    }
    if let Some(split) = top.entry("trafficSplit") {
        traffic(findings, split, parts, list, &mut endpoint, &mut spans);
    }
    Some(Document::Endpoint(resolved(endpoint, spans, context, FORMAT)))
}

/// A model with its container, or one of the registry, of which the file says nothing but the name.
fn revision<'a>(
    findings: &mut Findings,
    find: &dyn Fn(&str) -> Option<&'a Entry>,
    node: &Node,
    base: &str,
    spans: &mut Spans,
) -> Option<Revision> {
    let mut revision = Revision::default();
    if let Some(uri) = find("artifactUri") {
        suspects::scan_place(findings, &uri.value);
        let text = findings.text(&uri.value, "artifactUri")?.trim();
        spans.insert(format!("{base}.model"), Located::new((), uri).place);
        revision.model = (!text.is_empty()).then(|| text.to_owned().into());
    }
    if let Some(spec) = find("containerSpec") {
        container(findings, &spec.value, base, spans, &mut revision)?;
        return Some(revision);
    }
    match find("model").filter(|model| model.value.as_text().is_some()) {
        Some(model) if revision.model.is_none() => {
            revision.server = Some(Server::TensorflowServing);
            revision.model = Some(registered(findings, model, find("displayName"))?);
            spans.insert(format!("{base}.model"), Located::new((), model).place);
            Some(revision)
        }
        _ => {
            findings.add(
                Diagnostic::error(Code::VertexMissing, "nothing says what serves: `containerSpec`")
                    .at(node.span, "")
                    .help(
                        "add `artifactUri` and `containerSpec: {imageUri: ...}` of the model: \
                         `gcloud ai models describe` prints them",
                    ),
            );
            None
        }
    }
}

/// `projects/P/locations/L/models/NAME@VERSION` as a model of mlctl's own registry. Numbers that Vertex
/// AI has given are nobody's names, so the display name stands for them.
fn registered(findings: &mut Findings, entry: &Entry, display: Option<&Entry>) -> Option<ModelRef> {
    let text = findings.text(&entry.value, "model")?.trim();
    if text.contains("publishers/") {
        findings.add(
            Diagnostic::error(Code::VertexKind, "models of publishers run at Google only")
                .at(entry.value.span, "")
                .help(
                    "serve an open model: `revisions: [{name: v1, model: hf://org/name, server: \
                     openai}]`",
                ),
        );
        return None;
    }
    let last = text.rsplit('/').next().unwrap_or(text);
    let (id, version) = last.split_once('@').map_or((last, None), |(id, v)| (id, Some(v)));
    let is_number = id.bytes().all(|b| b.is_ascii_digit());
    let display = display.and_then(|display| dns_name(display.value.as_text()?));
    let id = display.filter(|_| is_number).unwrap_or_else(|| id.to_owned());
    let model = version.map_or_else(|| id.clone(), |version| format!("{id}@{version}"));
    findings.add(
        Diagnostic::warning(
            Code::VertexLeftOut,
            format!("the model is `{model}` of mlctl's registry, served by TensorFlow Serving"),
        )
        .at(entry.value.span, "of Vertex AI's registry, whose facts are not in this file")
        .help(format!(
            "`mlctl models push FOLDER {id}` puts it there; for its own container add \
             `containerSpec` and `artifactUri` beside it: `gcloud ai models describe` prints them"
        )),
    );
    Some(model.into())
}

/// `trafficSplit`: shares by the deployed models' ids; `0` is the model of the request itself.
fn traffic(
    findings: &mut Findings,
    split: &Entry,
    parts: &[Fields<'_>],
    list: Option<&Entry>,
    endpoint: &mut Endpoint,
    spans: &mut Spans,
) {
    let Some(entries) = split.value.as_map() else {
        findings.wrong_type(&split.value, "trafficSplit", "a mapping of ids to percents");
        return;
    };
    let is_request = list.is_some_and(|list| list.value.as_list().is_none());
    let id = |part: &Fields<'_>| part.get("id").and_then(Node::as_text).map(str::to_owned);
    let ids: Vec<Option<String>> = parts.iter().map(id).collect();
    let mut others: Option<&Entry> = None;
    let mut sum: u64 = 0;
    for share in entries {
        let key = share.key.text.as_str();
        let known = ids.iter().position(|id| id.as_deref() == Some(key));
        let index = known.or_else(|| (key == "0" && is_request).then_some(0));
        let Some(percent) = findings.count(&share.value, "trafficSplit") else { continue };
        sum += u64::from(percent);
        if let Some(index) = index {
            endpoint.revisions[index].traffic = Some(percent);
            let path = format!("{}.traffic", index_path("revisions", index));
            spans.insert(path, Located::new((), share).place);
        } else if percent > 0 {
            others = others.or(Some(share));
        }
    }
    if let Some(other) = others {
        // Of shares that are all in this file the linter says so.
        if sum != 100 {
            let message = format!("`trafficSplit` adds up to {sum}, not to 100");
            findings.refuse(
                &split.value,
                message,
                "Vertex AI refuses it too: its shares are percents",
            );
        }
        for revision in &mut endpoint.revisions {
            revision.traffic = revision.traffic.filter(|_| !is_request);
        }
        findings.add(
            Diagnostic::warning(
                Code::VertexLeftOut,
                format!("`{}` has a share, and is not in this file", other.key.text),
            )
            .at(other.key.span, "deployed before")
            .help(
                "add it to `revisions` with its `traffic`; without it this one gets all requests",
            ),
        );
    } else if is_request && entries.len() == 1 {
        // One revision alone has all requests anyway.
        for revision in &mut endpoint.revisions {
            revision.traffic = revision.traffic.filter(|percent| *percent != 100);
        }
    }
}
