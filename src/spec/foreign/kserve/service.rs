//! An InferenceService as an endpoint.
//!
//! Source: <https://kserve.github.io/website/docs/reference/crd-api>, and `pkg/apis/serving` of KServe.

use super::formats;
use super::names::metadata;
use super::predictor::predictor;
use super::refused;
use super::runtime::{Runtimes, is_runtime, is_used};
use super::system::{KSERVE, Served};
use crate::spec::foreign::common::converted::{converted, resolved};
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::kinds::endpoint::Endpoint;
use crate::spec::kinds::{Converted, Document, ForeignContext};
use crate::spec::syntax::{Code, Diagnostic, Entry, KeyedSpan, Node, Spans, index_path};

const FORMAT: &str = "KServe InferenceService";

const TRANSFORMER: &str = "it changes what callers send and get: put its work into the container that serves \
                           (`predictor.containers`), or run it as a service of your own in front of the endpoint";
const EXPLAINER: &str = "explanations are not made; predictions are";

pub(super) const DOCUMENT: Table = &[
    ("apiVersion", Use::Changed("`mlctl.dev/v1`")),
    ("kind", Use::Changed("`Endpoint`")),
    ("metadata", Use::Within),
    ("spec", Use::Within),
    ("status", Use::Output),
];

pub(super) const SPEC: Table = &[
    ("predictor", Use::Within),
    ("transformer", Use::Refused(TRANSFORMER)),
    ("explainer", Use::Left(EXPLAINER)),
    ("default", Use::Changed("the revision `default`, in v1alpha2")),
    ("canary", Use::Changed("the revision `canary`, in v1alpha2")),
    ("canaryTrafficPercent", Use::Changed("`traffic` of the revision `canary`, in v1alpha2")),
];

pub(super) const COMPONENTS: Table = &[
    ("predictor", Use::Within),
    ("transformer", Use::Refused(TRANSFORMER)),
    ("explainer", Use::Left(EXPLAINER)),
];

/// The groups of its API, the older one last.
const GROUPS: [&str; 2] = ["serving.kserve.io/", "serving.kubeflow.org/"];

/// The converter of KServe's files: `None` when the document is none of them.
pub(in crate::spec::foreign) fn recognise(
    node: &Node,
    context: &ForeignContext<'_>,
) -> Option<Converted> {
    let text = |name: &str| node.get(name).and_then(Node::as_text);
    let written = text("apiVersion")?;
    let version = GROUPS.iter().find_map(|group| written.strip_prefix(group))?;
    let kind = text("kind")?;
    let mut findings = Findings::of(&KSERVE);
    if is_runtime(node) && is_used(node, context) {
        return Some(converted(findings, []));
    }
    if refused::explain(&mut findings, kind, node) {
        return Some(converted(findings, []));
    }
    if kind != "InferenceService" {
        return None;
    }
    if !matches!(version, "v1beta1" | "v1alpha2" | "v1") {
        let at = node.get("apiVersion").unwrap_or(node);
        let message = format!("an InferenceService of {version} is not read");
        findings.refuse(at, message, "write `apiVersion: serving.kserve.io/v1beta1`");
        return Some(converted(findings, []));
    }
    let document = convert(&mut findings, node, context);
    Some(converted(findings, document))
}

fn convert(findings: &mut Findings, node: &Node, context: &ForeignContext<'_>) -> Option<Document> {
    let top = findings.fields(node, "", DOCUMENT);
    let place = KeyedSpan { key: None, value: node.span };
    let mut first = Served::new(place, context.siblings);
    metadata(findings, top.get("metadata"), context, &mut first);
    let Some(spec) = top.get("spec") else {
        findings.missing(node, "spec");
        return None;
    };
    let runtimes = Runtimes::of(context);
    let fields = findings.fields(spec, "spec", SPEC);
    transformer(findings, &fields);
    let served = match (fields.entry("predictor"), fields.entry("default")) {
        (Some(entry), _) => {
            "v1".clone_into(&mut first.revision.name);
            first.own.insert("name", Located::new((), entry).place);
            first.own.insert("", Located::new((), entry).place);
            predictor(findings, &entry.value, "predictor", &runtimes, &mut first)?;
            vec![first]
        }
        (None, Some(default)) => older(findings, &fields, default, &runtimes, first)?,
        (None, None) => {
            findings.missing(spec, "spec.predictor");
            return None;
        }
    };
    let mut spans = Spans::default();
    spans.insert("", place);
    let endpoint = assembled(findings, served, &mut spans);
    Some(Document::Endpoint(resolved(endpoint, spans, context, FORMAT)))
}

