//! Initializers: what is fetched before the nodes start, as data of the run.
//!
//! Source: the folders are `DatasetMountPath` and `ModelMountPath` of Kubeflow Trainer's `pkg/constants`.

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::kinds::train::Data;
use crate::spec::syntax::{Node, Spans, index_path};

pub(super) const INITIALIZER: Table = &[("dataset", Use::Within), ("model", Use::Within)];
pub(super) const SOURCE: Table = &[
    ("storageUri", Use::Kept("data[].uri")),
    ("env", Use::Left("`storage` of the TrainJob says how a place is reached")),
    ("secretRef", Use::Left("`storage: {secret: NAME}` names a Secret with the credentials")),
];

/// Each initializer with the folder in which its code finds what was fetched.
const FOLDERS: [(&str, &str); 2] =
    [("dataset", "/workspace/dataset"), ("model", "/workspace/model")];

/// Reads `initializer`.
pub(super) fn data(findings: &mut Findings, node: Option<&Node>, spans: &mut Spans) -> Vec<Data> {
    let Some(node) = node else { return Vec::new() };
    let all = findings.fields(node, "initializer", INITIALIZER);
    let mut data = Vec::new();
    for (name, folder) in FOLDERS {
        let Some(entry) = all.entry(name) else { continue };
        let fields = findings.fields(&entry.value, name, SOURCE);
        let Some(uri) = fields.entry("storageUri") else {
            findings.missing(&entry.value, &format!("initializer.{name}.storageUri"));
            continue;
        };
        let Some(text) = findings.text(&uri.value, "storageUri") else { continue };
        let path = index_path("data", data.len());
        spans.insert(format!("{path}.uri"), Located::new((), uri).place);
        spans.insert(path, Located::new((), entry).place);
        data.push(Data { uri: text.trim().into(), path: folder.into() });
    }
    data
}
