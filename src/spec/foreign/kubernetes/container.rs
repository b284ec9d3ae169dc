//! A container of a pod: program, resources and mounts; the rest as a patch.

use serde_json::{Map, Value as Json};

use crate::hardware::accelerator::{AMD, NVIDIA};
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::pool::Program;
use crate::spec::foreign::common::pool::Resources;
use crate::spec::foreign::common::scalars::items;
use crate::spec::foreign::common::suspects::scan_image;
use crate::spec::kinds::train::{
    Accelerators, Args, EnvSource, EnvVar, SecretKeyRef, SecretUse, Volume,
};
use crate::spec::syntax::{Entry, KeyedSpan, Node, Spans, key_path};

/// What becomes of the fields of a container; those that are not here are kept as they are, in `podPatch`.
pub(super) const CONTAINER: Table = &[
    ("name", Use::Changed("which container it is that trains")),
    ("image", Use::Kept("image")),
    ("command", Use::Kept("command")),
    ("args", Use::Kept("args")),
    ("env", Use::Kept("env")),
    ("envFrom", Use::Changed("`secrets`, and variables of ConfigMaps that are in the file")),
    ("resources", Use::Changed("`cpu`, `memory` and `accelerators`; others in `podPatch`")),
    ("volumeMounts", Use::Changed("where each of `volumes` is mounted")),
    ("ports", Use::Left("the replicas of a run reach each other on every port")),
    ("all others", Use::Changed("`podPatch`, as they are")),
];

/// What the container that trains says.
#[derive(Default)]
pub(in crate::spec::foreign) struct Container {
    pub(in crate::spec::foreign) program: Program,
    pub(in crate::spec::foreign) resources: Resources,
    pub(in crate::spec::foreign) volumes: Option<Located<Vec<Volume>>>,
    pub(in crate::spec::foreign) secrets: Vec<SecretUse>,
    /// Fields that are kept as they are.
    pub(in crate::spec::foreign) patch: Map<String, Json>,
    /// Where those are written, by their paths in the container.
    pub(in crate::spec::foreign) places: Spans,
}

/// Reads a container; `declared` are the volumes of its pod.
pub(in crate::spec::foreign) fn container(
    findings: &mut Findings,
    node: &Node,
    declared: &[Node],
) -> Container {
    let mut read = Container::default();
    for entry in node.as_map().unwrap_or_default() {
        let value = &entry.value;
        if value.is_null() {
            continue;
        }
        match entry.key.text.as_str() {
            "name" => {}
            "ports" => {
                let help = "the replicas of a run reach each other on every port";
                findings.otherwise(value, "ports", help);
            }
            "image" => {
                let text = findings.text(value, "image").map(str::to_owned);
                // A trial's image may be a parameter of its study.
                if let Some(text) = text.as_ref().filter(|text| !text.contains("${params.")) {
                    scan_image(findings, value, text);
                }
                read.program.image = text.map(|text| Located::new(text, entry));
            }
            "command" => read.program.command = words(findings, entry),
            "args" => {
                read.program.args = words(findings, entry).map(|list| Located {
                    value: Args::List(list.value),
                    place: list.place,
                    items: list.items,
                });
            }
            "env" => environment(findings, entry, &mut read),
            "envFrom" => from_secrets(value, &mut read),
            "resources" => resources(findings, entry, &mut read),
            "volumeMounts" => mounts(findings, entry, declared, &mut read),
            other => {
                read.patch.insert(other.to_owned(), value.to_json());
            }
        }
        if let Some(key) = read.patch.contains_key(&entry.key.text).then_some(entry.key.span) {
            let place = KeyedSpan { key: Some(key), value: value.span };
            let path = key_path("", &entry.key.text);
            read.places.insert(path.as_str(), place);
            // Lists of which only a part is kept have other indexes there.
            if value.as_list().is_none() {
                read.places.insert_below(&path, &Spans::of(value));
            }
        }
    }
    if read.program.image.is_none() && node.get("image").is_none() {
        findings.missing(node, "containers[].image");
    }
    read
}

