//! `trialTemplate`: the trial with its references to parameters.

use indexmap::IndexMap;

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::scalars::items;
use crate::spec::foreign::kubeflow::trial_spec;
use crate::spec::kinds::ForeignContext;
use crate::spec::kinds::train::TrainJob;
use crate::spec::kinds::tune::space::references;
use crate::spec::kinds::tune::{Parameter, Pass};
use crate::spec::syntax::{Code, Diagnostic, Entry, Node, Spans, Value};

pub(super) const TEMPLATE: Table = &[
    ("trialSpec", Use::Within),
    ("configMap", Use::Refused("write the template into the file: `trialSpec`")),
    ("goTemplate", Use::Refused("write `trialSpec` and `trialParameters`")),
    ("trialParameters", Use::Within),
    ("primaryContainerName", Use::Changed("the container that trains")),
    ("primaryPodLabels", Use::Left("the primary's metrics are read")),
    (
        "retain",
        Use::Left("a trial's pods stay until `mlctl cleanup`, or as long as the settings say"),
    ),
    ("successCondition", Use::Left("a trial has ended well when its primary exits 0")),
    ("failureCondition", Use::Left("a trial has failed when its primary doesn't exit 0")),
];
pub(super) const PARAMETER: Table = &[
    ("name", Use::Changed("what the template calls it")),
    ("description", Use::Changed("nothing reads it")),
    ("reference", Use::Changed("`${params.NAME}` where the template names it")),
];

/// How Katib writes a reference in the template.
const REFERENCE: &str = "${trialParameters.";

/// The trial of an experiment.
pub(super) struct Template {
    pub(super) trial: TrainJob,
    pub(super) pass: Pass,
}

/// Reads a `trialTemplate`.
pub(super) fn template(
    findings: &mut Findings,
    entry: &Entry,
    parameters: &IndexMap<String, Parameter>,
    context: &ForeignContext<'_>,
    spans: &mut Spans,
) -> Option<Template> {
    spans.insert("trial", Located::new((), entry).place);
    let fields = findings.fields(&entry.value, "trialTemplate", TEMPLATE);
    entry.value.as_map()?;
    let elsewhere = fields.entry("configMap").or_else(|| fields.entry("goTemplate"));
    if let Some(elsewhere) = elsewhere {
        findings.add(
            Diagnostic::error(
                Code::KatibKind,
                format!("`{}`: the trial is not in this file", elsewhere.key.text),
            )
            .at(elsewhere.key.span, "")
            .help("write the template below `trialSpec:`; `kubectl get configmap` shows it"),
        );
        return None;
    }
    let Some(spec) = fields.entry("trialSpec") else {
        findings.missing(&entry.value, "trialTemplate.trialSpec");
        return None;
    };
    let mut values = IndexMap::new();
    for item in fields.get("trialParameters").map(items).unwrap_or_default() {
        let own = findings.fields(item, "trialParameters[]", PARAMETER);
        let name = own.get("name").and_then(Node::as_text);
        let reference = own.get("reference").and_then(|node| Some((node, node.as_text()?)));
        let (Some(name), Some((node, reference))) = (name, reference) else {
            if item.as_map().is_some() {
                let field = if name.is_none() { "name" } else { "reference" };
                findings.missing(item, &format!("trialParameters[].{field}"));
            }
            continue;
        };
        let value = match reference.strip_prefix("${trialSpec.") {
            Some(field) => of_trial(findings, node, field, &spec.value),
            None => Some(format!("${{params.{reference}}}")),
        };
        if let Some(value) = value {
            values.insert(name.to_owned(), value);
        }
    }
    spans.insert("trial", Located::new((), spec).place);
    let filled = filled(&spec.value, &values);
    let primary = fields.get("primaryContainerName").and_then(Node::as_text);
    let (trial, places) = trial_spec(findings, &filled, primary, context)?;
    spans.insert_below("trial", &places);
    let named = serde_json::to_value(&trial).map(|job| references(&job)).unwrap_or_default();
    let is_named = |name: &&String| named.iter().any(|reference| reference.name == **name);
    let all = parameters.keys().all(|name| is_named(&name));
    Some(Template { trial, pass: if all { Pass::Arguments } else { Pass::Template } })
}

/// `${trialSpec.Kind}` and its like, which are what the template says.
fn of_trial(findings: &mut Findings, at: &Node, field: &str, spec: &Node) -> Option<String> {
    let field = field.strip_suffix('}').unwrap_or(field);
    let text = |node: Option<&Node>| node.and_then(Node::as_text).map(str::to_owned);
    let metadata = spec.get("metadata");
    let keyed = |name: &str, map: &str| {
        let key = field.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
        text(metadata?.get(map)?.get(key))
    };
    let value = match field {
        "Kind" => text(spec.get("kind")),
        "APIVersion" => text(spec.get("apiVersion")),
        _ => keyed("Labels", "labels").or_else(|| keyed("Annotations", "annotations")),
    };
    if value.is_none() {
        let message = format!("`trialSpec.{field}` is known only once a trial runs");
        let help = "read it in the code: `MLCTL_RUN` is the trial's run, `CLOUD_ML_TRIAL_ID` its \
                    number";
        findings.refuse(at, message, help);
    }
    value
}

/// A tree with the references of Katib replaced by ours; the places stay.
fn filled(node: &Node, values: &IndexMap<String, String>) -> Node {
    let value = match &node.value {
        Value::Scalar(scalar) if scalar.text.contains(REFERENCE) => {
            let mut scalar = scalar.clone();
            scalar.text = text(&scalar.text, values);
            Value::Scalar(scalar)
        }
        Value::Scalar(scalar) => Value::Scalar(scalar.clone()),
        Value::List(items) => Value::List(items.iter().map(|item| filled(item, values)).collect()),
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|entry| Entry { key: entry.key.clone(), value: filled(&entry.value, values) })
                .collect(),
        ),
    };
    Node { span: node.span, value }
}

fn text(text: &str, values: &IndexMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(REFERENCE) {
        out.push_str(before);
        let Some((name, after)) = behind.split_once('}') else {
            out.push_str(REFERENCE);
            rest = behind;
            continue;
        };
        // Of what is no parameter the linter says so.
        let value = values.get(name).cloned();
        out.push_str(&value.unwrap_or_else(|| format!("${{params.{name}}}")));
        rest = after;
    }
    out.push_str(rest);
    out
}
