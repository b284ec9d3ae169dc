//! ConfigMaps of the same file in a pod's template: their values as variables, their files as what the set-up writes.

use std::fmt::Write as _;

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::scalars::items;
use crate::spec::foreign::common::shell::{as_value, quoted};
use crate::spec::syntax::{Entry, Key, Node, Scalar, Value};

pub(super) const CONFIG_MAP: Table = &[
    ("apiVersion", Use::Changed("nothing: it is a part of the job that names it")),
    ("kind", Use::Changed("nothing: it is a part of the job that names it")),
    ("metadata", Use::Changed("the name by which a job names it")),
    ("data", Use::Changed("variables of the job, and files that `setup.shell` writes")),
    ("binaryData", Use::Left("keep it in a file of its own, and `kubectl apply -f` it")),
    ("immutable", Use::Left("the job has a copy of its own")),
];

/// A template with what its ConfigMaps say in place of their names.
pub(in crate::spec::foreign) struct Filled {
    pub(in crate::spec::foreign) template: Node,
    /// A script for `sh` that writes the files that were mounted; empty where there are none.
    pub(in crate::spec::foreign) script: String,
}

/// Whether something in a document names the ConfigMap.
pub(super) fn names_config_map(node: &Node, name: &str) -> bool {
    match &node.value {
        Value::Map(entries) => entries.iter().any(|entry| {
            let is_named = match entry.key.text.as_str() {
                "configMap" | "configMapRef" | "configMapKeyRef" => {
                    entry.value.get("name").and_then(Node::as_text) == Some(name)
                }
                _ => false,
            };
            is_named || names_config_map(&entry.value, name)
        }),
        Value::List(list) => list.iter().any(|item| names_config_map(item, name)),
        Value::Scalar(_) => false,
    }
}

/// Puts the values of ConfigMaps that are in the same file into a template.
pub(in crate::spec::foreign) fn filled(
    findings: &mut Findings,
    template: &Node,
    siblings: &[Node],
) -> Filled {
    let mut script = String::new();
    let spec = template.get("spec");
    let volumes = spec.and_then(|spec| spec.get("volumes")).map(items).unwrap_or_default();
    let mut written = Vec::new();
    for volume in volumes {
        let Some(source) = volume.get("configMap") else { continue };
        let name = volume.get("name").and_then(Node::as_text).unwrap_or_default();
        let Some(data) = data_of(source, siblings) else { continue };
        let mounts: Vec<&Node> = mounts_of(spec, name);
        if let Some(part) = mounts.iter().find(|mount| mount.get("subPath").is_some()) {
            findings.instead(
                part,
                format!("the ConfigMap of the volume `{name}` is not carried along"),
                "a file alone is mounted, so the map must be in the cluster: `kubectl apply -f` it first",
            );
            continue;
        }
        if !is_sound(findings, source, data) {
            continue;
        }
        for mount in mounts {
            let path = mount.get("mountPath").and_then(Node::as_text).unwrap_or_default();
            write_files(&mut script, path, source, data);
        }
        written.push(name.to_owned());
    }
    let template = changed(template, &written, siblings);
    Filled { template, script }
}

/// The data of the ConfigMap that a reference names, where it is in the file.
fn data_of<'a>(reference: &Node, siblings: &'a [Node]) -> Option<&'a [Entry]> {
    let name = reference.get("name").and_then(Node::as_text)?;
    let is_it = |node: &&Node| {
        node.get("kind").and_then(Node::as_text) == Some("ConfigMap")
            && node.get("metadata").and_then(|one| one.get("name")?.as_text()) == Some(name)
    };
    let map = siblings.iter().find(is_it)?;
    // What isn't text stays in the cluster.
    if map.get("binaryData").is_some() {
        return None;
    }
    map.get("data")?.as_map()
}