fn transformer(findings: &mut Findings, fields: &Fields<'_>) {
    if let Some(entry) = fields.entry("transformer") {
        let at = Node { span: entry.key.span, ..entry.value.clone() };
        findings.refuse(&at, "a transformer is not run".to_owned(), TRANSFORMER);
    }
}

/// `v1alpha2`: what serves, and what may take its place, each with its share.
fn older<'a>(
    findings: &mut Findings,
    fields: &Fields<'_>,
    default: &Entry,
    runtimes: &Runtimes<'_>,
    first: Served<'a>,
) -> Option<Vec<Served<'a>>> {
    let mut all = Vec::new();
    let siblings = first.siblings;
    let mut head = Some(first);
    for entry in [Some(default), fields.entry("canary")].into_iter().flatten() {
        let name = entry.key.text.as_str();
        let inner = findings.fields(&entry.value, name, COMPONENTS);
        transformer(findings, &inner);
        let Some(own) = inner.entry("predictor") else {
            findings.missing(&entry.value, &format!("{name}.predictor"));
            return None;
        };
        let mut served =
            head.take().unwrap_or_else(|| Served::new(Located::new((), entry).place, siblings));
        name.clone_into(&mut served.revision.name);
        served.own.insert("", Located::new((), entry).place);
        served.own.insert("name", KeyedSpan { key: None, value: entry.key.span });
        predictor(findings, &own.value, &format!("{name}.predictor"), runtimes, &mut served)?;
        all.push(served);
    }
    let share = fields.entry("canaryTrafficPercent");
    let percent =
        share.and_then(|share| findings.count(&share.value, "canaryTrafficPercent")).unwrap_or(0);
    if percent > 100 {
        let at = share.map_or(&default.value, |share| &share.value);
        findings.wrong_type(at, "canaryTrafficPercent", "a percent from 0 to 100");
        return None;
    }
    if let [stable, canary] = &mut all[..] {
        stable.revision.traffic = Some(100 - percent);
        canary.revision.traffic = Some(percent);
        if let Some(share) = share {
            stable.of("traffic", share);
            canary.of("traffic", share);
        }
    }
    Some(all)
}

/// One endpoint of what its revisions say; what only an endpoint has, the first of them says.
fn assembled(findings: &mut Findings, all: Vec<Served<'_>>, spans: &mut Spans) -> Endpoint {
    let mut endpoint = Endpoint::default();
    for (index, served) in all.into_iter().enumerate() {
        let Served { endpoint: whole, revision, own, whole: places, .. } = served;
        spans.insert_below(&index_path("revisions", index), &own);
        if index == 0 {
            spans.insert_below("", &places);
            endpoint = Endpoint { revisions: endpoint.revisions, ..whole };
        } else {
            let same = Endpoint {
                name: endpoint.name.clone(),
                labels: endpoint.labels.clone(),
                model_name: endpoint.model_name.clone(),
                revisions: Vec::new(),
                ..whole
            };
            let known = Endpoint { revisions: Vec::new(), ..endpoint.clone() };
            if same != known {
                findings.add(
                    Diagnostic::warning(
                        Code::ForeignInstead,
                        "accounts, scaling and patches of the pods are those of `default`",
                    )
                    .at(own.value(""), "")
                    .help("an endpoint has them once, for all of its revisions"),
                );
            }
        }
        endpoint.revisions.push(revision);
    }
    let has_cpu = endpoint.scaling.as_ref().is_some_and(|scaling| scaling.target.cpu.is_some());
    for (index, revision) in endpoint.revisions.iter_mut().enumerate().filter(|_| has_cpu) {
        // What KServe's runtimes ask for; a part of nothing can't be aimed at.
        if revision.cpu.is_none() {
            revision.cpu = formats::usual_cpu();
            spans.insert(
                format!("{}.cpu", index_path("revisions", index)),
                KeyedSpan { key: None, value: spans.value("scaling") },
            );
        }
    }
    endpoint
}
