//! `file_mounts` and `volumes`: what a script finds where.

use std::path::{Component, Path};

use indexmap::IndexMap;

use super::links::{FOLDER, Links};
use super::storage::{Stored, first_text, storage};
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::suspects::scan;
use crate::spec::kinds::ForeignContext;
use crate::spec::kinds::train::{Data, Output, OutputMode, OutputWith, Volume};
use crate::spec::syntax::{Entry, Node, Spans, index_path};

pub(super) const VOLUME: Table = &[
    ("name", Use::Changed("the claim of this name: `volumes[].persistentVolumeClaim`")),
    ("sub_path", Use::Kept("volumes[].subPath")),
    ("size", Use::Changed("a volume that ends with the run: `emptyDir`")),
    ("type", Use::Output),
    ("labels", Use::Left("a claim that is there already has its own")),
    ("infra", Use::Output),
    ("config", Use::Left("a claim that is there already has its own class and mode")),
];

/// SkyPilot's working folder, as its files name it.
const WORKING: &str = "~/sky_workdir";

/// What a task finds and leaves where.
#[derive(Default)]
pub(super) struct Mounts {
    pub(super) data: Vec<Data>,
    pub(super) volumes: Vec<Volume>,
    pub(super) output: Option<Output>,
    pub(super) links: Links,
}

/// Reads `file_mounts`, with the variables filled in.
pub(super) fn file_mounts(
    findings: &mut Findings,
    entry: &Entry,
    cloud: Option<&str>,
    context: &ForeignContext<'_>,
    mounts: &mut Mounts,
    spans: &mut Spans,
) {
    let Some(entries) = entry.value.as_map() else {
        findings.wrong_type(&entry.value, "file_mounts", "a mapping of paths and sources");
        return;
    };
    for entry in entries {
        scan(findings, &entry.value);
        let path = format!("file_mounts.{}", entry.key.text);
        let stored = if let Some(text) = entry.value.as_text() {
            Some(Stored::From(vec![text.trim().to_owned()]))
        } else if entry.value.is_null() {
            findings.missing(&entry.value, &path);
            None
        } else if first_text(&entry.value).is_empty() && entry.value.as_map().is_none() {
            findings.wrong_type(&entry.value, &path, "a path, a bucket's URL or a mapping");
            None
        } else {
            storage(findings, &entry.value, &path, cloud)
        };
        match stored {
            Some(Stored::From(sources)) => {
                let several = sources.len() > 1;
                let path = entry.key.text.as_str();
                if path.starts_with('~') && (!path.starts_with("~/") || path == "~/") {
                    let at = Node::plain(path, entry.key.span);
                    let message = format!("`{path}` is no folder that can be linked");
                    findings.refuse(&at, message, "write a path below `~/`");
                    continue;
                }
                for source in sources {
                    let name = source.rsplit('/').next().unwrap_or_default();
                    let target = entry.key.text.trim_end_matches('/');
                    let target =
                        if several { format!("{target}/{name}") } else { target.to_owned() };
                    read(findings, entry, &source, &target, context, mounts, spans);
                }
            }
            Some(Stored::Into(bucket)) => written(findings, entry, &bucket, mounts, spans),
            None => {}
        }
    }
}

/// Something that is there to be read.
fn read(
    findings: &mut Findings,
    entry: &Entry,
    source: &str,
    target: &str,
    context: &ForeignContext<'_>,
    mounts: &mut Mounts,
    spans: &mut Spans,
) {
    let is_bucket = source.contains("://");
    let uri = if is_bucket { source.to_owned() } else { local(source, context) };
    let inside = target.strip_prefix(WORKING).map(|rest| rest.trim_start_matches('/'));
    let is_outside = target.starts_with('/') || target.starts_with('~');
    let path = match inside {
        Some(inside) => inside.to_owned(),
        None if !is_outside => target.trim_start_matches("./").to_owned(),
        None if is_bucket && target.starts_with('/') => target.to_owned(),
        None => {
            let data = format!("{FOLDER}/{}", mounts.data.len() + 1);
            mounts.links.add_data(&data, target);
            data
        }
    };
    if path.is_empty() {
        let message = "files can't be put in place of the whole working folder".to_owned();
        findings.refuse(&entry.value, message, "write `workdir` for the folder with the code");
        return;
    }
    let base = index_path("data", mounts.data.len());
    let place = Located::new((), entry).place;
    spans.insert(base.as_str(), place);
    spans.insert(format!("{base}.uri"), place);
    let key = crate::spec::syntax::KeyedSpan { key: None, value: entry.key.span };
    spans.insert(format!("{base}.path"), key);
    mounts.data.push(Data { uri: uri.as_str().into(), path });
}

