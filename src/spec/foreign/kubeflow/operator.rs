//! A whole document of the training operator, `kubeflow.org/v1`.

use super::job::training_job;
use super::kinds::{JobKind, KINDS};
use super::mpi::mpi_job;
use crate::spec::foreign::common::converted::{converted, resolved};
use crate::spec::foreign::common::fields::{Findings, System, Table, Use};
use crate::spec::foreign::common::metadata::metadata;
use crate::spec::kinds::train::TrainJob;
use crate::spec::kinds::{Converted, Document, ForeignContext};
use crate::spec::syntax::{KeyedSpan, Node, Spans};

static KUBEFLOW: System = System::of(
    "Kubernetes",
    &[
        ("tfReplicaSpecs", "spec"),
        ("pytorchReplicaSpecs", "spec"),
        ("xgbReplicaSpecs", "spec"),
        ("paddleReplicaSpecs", "spec"),
        ("jaxReplicaSpecs", "spec"),
        ("runPolicy", "spec"),
        ("cleanPodPolicy", "runPolicy"),
        ("backoffLimit", "runPolicy"),
        ("activeDeadlineSeconds", "runPolicy"),
        ("template", "the replicas of a type"),
        ("restartPolicy", "the replicas of a type"),
        ("containers", "template.spec"),
        ("elasticPolicy", "spec"),
        ("nprocPerNode", "spec"),
    ],
);

pub(super) const DOCUMENT: Table = &[
    ("apiVersion", Use::Changed("`mlctl.dev/v1`")),
    ("kind", Use::Changed("`TrainJob`, with the framework that the kind means")),
    ("metadata", Use::Within),
    ("spec", Use::Within),
    ("status", Use::Output),
];

pub(super) const METADATA: Table = crate::spec::foreign::common::metadata::METADATA;

/// Versions of the API whose documents have the same form as far as they are read here.
const VERSIONS: [&str; 4] = ["v1", "v1beta2", "v1beta1", "v1alpha2"];

/// The groups of its kinds: that of all of them, and the one that XGBoost's had for itself.
const GROUPS: [&str; 2] = ["kubeflow.org/", "xgboostjob.kubeflow.org/"];

/// The converter of the operator's files: `None` when the document is none of them.
pub(in crate::spec::foreign) fn recognise(
    node: &Node,
    context: &ForeignContext<'_>,
) -> Option<Converted> {
    let text = |name: &str| node.get(name).and_then(Node::as_text);
    let written = text("apiVersion")?;
    let version = GROUPS.iter().find_map(|group| written.strip_prefix(group))?;
    let name = text("kind")?;
    let mut findings = Findings::of(&KUBEFLOW);
    let document = match JobKind::of(name) {
        Some(kind) if VERSIONS.contains(&version) || written.starts_with(GROUPS[1]) => {
            convert(&mut findings, kind, node, context)
        }
        Some(kind) => {
            let at = node.get("apiVersion").unwrap_or(node);
            let message = format!("a {name} of {version} is not read");
            findings.refuse(
                at,
                message,
                &format!(
                    "write `apiVersion: kubeflow.org/v1`, with the replicas below `{}`",
                    kind.replicas
                ),
            );
            None
        }
        None if name == "MPIJob" => convert_mpi(&mut findings, node, context),
        None if name == "MXJob" => {
            let at = node.get("kind").unwrap_or(node);
            let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            let help = format!("MXNet is retired; {} are read", kinds.join(", "));
            findings.refuse(at, "an MXJob is not run".to_owned(), &help);
            None
        }
        None => return None,
    };
    Some(converted(findings, document))
}

fn convert(
    findings: &mut Findings,
    kind: &JobKind,
    node: &Node,
    context: &ForeignContext<'_>,
) -> Option<Document> {
    document(findings, node, context, kind.format, |findings, spec| {
        training_job(findings, kind, spec, "spec", None, context)
    })
}

fn convert_mpi(
    findings: &mut Findings,
    node: &Node,
    context: &ForeignContext<'_>,
) -> Option<Document> {
    document(findings, node, context, "Kubeflow MPIJob", |findings, spec| {
        mpi_job(findings, spec, context)
    })
}

/// A document whose `spec` is read by `read`.
fn document(
    findings: &mut Findings,
    node: &Node,
    context: &ForeignContext<'_>,
    format: &'static str,
    read: impl Fn(&mut Findings, &Node) -> Option<(TrainJob, Spans)>,
) -> Option<Document> {
    let mut spans = Spans::default();
    spans.insert("", KeyedSpan { key: None, value: node.span });
    let top = findings.fields(node, "", DOCUMENT);
    let (name, labels) = metadata(findings, top.get("metadata"), "run", context, &mut spans);
    let Some(spec) = top.get("spec") else {
        findings.missing(node, "spec");
        return None;
    };
    let (mut job, own) = read(findings, spec)?;
    spans.insert_below("", &own);
    job.name = name;
    job.labels = labels;
    Some(Document::TrainJob(resolved(job, spans, context, format)))
}