/// Where the containers of a pod mount a volume.
fn mounts_of<'a>(spec: Option<&'a Node>, volume: &str) -> Vec<&'a Node> {
    let containers = spec.and_then(|spec| spec.get("containers")).map(items).unwrap_or_default();
    let mounts = containers.iter().filter_map(|one| one.get("volumeMounts")).flat_map(items);
    mounts.filter(|mount| mount.get("name").and_then(Node::as_text) == Some(volume)).collect()
}

/// Whether the files of a map stay in the folder in which it is mounted, as Kubernetes has it; else an error says so.
fn is_sound(findings: &mut Findings, source: &Node, data: &[Entry]) -> bool {
    let is_key = |key: &str| {
        let is_usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !key.is_empty() && key.chars().all(is_usual) && !key.starts_with("..") && key != "."
    };
    let wrong_key = data.iter().find(|entry| !is_key(&entry.key.text));
    if let Some(entry) = wrong_key {
        let at = Node::plain("", entry.key.span);
        findings.wrong_type(&at, "data", "keys of letters, digits, `-`, `_` and `.`");
    }
    let paths = source.get("items").map(items).unwrap_or_default();
    let is_outside = |path: &&Node| {
        path.as_text()
            .is_some_and(|text| text.starts_with('/') || text.split('/').any(|part| part == ".."))
    };
    let wrong_path = paths.iter().filter_map(|item| item.get("path")).find(is_outside);
    if let Some(path) = wrong_path {
        findings.wrong_type(path, "items[].path", "a path without `..` in the volume");
    }
    wrong_key.is_none() && wrong_path.is_none()
}

/// The function that writes one file. On a machine it may find another one at that place, which is somebody's.
const WRITE: &str = "\
write() {
  if [ -e \"$1\" ] && [ \"$(cat \"$1\"; echo x)\" != \"$2x\" ]; then
    echo \"$1 is there already, and is not the file of the ConfigMap: move it away\" >&2; return 1
  fi
  mkdir -p \"$(dirname \"$1\")\"
  printf %s \"$2\" > \"$1\"
}
";

/// Adds the lines that write the files of a mounted map, byte for byte.
fn write_files(script: &mut String, folder: &str, source: &Node, data: &[Entry]) {
    let folder = folder.trim_end_matches('/');
    if script.is_empty() {
        script.push_str(WRITE);
    }
    let chosen = source.get("items").map(items);
    for entry in data {
        let Some(content) = entry.value.as_text() else { continue };
        let key = entry.key.text.as_str();
        let path = match chosen {
            None => key,
            Some(list) => {
                let item =
                    list.iter().find(|item| item.get("key").and_then(Node::as_text) == Some(key));
                match item.and_then(|item| item.get("path")?.as_text()) {
                    Some(path) => path,
                    None => continue,
                }
            }
        };
        let file = quoted(&format!("{folder}/{path}"));
        // Writing to a `String` can't fail.
        let _ = writeln!(script, "write {file} {}", quoted(content));
        let mode = source.get("defaultMode").and_then(Node::as_text);
        if mode.is_some_and(is_executable) {
            let _ = writeln!(script, "chmod +x {file}");
        }
    }
}

/// Whether a mode, octal with a leading zero and decimal without, lets its owner execute.
fn is_executable(mode: &str) -> bool {
    let number = match mode.strip_prefix("0o").or_else(|| mode.strip_prefix('0')) {
        Some(octal) => u32::from_str_radix(octal, 8),
        None => mode.parse(),
    };
    number.is_ok_and(|mode| mode & 0o100 != 0)
}