/// A bucket that is written to: the run's output, of which the folder of checkpoints is there under the path.
fn written(
    findings: &mut Findings,
    entry: &Entry,
    bucket: &str,
    mounts: &mut Mounts,
    spans: &mut Spans,
) {
    let target = entry.key.text.trim_end_matches('/');
    if mounts.output.is_some() {
        let message = format!("`{target}` is the second bucket that is written to");
        let help = "a run has one `output`: write both below one path";
        findings.refuse(&entry.value, message, help);
        return;
    }
    let message = format!("`{target}` is uploaded to {bucket}/checkpoints as it changes");
    let help = "the folder is that of `AIP_CHECKPOINT_DIR`, which is there again when the run starts again; what \
                else the bucket holds is not in it";
    findings.instead(&entry.value, message, help);
    let place = Located::new((), entry).place;
    spans.insert("output", place);
    spans.insert("output.uri", place);
    let with = OutputWith { uri: bucket.into(), mode: Some(OutputMode::Sync) };
    mounts.output = Some(Output::With(with));
    let relative = !target.starts_with('/') && !target.starts_with('~');
    if relative {
        mounts.links.add_output(target.trim_start_matches("./"));
    } else {
        mounts.links.add_output(target);
    }
}

/// Reads `volumes`: claims of the cluster by the paths at which they are mounted.
pub(super) fn volumes(
    findings: &mut Findings,
    entry: &Entry,
    mounts: &mut Mounts,
    spans: &mut Spans,
) {
    let Some(entries) = entry.value.as_map() else {
        findings.wrong_type(&entry.value, "volumes", "a mapping of paths and volumes");
        return;
    };
    for entry in entries {
        let path = format!("volumes.{}", entry.key.text);
        let mut sub_path = None;
        let claim = if entry.value.as_map().is_some() {
            let fields = findings.fields(&entry.value, &path, VOLUME);
            sub_path = fields.get("sub_path").and_then(Node::as_text).map(str::to_owned);
            fields.get("name").and_then(Node::as_text).map(str::to_owned)
        } else {
            let Some(name) = findings.text(&entry.value, &path) else { continue };
            Some(name.to_owned())
        };
        let source = if let Some(name) = claim {
            ("persistentVolumeClaim".to_owned(), serde_json::json!({ "claimName": name }))
        } else {
            let size = entry.value.get("size").and_then(Node::as_text);
            let empty = size.map_or_else(
                || serde_json::json!({}),
                |size| serde_json::json!({ "sizeLimit": size }),
            );
            ("emptyDir".to_owned(), empty)
        };
        let base = index_path("volumes", mounts.volumes.len());
        let place = Located::new((), entry).place;
        spans.insert(base.as_str(), place);
        let key = crate::spec::syntax::KeyedSpan { key: None, value: entry.key.span };
        spans.insert(format!("{base}.mountPath"), key);
        mounts.volumes.push(Volume {
            name: format!("volume-{}", mounts.volumes.len() + 1),
            mount_path: entry.key.text.clone(),
            sub_path,
            read_only: false,
            source: IndexMap::from([source]),
        });
    }
}

/// A path of this machine from the folder of the file on. SkyPilot's begin where it is called, and so do these.
pub(super) fn local(path: &str, context: &ForeignContext<'_>) -> String {
    let of = |name: &str| context.env.get(name).filter(|value| value.starts_with('/'));
    if path == "~" || path.starts_with("~/") {
        return match of("HOME") {
            Some(home) => format!("{}{}", home.trim_end_matches('/'), &path[1..]),
            None => path.to_owned(),
        };
    }
    if path.starts_with('/') {
        return path.to_owned();
    }
    let source = Path::new(context.source_name);
    let folder = source.parent().unwrap_or(Path::new(""));
    if context.source_name.starts_with('<') || folder.as_os_str().is_empty() {
        return path.to_owned();
    }
    let mut above = String::new();
    for part in folder.components() {
        match part {
            Component::Normal(_) => above += "../",
            Component::CurDir => {}
            // What is above isn't known by its name; where mlctl is called is.
            Component::RootDir | Component::ParentDir | Component::Prefix(_) => {
                return match of("PWD") {
                    Some(here) if Path::new(here) != folder => format!("{here}/{path}"),
                    _ => path.to_owned(),
                };
            }
        }
    }
    match path.trim_start_matches("./") {
        "" | "." => match above.trim_end_matches('/') {
            "" => ".".to_owned(),
            above => above.to_owned(),
        },
        rest if above.is_empty() => rest.to_owned(),
        rest => above + rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_where_mlctl_is_called() {
        let env: IndexMap<String, String> =
            [("HOME", "/h"), ("PWD", "/p")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let at = |source: &str, path: &str| {
            let context = ForeignContext {
                source_name: source,
                source: 0,
                index: 0,
                siblings: &[],
                env: &env,
            };
            local(path, &context)
        };
        assert_eq!(at("a.yaml", "."), ".");
        assert_eq!(at("x/y/a.yaml", "."), "../..");
        assert_eq!(at("./x/a.yaml", "./code"), "../code");
        assert_eq!(at("/x/a.yaml", "code"), "/p/code");
        assert_eq!(at("/p/a.yaml", "code"), "code");
        assert_eq!(at("../a.yaml", "code"), "/p/code");
        assert_eq!(at("a.yaml", "~/code"), "/h/code");
        assert_eq!(at("<stdin>", "code"), "code");
    }
}
