//! Where a model lies: `storageUri`, `storageUris` and `storage`.

use serde_json::json;

use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::scalars::items;
use crate::spec::foreign::common::suspects;
use crate::spec::kinds::train::Volume;
use crate::spec::syntax::{Entry, Node};
use crate::storage::Place;

use super::system::Served;

/// Where KServe puts a model for every server.
pub(super) const MODEL_FOLDER: &str = "/mnt/models";

/// The folder of the model as a command names it: that of what is fetched, or that of a claim; none without both.
pub(super) fn folder(served: &Served<'_>) -> Option<&'static str> {
    let is_mounted = served.revision.volumes.iter().any(|one| one.mount_path == MODEL_FOLDER);
    if is_mounted {
        Some(MODEL_FOLDER)
    } else {
        served.revision.model.is_some().then_some("{model}")
    }
}

pub(super) const STORAGE: Table = &[
    ("path", Use::Kept("revisions[].model")),
    ("storageUri", Use::Kept("revisions[].model")),
    ("parameters", Use::Within),
    (
        "key",
        Use::Changed(
            "nothing, with a warning: `parameters` say the bucket, `storage.secret` the credentials",
        ),
    ),
    ("schemaPath", Use::Left("requests are sent as they are, whatever a schema says")),
];
pub(super) const PARAMETERS: Table = &[
    ("type", Use::Changed("the scheme of the model's place")),
    ("bucket", Use::Changed("the bucket of the model's place")),
    ("container", Use::Changed("the container of the model's place")),
    ("region", Use::Kept("storage.region")),
    ("default_region", Use::Kept("storage.region")),
    ("endpoint_url", Use::Kept("storage.endpoint")),
];
pub(super) const URI: Table = &[
    ("uri", Use::Kept("revisions[].model")),
    ("mountPath", Use::Changed("`{model}` is the folder of the model")),
];

const CREDENTIALS: &str =
    "write `storage: {secret: NAME}`, whose keys are variables such as AWS_ACCESS_KEY_ID";

/// The endings of archives, which KServe unpacks.
const ARCHIVES: [&str; 5] = [".tar.gz", ".tgz", ".tar", ".zip", ".gz"];
/// The endings of models that are one file.
const FILES: [&str; 12] = [
    ".joblib", ".pkl", ".pickle", ".bst", ".json", ".ubj", ".txt", ".model", ".pmml", ".onnx",
    ".pt", ".mar",
];

/// Reads what says where the model lies. `needs_folder`: the server takes folders only.
pub(super) fn model(
    findings: &mut Findings,
    fields: &Fields<'_>,
    needs_folder: bool,
    served: &mut Served<'_>,
) {
    if let Some(entry) = fields.entry("storageUri") {
        uri(findings, entry, needs_folder, served);
    } else if let Some(entry) = fields.entry("storage") {
        let inner = findings.fields(&entry.value, "storage", STORAGE);
        if let Some(key) = inner
            .entry("key")
            .filter(|_| inner.get("parameters").is_some() || inner.get("storageUri").is_some())
        {
            let message = "the credentials of this key are not used to fetch the model".to_owned();
            findings.instead(&key.value, message, CREDENTIALS);
        }
        if let Some(entry) = inner.entry("storageUri") {
            uri(findings, entry, needs_folder, served);
        } else {
            spec(findings, entry, &inner, needs_folder, served);
        }
    }
}

/// Several places of a predictor: one is what a model is.
pub(super) fn uris(
    findings: &mut Findings,
    entry: &Entry,
    needs_folder: bool,
    served: &mut Served<'_>,
) {
    let list = items(&entry.value);
    if let [_, second, ..] = list {
        let help = "copy them into one folder of a bucket";
        findings.refuse(second, "a server gets one model".to_owned(), help);
        return;
    }
    for item in list {
        let fields = findings.fields(item, "storageUris[]", URI);
        match fields.entry("uri") {
            Some(entry) => uri(findings, entry, needs_folder, served),
            None => findings.missing(item, "storageUris[].uri"),
        }
    }
}

/// One place, as KServe writes it.
pub(super) fn uri(
    findings: &mut Findings,
    entry: &Entry,
    needs_folder: bool,
    served: &mut Served<'_>,
) {
    suspects::scan_place(findings, &entry.value);
    let Some(text) = findings.text(&entry.value, &entry.key.text).map(str::trim) else { return };
    if text.is_empty() {
        findings.wrong_type(&entry.value, &entry.key.text, "a place such as s3://bucket/model");
        return;
    }
    placed(findings, entry, text, needs_folder, served);
}

fn placed(
    findings: &mut Findings,
    entry: &Entry,
    text: &str,
    needs_folder: bool,
    served: &mut Served<'_>,
) {
    if let Place::Claim(claim) = Place::from(text) {
        if !claim.is_sound() {
            findings.wrong_type(&entry.value, &entry.key.text, "a claim as pvc://NAME/PATH");
            return;
        }
        let source = json!({"claimName": claim.name, "readOnly": true});
        let sub_path = Some(claim.path).filter(|path| !path.is_empty());
        served.revision.volumes.push(Volume {
            name: "model".to_owned(),
            mount_path: MODEL_FOLDER.to_owned(),
            sub_path,
            read_only: true,
            source: [("persistentVolumeClaim".to_owned(), source)].into(),
        });
        served.of("volumes", entry);
        return;
    }
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    let refused = match scheme {
        "hdfs" | "webhdfs" => Some("copy it to `s3://`, `gs://`, or a claim: `pvc://NAME/PATH`"),
        "oci" | "oci+native" | "oci+fetch" => Some(
            "copy the model out of the image to `s3://` or `gs://`, or into a claim: `pvc://NAME/PATH`",
        ),
        "" | "file" | "s3" | "gs" | "az" | "abfs" | "abfss" | "hf" | "http" | "https" => None,
        _ => Some(
            "write `s3://`, `gs://`, `hf://`, `pvc://`, or Azure's `https://ACCOUNT.blob.core.windows.net/...`",
        ),
    };
    if let Some(help) = refused {
        findings.refuse(&entry.value, format!("nothing can read `{text}`"), help);
        return;
    }
    let path = text.split(['?', '#']).next().unwrap_or(text);
    if ARCHIVES.iter().any(|ending| path.ends_with(ending)) {
        let help = "unpack it, and put its files into a folder of a bucket";
        findings.refuse(&entry.value, "a model in an archive is not unpacked".to_owned(), help);
        return;
    }
    let is_azure = scheme == "https" && path.contains(".blob.core.windows.net/");
    let is_file = FILES.iter().any(|ending| path.ends_with(ending));
    if matches!(scheme, "http" | "https") && !is_azure {
        let help = "put it into a folder of a bucket: `s3://bucket/model`";
        let message = "a model of the web can't be fetched as a folder".to_owned();
        findings.refuse(&entry.value, message, help);
        return;
    }
    let mut place = match scheme {
        // A revision of the hub stands behind a colon there.
        "hf" => match text[5..].split_once(':') {
            Some((name, revision)) => format!("hf://{name}@{revision}"),
            None => text.to_owned(),
        },
        "" if !text.contains('/') && !text.starts_with(['.', '~']) => format!("./{text}"),
        _ => text.to_owned(),
    };
    if is_file
        && needs_folder
        && let Some((folder, file)) = path.rsplit_once('/')
    {
        let message = format!("the folder of `{file}` is fetched");
        let help = "the server gets a folder with one model; keep nothing else in it";
        findings.instead(&entry.value, message, help);
        folder.clone_into(&mut place);
    }
    served.of("model", entry);
    served.revision.model = Some(place.into());
}

/// `storage` without a URI: parts that a Secret of the cluster may add to.
fn spec(
    findings: &mut Findings,
    entry: &Entry,
    inner: &Fields<'_>,
    needs_folder: bool,
    served: &mut Served<'_>,
) {
    let parameters = inner.get("parameters");
    let parameters = parameters
        .map(|node| findings.fields(node, "storage.parameters", PARAMETERS))
        .unwrap_or_default();
    let text = |name: &str| parameters.get(name).and_then(Node::as_text).map(str::to_owned);
    let (kind, bucket) = (text("type"), text("bucket").or_else(|| text("container")));
    let (region, url) = (text("region").or_else(|| text("default_region")), text("endpoint_url"));
    let path = inner.entry("path");
    let written =
        path.and_then(|path| findings.text(&path.value, "storage.path")).unwrap_or_default();
    let Some(bucket) = bucket else {
        let at = inner.entry("key").unwrap_or(entry);
        let message =
            "the bucket of the model is in a Secret of the cluster, which is not read".to_owned();
        findings.refuse(
            &at.value,
            message,
            "write the whole place: `storageUri: s3://bucket/path`",
        );
        return;
    };
    let scheme = match kind.as_deref().unwrap_or("s3") {
        "s3" => "s3",
        "gs" | "gcs" => "gs",
        "azure" => "az",
        other => {
            let help = "write the whole place: `storageUri: s3://bucket/path`";
            let message = format!("storage of the type `{other}` is not read");
            findings.refuse(parameters.get("type").unwrap_or(&entry.value), message, help);
            return;
        }
    };
    if let Some(url) = url {
        served.endpoint.storage.endpoint = Some(url);
        served.of_all("storage", entry);
    }
    if let Some(region) = region {
        served.endpoint.storage.region = Some(region);
        served.of_all("storage", entry);
    }
    let whole = format!("{scheme}://{bucket}/{}", written.trim_start_matches('/'));
    placed(findings, path.unwrap_or(entry), &whole, needs_folder, served);
}
