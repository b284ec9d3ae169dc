//! The pods of a predictor: its container and what else a pod has, read in the room where pods are read.

use serde_json::{Map, Value as Json, json};

use crate::spec::foreign::common::fields::Findings;
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::kubernetes::{Pod, pod};
use crate::spec::kinds::train::{Args, Setup};
use crate::spec::syntax::{Entry, Key, KeyedSpan, Node, SourceSpan, Value};

use super::system::Served;

/// Fields of a pod that a predictor may have, beside those that have a field of ours.
pub(super) const OF_PODS: [&str; 24] = [
    "initContainers",
    "activeDeadlineSeconds",
    "dnsPolicy",
    "dnsConfig",
    "automountServiceAccountToken",
    "nodeName",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "shareProcessNamespace",
    "securityContext",
    "hostname",
    "subdomain",
    "schedulerName",
    "hostAliases",
    "priority",
    "readinessGates",
    "runtimeClassName",
    "enableServiceLinks",
    "preemptionPolicy",
    "topologySpreadConstraints",
    "setHostnameAsFQDN",
    "hostUsers",
    "resourceClaims",
];

/// Fields of a pod that have a field of ours.
pub(super) const PLACED: [&str; 8] = [
    "nodeSelector",
    "tolerations",
    "affinity",
    "serviceAccountName",
    "serviceAccount",
    "priorityClassName",
    "imagePullSecrets",
    "volumes",
];

/// What a container's `command` and `args` are.
#[derive(Default)]
pub(super) struct Words {
    pub(super) command: Option<Vec<String>>,
    pub(super) args: Vec<String>,
}

/// Reads a container with the rest of its pod. `pod` are the fields of the pod, `own` those of the container
/// without ports and probes, of which `image` has a value for one that names none.
pub(super) fn read(
    findings: &mut Findings,
    of_pod: Vec<Entry>,
    own: Vec<Entry>,
    image: Option<&str>,
    at: SourceSpan,
    served: &mut Served<'_>,
) -> Option<Words> {
    let names_image = own.iter().any(|entry| entry.key.text == "image" && !entry.value.is_null());
    let mut container = own;
    if !names_image {
        let key = Key { text: "image".to_owned(), span: at };
        let value = Node::plain(image.unwrap_or("-"), at);
        container.push(Entry { key, value });
    }
    let entry = |name: &str, value: Value| Entry {
        key: Key { text: name.to_owned(), span: at },
        value: Node { span: at, value },
    };
    let container = Node { span: at, value: Value::Map(container) };
    let mut fields = of_pod;
    fields.push(entry("containers", Value::List(vec![container])));
    let template = Node { span: at, value: Value::Map(vec![entry("spec", Value::Map(fields))]) };
    let pod = pod(findings, &template, None, served.siblings)?;
    Some(taken(pod, names_image || image.is_some(), served))
}

/// Moves what was read to where it belongs.
fn taken(pod: Pod, has_image: bool, served: &mut Served<'_>) -> Words {
    let Pod { program, resources, volumes, script, job, places } = pod;
    let own = &mut served.own;
    let mut note = |field: &str, place: KeyedSpan| own.insert(field, place);
    let revision = &mut served.revision;
    if !script.is_empty() {
        revision.setup = Some(Setup { shell: Some(script), ..Setup::default() });
    }
    let mut words = Words::default();
    if let Some(Located { value, place, .. }) = program.image.filter(|_| has_image) {
        note("image", place);
        revision.image = Some(value);
    }
    if let Some(Located { value, place, .. }) = program.command {
        note("command", place);
        words.command = Some(value);
    }
    if let Some(Located { value: Args::List(args), place, .. }) = program.args {
        note("args", place);
        words.args = args;
    }
    if let Some(Located { value, place, .. }) = program.env {
        note("env", place);
        revision.env = value;
    }
    if let Some(Located { value, place, .. }) = resources.cpu {
        note("cpu", place);
        revision.cpu = Some(value);
    }
    if let Some(Located { value, place, .. }) = resources.memory {
        note("memory", place);
        revision.memory = Some(value);
    }
    if let Some(Located { value, place, .. }) = resources.accelerators {
        note("accelerators", place);
        revision.accelerators = Some(value);
    }
    if let Some(Located { value, place, .. }) = volumes {
        note("volumes", place);
        revision.volumes.extend(value);
    }
    revision.secrets = job.secrets;
    revision.node_selector = job.node_selector;
    revision.tolerations = job.tolerations;
    let all = &mut served.endpoint;
    all.service_account = job.service_account;
    all.priority_class = job.priority_class;
    all.image_pull_secrets = job.image_pull_secrets;
    all.affinity = job.affinity;
    all.pod_patch = job.pod_patch;
    for (field, place) in places.all() {
        match field {
            "nodeSelector" | "tolerations" => served.own.insert(field, place),
            _ => served.whole.insert(field, place),
        }
    }
    words
}

/// Adds a part to the patch of the pods: `{metadata: ...}` or `{spec: ...}`.
pub(super) fn patch(served: &mut Served<'_>, part: &str, field: &str, value: Json, entry: &Entry) {
    let parts = served.endpoint.pod_patch.entry(part.to_owned());
    let parts = parts.or_insert_with(|| Json::Object(Map::new()));
    if let Some(parts) = parts.as_object_mut() {
        match (parts.get_mut(field), value) {
            (Some(Json::Array(known)), Json::Array(more)) => known.extend(more),
            (_, value) => {
                parts.insert(field.to_owned(), value);
            }
        }
    }
    if served.whole.get("podPatch").is_none() {
        served.of_all("podPatch", entry);
    }
}

/// Containers beside the one that serves go on beside it.
pub(super) fn beside(served: &mut Served<'_>, others: &[&Node], entry: &Entry) {
    for other in others {
        patch(served, "spec", "containers", json!([other.to_json()]), entry);
    }
}
