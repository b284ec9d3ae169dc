//! A pod's template: the container that trains, where its pods go, and the rest as a patch.

use serde_json::{Map, Value as Json, json};

use super::config_map::{Filled, filled};
use super::container::{Container, container};
use super::known::known;
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::pool::Program;
use crate::spec::foreign::common::pool::Resources;
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::train::{Toleration, TrainJob, Volume};
use crate::spec::syntax::{Entry, KeyedSpan, Node, Spans, key_path, typed};
use crate::text::Span;

/// What becomes of the fields of a pod; those that are not here are kept as they are, in `podPatch.spec`.
pub(super) const POD: Table = &[
    ("containers", Use::Within),
    ("volumes", Use::Kept("volumes")),
    ("nodeSelector", Use::Kept("nodeSelector")),
    ("tolerations", Use::Kept("tolerations")),
    ("serviceAccountName", Use::Kept("serviceAccount")),
    ("priorityClassName", Use::Kept("priorityClass")),
    ("imagePullSecrets", Use::Kept("imagePullSecrets")),
    ("affinity", Use::Kept("affinity")),
    ("terminationGracePeriodSeconds", Use::Kept("grace")),
    ("initContainers", Use::Changed("`podPatch.spec.initContainers`")),
    (
        "restartPolicy",
        Use::Left("`retries` counts restarts of the whole gang, by class of failure"),
    ),
    ("all others", Use::Changed("`podPatch.spec`, as they are")),
];

/// What the pods of one role run, and what a job says of all of them.
#[derive(Default)]
pub(in crate::spec::foreign) struct Pod {
    pub(in crate::spec::foreign) program: Program,
    pub(in crate::spec::foreign) resources: Resources,
    pub(in crate::spec::foreign) volumes: Option<Located<Vec<Volume>>>,
    /// A script that writes the files of ConfigMaps; empty where there are none.
    pub(in crate::spec::foreign) script: String,
    /// What only a job has: where pods go, their account, and the patch.
    pub(in crate::spec::foreign) job: TrainJob,
    /// Where those are written.
    pub(in crate::spec::foreign) places: Spans,
}

/// Reads a template; `None` when an error says why it has nothing to run. `siblings` are the documents of its file, of
/// which ConfigMaps become a part of it.
pub(in crate::spec::foreign) fn pod(
    findings: &mut Findings,
    template: &Node,
    primary: Option<&str>,
    siblings: &[Node],
) -> Option<Pod> {
    let Filled { template, script } = filled(findings, template, siblings);
    let template = &known(findings, template);
    let Some(spec) = template.get("spec") else {
        findings.missing(template, "template.spec");
        return None;
    };
    let entries = spec.as_map().unwrap_or_default();
    let containers = spec.get("containers").map(items).unwrap_or_default();
    let main = main(findings, spec, containers, primary)?;
    let declared = spec.get("volumes").map(items).unwrap_or_default();
    let Container { program, resources, volumes, secrets, patch, places } =
        container(findings, main, declared);
    let mut pod = Pod { program, resources, volumes, script, ..Pod::default() };
    pod.job.secrets = secrets;
    let mut rest = Map::new();
    for entry in entries {
        place(findings, entry, &mut pod, &mut rest);
    }
    if !patch.is_empty() {
        let mut main = Map::new();
        main.insert("name".to_owned(), "main".into());
        main.extend(patch);
        pod.places.insert_below("podPatch.spec.containers[0]", &places);
        rest.insert("containers".to_owned(), json!([main]));
    }
    let metadata: Map<String, Json> = template
        .get("metadata")
        .and_then(Node::as_map)
        .unwrap_or_default()
        .iter()
        .filter(|entry| matches!(entry.key.text.as_str(), "labels" | "annotations"))
        .map(|entry| (entry.key.text.clone(), entry.value.to_json()))
        .collect();
    for (name, fields) in [("metadata", metadata), ("spec", rest)] {
        if !fields.is_empty() {
            let place = KeyedSpan { key: None, value: template.span };
            pod.places.insert("podPatch", place);
            pod.job.pod_patch.insert(name.to_owned(), Json::Object(fields));
        }
    }
    Some(pod)
}