/// The node with variables from ConfigMaps of the file as values, and with empty volumes in place of those that the
/// set-up writes.
fn changed(node: &Node, written: &[String], siblings: &[Node]) -> Node {
    let value = match &node.value {
        Value::Map(entries) => Value::Map(
            entries.iter().map(|entry| changed_entry(entry, written, siblings)).collect(),
        ),
        Value::List(list) => {
            let all = list.iter().filter_map(|item| changed_item(item, written, siblings));
            Value::List(all.collect())
        }
        Value::Scalar(scalar) => Value::Scalar(scalar.clone()),
    };
    // Variables of a whole map stand where it was named, after those that have a name.
    if let Some(from) = node.get("envFrom") {
        let mut added = Vec::new();
        for item in items(from) {
            let data = item.get("configMapRef").and_then(|map| data_of(map, siblings));
            let prefix = item.get("prefix").and_then(Node::as_text).unwrap_or_default();
            for entry in data.unwrap_or_default() {
                added.push(variable(&format!("{prefix}{}", entry.key.text), &entry.value));
            }
        }
        if !added.is_empty() {
            return with_variables(Node { span: node.span, value }, added);
        }
    }
    Node { span: node.span, value }
}

/// A container with variables before its own, which count where both have one.
fn with_variables(container: Node, added: Vec<Node>) -> Node {
    let span = added.first().map_or(container.span, |first| first.span);
    let mut entries = container.as_map().unwrap_or_default().to_vec();
    let own = entries.iter().position(|entry| entry.key.text == "env");
    let name = |node: &Node| node.get("name").and_then(Node::as_text).map(str::to_owned);
    if let Some(place) = own {
        let listed = items(&entries[place].value).to_vec();
        let is_new = |one: &Node| !listed.iter().any(|other| name(other) == name(one));
        let mut all: Vec<Node> = added.into_iter().filter(is_new).collect();
        all.extend(listed.iter().cloned());
        entries[place].value = Node { span: entries[place].value.span, value: Value::List(all) };
    } else {
        let key = Key { text: "env".to_owned(), span };
        entries.push(Entry { key, value: Node { span, value: Value::List(added) } });
    }
    Node { span: container.span, value: Value::Map(entries) }
}

fn variable(name: &str, value: &Node) -> Node {
    let span = value.span;
    let text = |text: &str| Node {
        span,
        value: Value::Scalar(Scalar { text: text.to_owned(), plain: false }),
    };
    let entry = |key: &str, value: &str| Entry {
        key: Key { text: key.to_owned(), span },
        value: text(value),
    };
    let value = as_value(value.as_text().unwrap_or_default());
    Node { span, value: Value::Map(vec![entry("name", name), entry("value", &value)]) }
}

fn changed_entry(entry: &Entry, written: &[String], siblings: &[Node]) -> Entry {
    let reference = entry.value.get("configMapKeyRef").filter(|_| entry.key.text == "valueFrom");
    if let Some(reference) = reference
        && let Some(data) = data_of(reference, siblings)
        && let Some(key) = reference.get("key").and_then(Node::as_text)
        && let Some(found) = data.iter().find(|one| one.key.text == key)
    {
        let key = Key { text: "value".to_owned(), span: entry.key.span };
        // Kubernetes replaces nothing in a value that is not written where the variable is.
        let text = as_value(found.value.as_text().unwrap_or_default());
        let value = Value::Scalar(Scalar { text, plain: false });
        return Entry { key, value: Node { span: found.value.span, value } };
    }
    Entry { key: entry.key.clone(), value: changed(&entry.value, written, siblings) }
}

/// An item of a list: a volume that is written, a reference to a whole map, or what it was.
fn changed_item(item: &Node, written: &[String], siblings: &[Node]) -> Option<Node> {
    let is_carried = item.get("configMapRef").is_some_and(|map| data_of(map, siblings).is_some());
    if is_carried {
        return None;
    }
    let name = item.get("name").and_then(Node::as_text);
    let is_written =
        item.get("configMap").is_some() && name.is_some_and(|n| written.iter().any(|one| one == n));
    if !is_written {
        return Some(changed(item, written, siblings));
    }
    let entries = item.as_map().unwrap_or_default().iter().map(|entry| {
        if entry.key.text != "configMap" {
            return entry.clone();
        }
        let key = Key { text: "emptyDir".to_owned(), span: entry.key.span };
        let value = Node { span: entry.value.span, value: Value::Map(Vec::new()) };
        Entry { key, value }
    });
    Some(Node { span: item.span, value: Value::Map(entries.collect()) })
}
