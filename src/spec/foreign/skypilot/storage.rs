//! A bucket below `file_mounts`: one that is read, one that is written to, or one that is made of local files.

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::scalars::items;
use crate::spec::syntax::Node;

const STREAMED: Use =
    Use::Left("data are fetched before the command starts, and outputs are uploaded");
pub(super) const STORAGE: Table = &[
    (
        "name",
        Use::Changed("a bucket without a source is the `output`: its folder is linked to the path"),
    ),
    ("source", Use::Changed("`data`: what is in a bucket or a folder of this machine")),
    ("store", Use::Changed("the scheme of the bucket's URL: `s3://`, `gs://`, `az://`")),
    (
        "mode",
        Use::Changed("data are there to be read, as COPY has it; a named bucket is the `output`"),
    ),
    ("persistent", Use::Left("mlctl removes no bucket")),
    ("type", Use::Output),
    ("config", STREAMED),
    ("_is_sky_managed", Use::Output),
    ("_bucket_sub_path", Use::Output),
    ("_force_delete", Use::Output),
];

/// What is behind a path.
pub(super) enum Stored {
    /// It is read from there.
    From(Vec<String>),
    /// It is written to there.
    Into(String),
}

/// Reads a bucket that is written as a mapping. `cloud` is where the task runs, whose object store is meant where
/// none is named. `None` when an error says why.
pub(super) fn storage(
    findings: &mut Findings,
    node: &Node,
    path: &str,
    cloud: Option<&str>,
) -> Option<Stored> {
    let fields = findings.fields(node, path, STORAGE);
    node.as_map()?;
    let text = |name: &str| fields.get(name).and_then(Node::as_text).map(str::trim);
    let mode = text("mode").unwrap_or("MOUNT").to_ascii_uppercase();
    if let Some(at) = fields.get("mode")
        && !["MOUNT", "COPY", "MOUNT_CACHED"].contains(&mode.as_str())
    {
        findings.wrong_type(at, "mode", "MOUNT, COPY or MOUNT_CACHED");
        return None;
    }
    let is_copy = mode == "COPY";
    if let Some(source) = fields.get("source") {
        let sources = findings.texts(source, "source");
        let is_bucket = sources.iter().any(|one| one.contains("://"));
        let help = if is_bucket {
            "what the command writes there reaches no bucket: write it below `AIP_CHECKPOINT_DIR`, and name \
             the bucket in `output`"
        } else {
            "the files travel with the run, and no bucket is made of them"
        };
        if is_bucket && !is_copy {
            let message = format!("`{path}` is there to be read");
            findings.instead(source, message, help);
        } else if !is_bucket {
            findings.instead(source, format!("`{path}` is made of local files"), help);
        }
        return (!sources.is_empty()).then_some(Stored::From(sources));
    }
    let Some(name) = text("name").filter(|name| !name.is_empty()) else {
        findings.missing(node, &format!("{path}.name"));
        return None;
    };
    if name.contains("://") {
        return Some(if is_copy {
            Stored::From(vec![name.to_owned()])
        } else {
            Stored::Into(name.to_owned())
        });
    }
    let store = text("store").map(str::to_ascii_lowercase);
    let store = store.as_deref().or(match cloud {
        Some("aws") => Some("s3"),
        Some("gcp") => Some("gcs"),
        Some("azure") => Some("azure"),
        _ => None,
    });
    let scheme = match store {
        Some("s3") => "s3",
        Some("gcs") => "gs",
        Some("azure") => "az",
        Some("hf") => "hf",
        Some(other) => {
            let message = format!("`{other}` is no store that mlctl finds by its name");
            let help = "its API is that of S3 at an address of its own: write a TrainJob with `output: \
                        s3://BUCKET` and `storage: {endpoint: https://...}`";
            findings.refuse(fields.get("store").unwrap_or(node), message, help);
            return None;
        }
        None => {
            let message = format!("nothing says in which store the bucket `{name}` is");
            let help =
                "SkyPilot takes that of the cloud it picks: add `store: s3`, `gcs` or `azure`";
            findings.refuse(fields.get("name").unwrap_or(node), message, help);
            return None;
        }
    };
    let url = format!("{scheme}://{name}");
    Some(if is_copy { Stored::From(vec![url]) } else { Stored::Into(url) })
}

/// The first text of a value, for messages.
pub(super) fn first_text(node: &Node) -> &str {
    items(node).first().and_then(Node::as_text).unwrap_or_default()
}