fn words(findings: &mut Findings, entry: &Entry) -> Option<Located<Vec<String>>> {
    let texts = findings.texts(&entry.value, &entry.key.text);
    Some(Located::list(texts, entry, &entry.value)).filter(|list| !list.value.is_empty())
}

/// Variables with values and keys of Secrets; other sources are kept as they are.
fn environment(findings: &mut Findings, entry: &Entry, read: &mut Container) {
    let mut variables = Vec::new();
    let mut places = Vec::new();
    let mut others = Vec::new();
    let mut patched: Vec<String> = Vec::new();
    for item in items(&entry.value) {
        let Some(name) = item.get("name").and_then(Node::as_text) else {
            findings.missing(item, "env[].name");
            continue;
        };
        let name = name.to_owned();
        let in_patch = patched.iter().position(|one| *one == name);
        let before = variables.iter().position(|one: &EnvVar| one.name == name);
        if in_patch.or(before).is_some() {
            findings.set_twice(item, &name);
        }
        if let Some(before) = before {
            variables.remove(before);
            places.remove(before);
        }
        if let Some(before) = in_patch {
            patched.remove(before);
            others.remove(before);
        }
        let Some(from) = item.get("valueFrom") else {
            let value = item.get("value").filter(|value| !value.is_null());
            let value = value.and_then(|value| findings.text(value, "env[].value"));
            let value = value.unwrap_or_default();
            // The cluster puts in what only it knows.
            if patched.iter().any(|known| value.contains(&format!("$({known})"))) {
                patched.push(name);
                others.push(item.to_json());
                continue;
            }
            variables.push(EnvVar { name, value: Some(value.to_owned()), value_from: None });
            places.push(item.span);
            continue;
        };
        let text = |field: &str| from.get("secretKeyRef")?.get(field)?.as_text().map(str::to_owned);
        if let (Some(secret), Some(key)) = (text("name"), text("key")) {
            let optional = is_true(text("optional"));
            let secret_key_ref = SecretKeyRef { name: secret, key, optional };
            let value_from = Some(EnvSource { secret_key_ref });
            variables.push(EnvVar { name, value: None, value_from });
            places.push(item.span);
        } else {
            patched.push(name);
            others.push(item.to_json());
        }
    }
    if !others.is_empty() {
        read.patch.insert("env".to_owned(), others.into());
    }
    if !variables.is_empty() {
        let items = places.into_iter().map(|span| KeyedSpan { key: None, value: span }).collect();
        read.program.env = Some(Located { items, ..Located::new(variables, entry) });
    }
}

fn from_secrets(node: &Node, read: &mut Container) {
    let mut others = Vec::new();
    for item in items(node) {
        let secret = item.get("secretRef").and_then(|from| from.get("name")?.as_text());
        let is_optional = item.get("secretRef").is_some_and(|from| from.get("optional").is_some());
        match secret.filter(|_| item.get("prefix").is_none() && !is_optional) {
            Some(name) => {
                read.secrets.push(SecretUse { name: name.to_owned(), mount_path: None });
            }
            None => others.push(item.to_json()),
        }
    }
    if !others.is_empty() {
        read.patch.insert("envFrom".to_owned(), others.into());
    }
}

