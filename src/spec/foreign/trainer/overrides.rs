//! What a job changes of its runtime's pods: its trainer, and overrides for pods in the three forms that the API has
//! had.

use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::scalars::items;
use crate::spec::foreign::kubernetes::merged;
use crate::spec::syntax::{Entry, Key, Node, SourceSpan, Value};

pub(super) const TRAINER: Table = &[
    ("image", Use::Kept("image")),
    ("command", Use::Kept("command")),
    ("args", Use::Kept("args")),
    ("env", Use::Kept("env")),
    ("numNodes", Use::Kept("roles.<role>.replicas")),
    ("numProcPerNode", Use::Changed("the variable PET_NPROC_PER_NODE")),
    ("resourcesPerNode", Use::Changed("`cpu`, `memory` and `accelerators`")),
];
pub(super) const TEMPLATE_OVERRIDE: Table = &[
    ("targetJobs", Use::Changed("whether the pods that train are meant")),
    ("metadata", Use::Changed("`podPatch.metadata`")),
    ("spec", Use::Changed("the fields of the pods that they override")),
    ("manager", Use::Output),
    ("time", Use::Output),
];
/// The fields that stand beside `targetJobs`, in the first form.
pub(super) const SPEC_OVERRIDE: Table = &[
    ("targetJobs", Use::Changed("whether the pods that train are meant")),
    ("serviceAccountName", Use::Kept("serviceAccount")),
    ("nodeSelector", Use::Kept("nodeSelector")),
    ("affinity", Use::Kept("affinity")),
    ("tolerations", Use::Kept("tolerations")),
    ("volumes", Use::Kept("volumes")),
    ("containers", Use::Changed("the fields of the container that they override")),
    ("initContainers", Use::Changed("`podPatch.spec.initContainers`")),
    ("schedulingGates", Use::Changed("`podPatch.spec.schedulingGates`")),
    ("imagePullSecrets", Use::Kept("imagePullSecrets")),
    ("securityContext", Use::Changed("`podPatch.spec.securityContext`")),
    ("terminationGracePeriodSeconds", Use::Kept("grace")),
];
pub(super) const PATCH: Table = &[
    ("trainingRuntimeSpec", Use::Changed("what it says of the pods that train")),
    ("manager", Use::Output),
    ("time", Use::Output),
];

/// Which jobs of a runtime are meant by their names there: the one that trains also by these.
const TRAINING: [&str; 2] = ["node", "trainer"];

/// The pods' template with the trainer of the job over it.
pub(super) fn with_trainer(pod: &Node, trainer: &Fields<'_>) -> Node {
    let mut fields: Vec<Entry> = Vec::new();
    for (theirs, ours) in [
        ("image", "image"),
        ("command", "command"),
        ("args", "args"),
        ("env", "env"),
        ("resourcesPerNode", "resources"),
    ] {
        if let Some(entry) = trainer.entry(theirs) {
            let key = Key { text: ours.to_owned(), span: entry.key.span };
            fields.push(Entry { key, value: entry.value.clone() });
        }
    }
    let Some(main) = main_container(pod) else { return pod.clone() };
    let mut changed = main.as_map().unwrap_or_default().to_vec();
    // The resources of a node are those of the job, whole; variables are added by their names.
    if fields.iter().any(|field| field.key.text == "resources") {
        changed.retain(|entry| entry.key.text != "resources");
    }
    let base = Node { span: main.span, value: Value::Map(changed) };
    with_container(pod, merged(&base, &Node { span: main.span, value: Value::Map(fields) }))
}

/// The container that trains: by its name, or the first one.
pub(super) fn main_container(pod: &Node) -> Option<&Node> {
    let all = containers(pod);
    let named = |node: &&Node| {
        node.get("name").and_then(Node::as_text).is_some_and(|name| TRAINING.contains(&name))
    };
    all.iter().find(named).or(all.first())
}

fn containers(pod: &Node) -> &[Node] {
    let list = pod.get("spec").and_then(|spec| spec.get("containers"));
    list.map(items).unwrap_or_default()
}

/// The pods' template with this container in place of the one that trains.
pub(super) fn with_container(pod: &Node, container: Node) -> Node {
    let Some(main) = main_container(pod) else { return pod.clone() };
    let span = main.span;
    let list = containers(pod).iter();
    let list =
        list.map(|one| if std::ptr::eq(one, main) { container.clone() } else { one.clone() });
    with(pod, &["spec", "containers"], Node { span, value: Value::List(list.collect()) })
}

/// The node with the value at these keys, in place of what is there.
fn with(node: &Node, keys: &[&str], value: Node) -> Node {
    let Some((first, rest)) = keys.split_first() else { return value };
    let mut entries = node.as_map().unwrap_or_default().to_vec();
    if let Some(entry) = entries.iter_mut().find(|entry| entry.key.text == *first) {
        entry.value = with(&entry.value, rest, value);
    }
    Node { span: node.span, value: Value::Map(entries) }
}

/// The pods' template with the overrides over it that mean the job that trains. `job` is its name in the runtime.
pub(super) fn overridden(findings: &mut Findings, spec: &Fields<'_>, job: &str, pod: Node) -> Node {
    let mut pod = pod;
    for (name, table) in
        [("podTemplateOverrides", TEMPLATE_OVERRIDE), ("podSpecOverrides", SPEC_OVERRIDE)]
    {
        for item in spec.get(name).map(items).unwrap_or_default() {
            let own = findings.fields(item, name, table);
            let targets = own.get("targetJobs").map(items).unwrap_or_default();
            let target = |node: &Node| node.get("name").and_then(Node::as_text).map(str::to_owned);
            let is_meant = targets.is_empty()
                || targets.iter().filter_map(target).any(|target| is_training(&target, job));
            if !is_meant {
                let help = "the runtime has no other job than the one that trains";
                findings.otherwise(item, name, help);
                continue;
            }
            let fields = item.as_map().unwrap_or_default().iter();
            let fields = fields.filter(|entry| entry.key.text != "targetJobs").cloned().collect();
            let patch = Node { span: item.span, value: Value::Map(fields) };
            pod = merged(
                &pod,
                &if name == "podSpecOverrides" { below("spec", patch) } else { patch },
            );
        }
    }
    for item in spec.get("runtimePatches").map(items).unwrap_or_default() {
        let own = findings.fields(item, "runtimePatches", PATCH);
        let set = own.get("trainingRuntimeSpec").and_then(|node| node.get("template")?.get("spec"));
        let jobs = set.and_then(|set| set.get("replicatedJobs")).map(items).unwrap_or_default();
        for patch in jobs {
            let name = patch.get("name").and_then(Node::as_text).unwrap_or_default();
            let template = patch.get("template").and_then(|node| node.get("spec")?.get("template"));
            match template {
                Some(template) if is_training(name, job) => pod = merged(&pod, template),
                _ => findings.otherwise(
                    patch,
                    "runtimePatches",
                    "only what it says of the pods that train is taken",
                ),
            }
        }
    }
    pod
}

fn is_training(name: &str, job: &str) -> bool {
    name == job || TRAINING.contains(&name)
}

/// A mapping with this one field.
fn below(key: &str, value: Node) -> Node {
    let span: SourceSpan = value.span;
    let key = Key { text: key.to_owned(), span };
    Node { span, value: Value::Map(vec![Entry { key, value }]) }
}
