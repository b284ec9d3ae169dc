//! A worker that runs what its job's launcher would start.

use crate::spec::foreign::common::fields::Findings;
use crate::spec::foreign::common::scalars::items;
use crate::spec::foreign::kubernetes::merged;
use crate::spec::syntax::{Entry, Key, Node, SourceSpan, Value};

/// What of a launcher's container its processes have: the rest is only that of the container.
const OF_PROCESSES: [&str; 3] = ["env", "envFrom", "workingDir"];

/// Fields of a launcher that say nothing that a worker doesn't say itself.
const KNOWN: [&str; 6] = ["name", "image", "imagePullPolicy", "command", "args", "restartPolicy"];

/// The container of a replica type that is called `mpi`, or its first one.
pub(super) fn container(replica: &Node) -> Option<&Node> {
    let list = items(replica.get("template")?.get("spec")?.get("containers")?);
    list.get(position(list))
}

fn position(list: &[Node]) -> usize {
    let is_named = |one: &Node| one.get("name").and_then(Node::as_text) == Some("mpi");
    list.iter().position(is_named).unwrap_or_default()
}

/// An entry of a mapping.
pub(super) fn entry(name: &str, key: SourceSpan, value: Node) -> Entry {
    Entry { key: Key { text: name.to_owned(), span: key }, value }
}

/// The worker with this command, or that of its launcher's container, whose variables and folder it has too.
pub(super) fn worker(
    worker: &Entry,
    launcher: &Entry,
    command: Option<Vec<Node>>,
    env: Vec<Node>,
) -> Entry {
    let mut worker = worker.clone();
    let from = container(&launcher.value);
    let place = from.map_or(launcher.value.span, |container| container.span);
    let list = |values: Vec<Node>| Node { span: place, value: Value::List(values) };
    let own = from.and_then(Node::as_map).unwrap_or_default();
    let is_kept = |one: &&Entry| {
        let name = one.key.text.as_str();
        OF_PROCESSES.contains(&name) || command.is_none() && matches!(name, "command" | "args")
    };
    let mut added: Vec<Entry> = own.iter().filter(is_kept).cloned().collect();
    added.extend(command.map(|words| entry("command", place, list(words))));
    if !env.is_empty() {
        let all = entry("env", place, list(env));
        let patch = Node { span: place, value: Value::Map(vec![all]) };
        let base = Node { span: place, value: Value::Map(added) };
        added = match merged(&base, &patch).value {
            Value::Map(entries) => entries,
            _ => Vec::new(),
        };
    }
    if let Some(container) = container_of(&mut worker.value) {
        if let Value::Map(entries) = &mut container.value {
            entries.retain(|one| !matches!(one.key.text.as_str(), "command" | "args"));
        }
        *container = merged(container, &Node { span: place, value: Value::Map(added) });
    }
    let restarts = launcher.value.as_map().unwrap_or_default();
    if let Value::Map(entries) = &mut worker.value.value {
        // The launcher's end is that of the job, whatever its workers, which wait for ssh, are told.
        entries.retain(|one| one.key.text != "restartPolicy");
        entries.extend(restarts.iter().filter(|one| one.key.text == "restartPolicy").cloned());
    }
    worker
}

/// The container of a worker, to be changed.
fn container_of(worker: &mut Node) -> Option<&mut Node> {
    let mut node = worker;
    for key in ["template", "spec", "containers"] {
        let Value::Map(entries) = &mut node.value else { return None };
        node = &mut entries.iter_mut().find(|entry| entry.key.text == key)?.value;
    }
    let Value::List(list) = &mut node.value else { return None };
    let at = position(list);
    list.get_mut(at)
}

/// Names what a launcher's pod has that its workers don't: there is no such pod.
pub(super) fn name_rest(findings: &mut Findings, launcher: &Entry) {
    let pod = launcher.value.get("template").and_then(|template| template.get("spec"));
    let of_pod = pod.and_then(Node::as_map).unwrap_or_default();
    let of_container = container(&launcher.value).and_then(Node::as_map).unwrap_or_default();
    let is_left = |one: &&Entry| {
        let name = one.key.text.as_str();
        let is_known = KNOWN.contains(&name) || OF_PROCESSES.contains(&name);
        !is_known && name != "containers" && !one.value.is_null()
    };
    for one in of_pod.iter().chain(of_container).filter(is_left) {
        let advice = "no pod only starts the others; the workers have what they say themselves";
        findings.left(&format!("{}` of `Launcher", one.key.text), one, advice);
    }
}
