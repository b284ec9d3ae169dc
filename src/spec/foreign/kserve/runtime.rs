//! `ServingRuntime` and `ClusterServingRuntime`: a container that InferenceServices of the same file name, or that
//! takes their format by itself.

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::ForeignContext;
use crate::spec::kinds::batch::Wire;
use crate::spec::syntax::{Entry, Node, SourceSpan, Value};

use super::formats::Protocol;
use super::model::OF_CONTAINERS;
use super::pods::{OF_PODS, PLACED};
use super::program::{Shape, picked};

const MESH: Use = Use::Left("each model has servers of its own");

pub(super) const SPEC: Table = &[
    ("containers", Use::Changed("`image`, `command`, `args`, `env` and the rest of a revision")),
    ("supportedModelFormats", Use::Changed("which models of the file are served by it")),
    ("protocolVersions", Use::Changed("what the server is asked in")),
    ("volumes", Use::Kept("revisions[].volumes")),
    ("nodeSelector", Use::Kept("revisions[].nodeSelector")),
    ("tolerations", Use::Kept("revisions[].tolerations")),
    ("affinity", Use::Kept("affinity")),
    ("imagePullSecrets", Use::Kept("imagePullSecrets")),
    ("hostIPC", Use::Changed("`podPatch`")),
    ("schedulerName", Use::Changed("`podPatch`")),
    ("resourceClaims", Use::Changed("`podPatch`")),
    ("annotations", Use::Left("annotations of other tools mean nothing to the pods")),
    ("labels", Use::Left("labels of other tools mean nothing to the pods")),
    ("multiModel", MESH),
    ("grpcEndpoint", MESH),
    ("grpcDataEndpoint", MESH),
    ("httpDataEndpoint", MESH),
    ("storageHelper", MESH),
    ("builtInAdapter", MESH),
    ("replicas", MESH),
    ("disabled", Use::Changed("nothing is served by it")),
    ("workerSpec", Use::Refused("a server of several nodes is not run: give one node enough GPUs")),
];

/// The runtimes of a file.
pub(super) struct Runtimes<'a> {
    all: Vec<&'a Node>,
}

/// A runtime of the file.
#[derive(Clone, Copy)]
pub(super) struct Runtime<'a> {
    spec: &'a Node,
    container: &'a Node,
}

/// What the file has for a model.
pub(super) enum Found<'a> {
    One(Runtime<'a>),
    /// One that is more than a container.
    Unplain(&'a Node),
    None,
}

/// A document is a runtime.
pub(super) fn is_runtime(node: &Node) -> bool {
    let text = |name: &str| node.get(name).and_then(Node::as_text);
    matches!(text("kind"), Some("ServingRuntime" | "ClusterServingRuntime"))
        && text("apiVersion").is_some_and(|version| version.starts_with("serving.kserve.io/"))
}

fn name(node: &Node) -> Option<&str> {
    node.get("metadata")?.get("name")?.as_text()
}

impl<'a> Runtimes<'a> {
    /// Those beside a document.
    pub(super) fn of(context: &ForeignContext<'a>) -> Self {
        Self { all: context.siblings.iter().filter(|node| is_runtime(node)).collect() }
    }

    /// The runtime of this name, or without a name the first that takes the format by itself.
    pub(super) fn named(&self, wanted: Option<&str>, format: &str) -> Found<'a> {
        let found = self.all.iter().find(|node| match wanted {
            Some(wanted) => name(node) == Some(wanted),
            None => takes(node, format),
        });
        let Some(spec) = found.and_then(|node| node.get("spec")) else { return Found::None };
        let at = spec.get("containers").unwrap_or(spec);
        let containers = spec.get("containers").map(items).unwrap_or_default();
        match main(containers) {
            Some(container) if spec.get("workerSpec").is_none() => {
                Found::One(Runtime { spec, container })
            }
            _ => Found::Unplain(at),
        }
    }
}

/// The container that serves: the only one, or that of KServe's name.
fn main(containers: &[Node]) -> Option<&Node> {
    let named = |one: &&Node| one.get("name").and_then(Node::as_text) == Some("kserve-container");
    match containers {
        [only] => Some(only),
        several => several.iter().find(named).filter(|_| several.len() == 1),
    }
}

