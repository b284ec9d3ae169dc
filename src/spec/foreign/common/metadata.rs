//! `metadata` of an object of Kubernetes: what a job is called, and its labels.

use indexmap::IndexMap;

use super::fields::{Findings, Table, Use};
use super::gather::Located;
use super::name::{dns_name, from_source};
use crate::spec::kinds::ForeignContext;
use crate::spec::syntax::{Entry, Node, Spans, key_path};

pub(in crate::spec::foreign) const METADATA: Table =
    &object_fields(Use::Left("annotations are the cluster's tools' matter"));

/// The fields of every object. What becomes of its annotations is for its system to say.
pub(in crate::spec::foreign) const fn object_fields(annotations: Use) -> [(&'static str, Use); 13] {
    [
        ("name", Use::Kept("name")),
        ("generateName", Use::Changed("`name`: runs get an ending of their own")),
        ("labels", Use::Kept("labels")),
        ("namespace", Use::Left("it is where `--namespace`, the context or the settings say")),
        ("annotations", annotations),
        ("finalizers", Use::Output),
        ("creationTimestamp", Use::Output),
        ("generation", Use::Output),
        ("resourceVersion", Use::Output),
        ("uid", Use::Output),
        ("selfLink", Use::Output),
        ("managedFields", Use::Output),
        ("ownerReferences", Use::Output),
    ]
}

/// The name and the labels. `what` is what people call the thing that is named.
pub(in crate::spec::foreign) fn metadata(
    findings: &mut Findings,
    node: Option<&Node>,
    what: &str,
    context: &ForeignContext<'_>,
    spans: &mut Spans,
) -> (String, IndexMap<String, String>) {
    let fallback = || from_source(context.source_name, context.index);
    let Some(node) = node else { return (fallback(), IndexMap::new()) };
    let fields = findings.fields(node, "metadata", METADATA);
    let labels = labels(findings, fields.entry("labels"), spans);
    let Some(entry) = fields.entry("name").or_else(|| fields.entry("generateName")) else {
        return (fallback(), labels);
    };
    spans.insert("name", Located::new((), entry).place);
    let Some(written) = findings.text(&entry.value, "metadata.name") else {
        return (fallback(), labels);
    };
    let name = dns_name(written).unwrap_or_else(fallback);
    if name != written && entry.key.text == "name" {
        let message = format!("the {what} is called `{name}` here");
        let help = "names have lower-case letters, digits and `-`, 30 characters at most";
        findings.instead(&entry.value, message, help);
    }
    (name, labels)
}

/// The labels of an object, as those of a run or a trial.
pub(in crate::spec::foreign) fn labels(
    findings: &mut Findings,
    entry: Option<&Entry>,
    spans: &mut Spans,
) -> IndexMap<String, String> {
    let mut labels = IndexMap::new();
    let Some(entry) = entry else { return labels };
    spans.insert("labels", Located::new((), entry).place);
    if entry.value.as_map().is_none() {
        findings.wrong_type(&entry.value, "metadata.labels", "a mapping of names to texts");
    }
    for label in entry.value.as_map().unwrap_or_default() {
        let path = key_path("labels", &label.key.text);
        spans.insert(path, Located::new((), label).place);
        if let Some(value) = findings.text(&label.value, "labels") {
            labels.insert(label.key.text.clone(), value.to_owned());
        }
    }
    labels
}