/// The container that trains; others beside it are named.
fn main<'a>(
    findings: &mut Findings,
    spec: &Node,
    containers: &'a [Node],
    primary: Option<&str>,
) -> Option<&'a Node> {
    let named = |node: &&Node| {
        primary.is_some_and(|primary| node.get("name").and_then(Node::as_text) == Some(primary))
    };
    let main = containers.iter().find(named).or(match containers {
        [only] => Some(only),
        _ => None,
    });
    let Some(main) = main else {
        if containers.is_empty() {
            findings.missing(spec, "template.spec.containers");
        } else {
            let message = "nothing says which of the containers trains".to_owned();
            let help = match primary {
                Some(name) => format!("call the one that trains `{name}`"),
                None => "name it by `primaryContainerName`".to_owned(),
            };
            findings.refuse(spec.get("containers").unwrap_or(spec), message, &help);
        }
        return None;
    };
    for other in containers.iter().filter(|other| !std::ptr::eq(*other, main)) {
        let name = other.get("name").and_then(Node::as_text).unwrap_or("container");
        let help = "one container trains; `podPatch` of the TrainJob can add others";
        findings.otherwise(other.get("name").unwrap_or(other), name, help);
    }
    Some(main)
}

/// One field of a pod's spec.
fn place(findings: &mut Findings, entry: &Entry, pod: &mut Pod, rest: &mut Map<String, Json>) {
    let node = &entry.value;
    if node.is_null() {
        return;
    }
    let json = || node.to_json();
    let text = || node.as_text().map(str::to_owned);
    let job = &mut pod.job;
    let field = match entry.key.text.as_str() {
        // Looked at with the container.
        "containers" | "volumes" => return,
        "restartPolicy" => {
            if node.as_text() != Some("Never") {
                let help = "`retries` counts restarts of the whole gang, by class of failure";
                findings.otherwise(node, "restartPolicy", help);
            }
            return;
        }
        "nodeSelector" => {
            let entries = node.as_map().unwrap_or_default();
            let pair = |e: &Entry| Some((e.key.text.clone(), e.value.as_text()?.to_owned()));
            job.node_selector = entries.iter().filter_map(pair).collect();
            "nodeSelector"
        }
        "tolerations" => {
            let Ok(tolerations) = serde_json::from_value::<Vec<Toleration>>(json()) else {
                findings.wrong_type(node, "tolerations", "a list as in a Pod");
                return;
            };
            job.tolerations = tolerations;
            "tolerations"
        }
        "serviceAccountName" | "serviceAccount" => {
            job.service_account = text();
            "serviceAccount"
        }
        "priorityClassName" => {
            job.priority_class = text();
            "priorityClass"
        }
        "imagePullSecrets" => {
            let name = |item: &Node| item.get("name")?.as_text().map(str::to_owned);
            job.image_pull_secrets = items(node).iter().filter_map(name).collect();
            "imagePullSecrets"
        }
        "affinity" => {
            if let Err(misfit) = typed::<k8s_openapi::api::core::v1::Affinity>(&json()) {
                findings.wrong_type(node, &format!("affinity: {misfit}"), "as in a Pod");
                return;
            }
            if let Json::Object(fields) = json() {
                job.affinity = fields.into_iter().collect();
            }
            "affinity"
        }
        "terminationGracePeriodSeconds" => {
            let Some(seconds) = findings.count(node, "terminationGracePeriodSeconds") else {
                return;
            };
            job.grace = Some(Span(std::time::Duration::from_secs(seconds.into())));
            "grace"
        }
        other => {
            rest.insert(other.to_owned(), json());
            let path = key_path("podPatch.spec", other);
            pod.places.insert(path.as_str(), Located::new((), entry).place);
            pod.places.insert_below(&path, &Spans::of(node));
            return;
        }
    };
    pod.places.insert(field, Located::new((), entry).place);
}