/// It takes models of a format by itself.
fn takes(node: &Node, format: &str) -> bool {
    let spec = node.get("spec");
    let is_off = spec.and_then(|spec| spec.get("disabled")).and_then(Node::as_text) == Some("true");
    let formats = spec.and_then(|spec| spec.get("supportedModelFormats"));
    !is_off
        && formats.map(items).unwrap_or_default().iter().any(|one| {
            let text = |name: &str| one.get(name).and_then(Node::as_text);
            text("name").is_some_and(|name| name.eq_ignore_ascii_case(format))
                && text("autoSelect") == Some("true")
        })
}

/// Some InferenceService of the file is served by this runtime.
pub(super) fn is_used(node: &Node, context: &ForeignContext<'_>) -> bool {
    context.siblings.iter().any(|other| {
        if other.get("kind").and_then(Node::as_text) != Some("InferenceService") {
            return false;
        }
        let predictor = other.get("spec").and_then(|spec| spec.get("predictor"));
        let Some(predictor) = predictor else { return false };
        let models = predictor.as_map().unwrap_or_default().iter();
        let named: Vec<&str> =
            models.clone().filter_map(|entry| entry.value.get("runtime")?.as_text()).collect();
        if !named.is_empty() {
            return named.into_iter().any(|wanted| name(node) == Some(wanted));
        }
        let of_model = predictor
            .get("model")
            .and_then(|model| model.get("modelFormat")?.get("name")?.as_text());
        of_model.is_some_and(|format| takes(node, format))
            || models
                .filter(|entry| entry.value.as_map().is_some())
                .any(|entry| takes(node, &entry.key.text))
    })
}

impl Runtime<'_> {
    /// Its container and pod with what a model says for itself.
    pub(super) fn shape(
        self,
        findings: &mut Findings,
        of_pod: Vec<Entry>,
        own: Vec<Entry>,
        at: SourceSpan,
    ) -> Shape {
        findings.fields(self.spec, "the runtime's spec", SPEC);
        let names: Vec<&str> = OF_PODS.iter().chain(&PLACED).copied().collect();
        let pod = merged(picked(self.spec, &names), of_pod);
        let container = merged(picked(self.container, &OF_CONTAINERS), own);
        Shape { pod, container, at }
    }

    /// What it is asked in, where the model says nothing.
    pub(super) fn protocol(
        self,
        findings: &mut Findings,
        is_said: bool,
        said: Protocol,
    ) -> Protocol {
        if is_said {
            return said;
        }
        let words = self.spec.get("protocolVersions").map(items).unwrap_or_default();
        let texts: Vec<&str> =
            words.iter().filter_map(|word| findings.text(word, "protocolVersions")).collect();
        let has = |word: &str| texts.iter().any(|text| text.eq_ignore_ascii_case(word));
        Protocol {
            second: has("v2") && !has("v1") || has("grpc-v2") && !has("v1"),
            wire: (!texts.is_empty() && texts.iter().all(|text| text.starts_with("grpc")))
                .then_some(Wire::Grpc),
        }
    }

    /// Its words name the folder of a model.
    pub(super) fn wants_model(self) -> bool {
        let container = self.container;
        let words = ["command", "args"].into_iter().filter_map(|name| container.get(name));
        words.flat_map(items).any(|word| {
            word.as_text().is_some_and(|text| text.contains(super::storage::MODEL_FOLDER))
        })
    }
}

/// What both say: lists that add up, and else what the second one says.
fn merged(first: Vec<Entry>, second: Vec<Entry>) -> Vec<Entry> {
    let mut all = first;
    for entry in second {
        let Some(known) = all.iter_mut().find(|known| known.key.text == entry.key.text) else {
            all.push(entry);
            continue;
        };
        let adds = matches!(
            entry.key.text.as_str(),
            "args"
                | "env"
                | "envFrom"
                | "volumeMounts"
                | "volumes"
                | "tolerations"
                | "imagePullSecrets"
        );
        match (&mut known.value.value, &entry.value.value) {
            (Value::List(items), Value::List(more)) if adds => {
                let name =
                    |node: &Node| node.get("name").and_then(Node::as_text).map(str::to_owned);
                let replaced: Vec<String> = more.iter().filter_map(name).collect();
                items.retain(|item| name(item).is_none_or(|name| !replaced.contains(&name)));
                items.extend(more.iter().cloned());
            }
            _ => *known = entry,
        }
    }
    all
}