/// Requests and limits are one here: what is requested of cores, and the limit of memory.
fn resources(findings: &mut Findings, entry: &Entry, read: &mut Container) {
    let of = |kind: &str, name: &str| entry.value.get(kind).and_then(|map| map.entry(name));
    let cpu = of("requests", "cpu").or_else(|| of("limits", "cpu"));
    if let Some(entry) = cpu {
        match entry.value.as_text().unwrap_or_default().parse() {
            Ok(cpu) => read.resources.cpu = Some(Located::new(cpu, entry)),
            Err(_) => findings.wrong_type(&entry.value, "resources.cpu", "a number of cores"),
        }
    }
    let memory = of("limits", "memory").or_else(|| of("requests", "memory"));
    if let Some(entry) = memory {
        match entry.value.as_text().unwrap_or_default().parse() {
            Ok(memory) => read.resources.memory = Some(Located::new(memory, entry)),
            Err(_) => findings.wrong_type(&entry.value, "resources.memory", "an amount of memory"),
        }
    }
    for (resource, kind) in [(NVIDIA, "nvidia"), (AMD, "amd")] {
        if let Some(entry) = of("limits", resource).or_else(|| of("requests", resource))
            && let Some(count) = findings.count(&entry.value, resource).filter(|count| *count > 0)
        {
            let accelerators = Accelerators { kind: kind.to_owned(), count };
            read.resources.accelerators = Some(Located::new(accelerators, entry));
        }
    }
    for name in ["cpu", "memory"] {
        let text = |kind| of(kind, name).and_then(|entry| entry.value.as_text());
        if let (Some(most), Some(_)) =
            (text("limits").filter(|_| text("requests") != text("limits")), text("requests"))
            && let Some(entry) = of("limits", name)
        {
            let message = format!("`{name}` has one value here, where requests and limits differ");
            let help = match name {
                "cpu" => format!("the request is taken; `podPatch` can set a limit of {most}"),
                _ => format!("the limit of {most} is taken, and requested"),
            };
            findings.instead(&entry.value, message, &help);
        }
    }
    let mut others = Map::new();
    if let Some(claims) = entry.value.get("claims") {
        others.insert("claims".to_owned(), claims.to_json());
    }
    for kind in ["limits", "requests"] {
        let map = entry.value.get(kind).and_then(Node::as_map).unwrap_or_default();
        let known = ["cpu", "memory", NVIDIA, AMD];
        let rest: Map<String, Json> = map
            .iter()
            .filter(|entry| !known.contains(&entry.key.text.as_str()))
            .map(|entry| (entry.key.text.clone(), entry.value.to_json()))
            .collect();
        if !rest.is_empty() {
            others.insert(kind.to_owned(), Json::Object(rest));
        }
    }
    if !others.is_empty() {
        read.patch.insert("resources".to_owned(), Json::Object(others));
    }
}

/// A flag as YAML writes it.
fn is_true(text: Option<String>) -> bool {
    text.is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

fn mounts(findings: &mut Findings, entry: &Entry, declared: &[Node], read: &mut Container) {
    let mut volumes: Vec<Volume> = Vec::new();
    for item in items(&entry.value) {
        let text = |field: &str| item.get(field).and_then(Node::as_text).map(str::to_owned);
        let (Some(name), Some(mount_path)) = (text("name"), text("mountPath")) else {
            let field = if item.get("name").is_none() { "name" } else { "mountPath" };
            findings.missing(item, &format!("volumeMounts[].{field}"));
            continue;
        };
        let volume = declared
            .iter()
            .find(|volume| volume.get("name").and_then(Node::as_text) == Some(name.as_str()));
        let Some(volume) = volume else {
            findings.wrong_type(item, "volumeMounts[].name", "the name of a volume of the pod");
            continue;
        };
        let source = volume.as_map().unwrap_or_default().iter();
        let source = source.filter(|entry| entry.key.text != "name");
        let source = source.map(|entry| (entry.key.text.clone(), entry.value.to_json())).collect();
        // A volume says itself where it is mounted, so one that is mounted twice is two.
        let before = volumes.iter().filter(|other| other.name.starts_with(&name)).count();
        let name = if before > 0 { format!("{name}-{}", before + 1) } else { name };
        for lost in ["subPathExpr", "mountPropagation", "recursiveReadOnly"] {
            if let Some(field) = item.entry(lost) {
                let message = format!("`{lost}` of a mount is not kept");
                let help = "write `subPath`, or the whole mount in `podPatch`";
                findings.refuse(&field.value, message, help);
            }
        }
        let read_only = is_true(text("readOnly"));
        volumes.push(Volume { name, mount_path, sub_path: text("subPath"), read_only, source });
    }
    if !volumes.is_empty() {
        read.volumes = Some(Located::list(volumes, entry, &entry.value));
    }
}
