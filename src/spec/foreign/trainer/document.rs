//! A whole document of Kubeflow Trainer: a TrainJob, or a runtime that one of the same file names.

use super::initializer::data;
use super::mpi::in_nodes;
use super::overrides::{TRAINER, main_container, overridden, with_trainer};
use super::runtime::{GROUP, Runtime, is_runtime, processes_of, runtime};
use crate::gang::Completion;
use crate::spec::foreign::common::converted::{converted, resolved};
use crate::spec::foreign::common::fields::{Findings, System, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::metadata::metadata;
use crate::spec::foreign::common::scalars::items;
use crate::spec::foreign::kubernetes::{assembled, pod, variables};
use crate::spec::kinds::train::{EnvVar, Framework, Retries, TrainJob};
use crate::spec::kinds::{Converted, Document, ForeignContext};
use crate::spec::syntax::{Code, Diagnostic, KeyedSpan, Node, Spans};
use crate::text::Span;

const FORMAT: &str = "Kubeflow Trainer's TrainJob";

static TRAINER_SYSTEM: System = System::of(
    "Kubernetes",
    &[
        ("runtimeRef", "spec"),
        ("trainer", "spec"),
        ("initializer", "spec"),
        ("numNodes", "trainer"),
        ("numProcPerNode", "trainer"),
        ("resourcesPerNode", "trainer"),
        ("image", "trainer"),
        ("command", "trainer"),
        ("args", "trainer"),
        ("env", "trainer"),
        ("storageUri", "initializer.dataset"),
        ("mlPolicy", "spec of a runtime"),
        ("replicatedJobs", "template.spec of a runtime"),
    ],
);

pub(super) const DOCUMENT: Table = &[
    ("apiVersion", Use::Changed("`mlctl.dev/v1`")),
    ("kind", Use::Changed("`TrainJob`, with the framework that the runtime means")),
    ("metadata", Use::Within),
    ("spec", Use::Within),
    ("status", Use::Output),
];
pub(super) const SPEC: Table = &[
    ("runtimeRef", Use::Within),
    ("trainer", Use::Within),
    ("initializer", Use::Within),
    ("podTemplateOverrides", Use::Within),
    ("podSpecOverrides", Use::Within),
    ("runtimePatches", Use::Within),
    ("activeDeadlineSeconds", Use::Kept("timeout")),
    ("labels", Use::Left("labels of the job are those of its `metadata`")),
    ("annotations", Use::Left("annotations are the cluster's tools' matter")),
    ("suspend", Use::Left("a run starts when it is submitted")),
    ("managedBy", Use::Left("nothing in the cluster manages a run")),
];

/// Variables by which XGBoost's workers find their tracker, by those of a gang.
///
/// Source: `pkg/runtime/framework/plugins/xgboost` of Kubeflow Trainer.
const XGBOOST: [(&str, &str); 4] = [
    ("DMLC_TRACKER_URI", "$(MASTER_ADDR)"),
    ("DMLC_TRACKER_PORT", "$(MASTER_PORT)"),
    ("DMLC_TASK_ID", "$(RANK)"),
    ("DMLC_NUM_WORKER", "$(WORLD_SIZE)"),
];

/// The converter: `None` when the document is not Kubeflow Trainer's.
pub(in crate::spec::foreign) fn recognise(
    node: &Node,
    context: &ForeignContext<'_>,
) -> Option<Converted> {
    let text = |name: &str| node.get(name).and_then(Node::as_text);
    let version = text("apiVersion")?.strip_prefix(GROUP)?;
    let kind = text("kind")?;
    let mut findings = Findings::of(&TRAINER_SYSTEM);
    if !matches!(version, "v1alpha1" | "v1beta1" | "v1") {
        let at = node.get("apiVersion").unwrap_or(node);
        let message = format!("a {kind} of {version} is not read");
        findings.refuse(at, message, "write `apiVersion: trainer.kubeflow.org/v1alpha1`");
        return Some(converted(findings, None));
    }
    let document = match kind {
        "TrainJob" => convert(&mut findings, node, context),
        "TrainingRuntime" | "ClusterTrainingRuntime" => {
            beside(&mut findings, node, kind, context);
            None
        }
        _ => return None,
    };
    Some(converted(findings, document))
}

/// Says what becomes of a runtime that no job of the file names.
fn beside(findings: &mut Findings, node: &Node, kind: &str, context: &ForeignContext<'_>) {
    let at = node.get("kind").unwrap_or(node);
    let jobs: Vec<&Node> = context
        .siblings
        .iter()
        .filter(|one| one.get("kind").and_then(Node::as_text) == Some("TrainJob"))
        .collect();
    let is_named = jobs.iter().any(|job| {
        let reference = job.get("spec").and_then(|spec| spec.get("runtimeRef"));
        let text = |field: &str| reference.and_then(|one| one.get(field)?.as_text());
        text("name").is_some_and(|name| is_runtime(node, text("kind"), name))
    });
    if jobs.is_empty() {
        let message = format!("a {kind} runs nothing by itself");
        findings.refuse(at, message, "put the TrainJob that names it into the same file");
    } else if !is_named {
        let message = format!("no job of this file names this {kind}, which is left out");
        findings.instead(at, message, "`runtimeRef` of a TrainJob names its runtime");
    }
}

fn convert(findings: &mut Findings, node: &Node, context: &ForeignContext<'_>) -> Option<Document> {
    let mut spans = Spans::default();
    spans.insert("", KeyedSpan { key: None, value: node.span });
    let top = findings.fields(node, "", DOCUMENT);
    let (name, labels) = metadata(findings, top.get("metadata"), "run", context, &mut spans);
    let Some(spec) = top.get("spec") else {
        findings.missing(node, "spec");
        return None;
    };
    let (mut job, own) = training_job(findings, spec, context)?;
    spans.insert_below("", &own);
    job.name = name;
    job.labels = labels;
    Some(Document::TrainJob(resolved(job, spans, context, FORMAT)))
}

/// Reads the `spec` of a job.
pub(in crate::spec::foreign) fn training_job(
    findings: &mut Findings,
    spec: &Node,
    context: &ForeignContext<'_>,
) -> Option<(TrainJob, Spans)> {
    let mut spans = Spans::default();
    let fields = findings.fields(spec, "spec", SPEC);
    spec.as_map()?;
    let trainer = fields
        .get("trainer")
        .map(|node| findings.fields(node, "trainer", TRAINER))
        .unwrap_or_default();
    let Some(reference) = fields.entry("runtimeRef") else {
        findings.missing(spec, "spec.runtimeRef");
        return None;
    };
    let mut runtime = runtime(findings, reference, context)?;
    if let Some(image) = runtime.known_image.filter(|_| trainer.get("image").is_none()) {
        let message =
            format!("the image is `{image}`, which Kubeflow Trainer 2.3 gives to this runtime");
        findings.instead(&reference.value, message, "`trainer.image` names another one");
    }
    if let Some(entry) = trainer.entry("numNodes") {
        let count = findings.count(&entry.value, "numNodes")?;
        runtime.nodes = Some(Located::new(count, entry));
    }
    let template = with_trainer(&runtime.pod, &trainer);
    let mut template = overridden(findings, &fields, &runtime.job, template);
    let place = KeyedSpan { key: None, value: reference.value.span };
    let nodes = runtime.nodes.take().unwrap_or(Located { value: 1, place, items: Vec::new() });
    if nodes.value == 0 {
        findings.wrong_type(
            &Node { span: nodes.place.value, ..spec.clone() },
            "numNodes",
            "1 or more",
        );
        return None;
    }
    let mut own = Vec::new();
    if let Some(entry) = trainer.entry("numProcPerNode") {
        runtime.processes = processes_of(findings, &entry.value, runtime.is_mpi);
    }
    let command = main_container(&template).and_then(|one| one.get("command"));
    if command.map(items).unwrap_or_default().is_empty() && runtime.known_image.is_some() {
        findings.add(
            Diagnostic::error(Code::ForeignMissing, "`trainer.command` is missing")
                .at(reference.value.span, "this runtime runs nothing by itself")
                .help("write what to run: `trainer: {command: [torchrun, train.py]}`"),
        );
        return None;
    }
    if runtime.is_mpi {
        let slots = runtime.processes.take().and_then(|text| text.parse().ok());
        let changed = in_nodes(findings, &template, nodes.value, slots, &reference.value)?;
        let slots;
        (template, runtime.framework, slots) = changed;
        let is_torchrun = runtime.framework == Framework::Pytorch;
        runtime.processes = slots.filter(|_| is_torchrun).map(|count| count.to_string());
    }
    let pod = pod(findings, &template, Some("node"), context.siblings)?;
    if let Some(processes) = runtime.processes.take() {
        own.push(variable("PET_NPROC_PER_NODE", &processes));
    }
    if runtime.is_xgboost {
        own.extend(XGBOOST.iter().map(|(name, value)| variable(name, value)));
    }
    let mut job = assembled(findings, runtime.framework, vec![("worker", nodes, pod)], &mut spans);
    variables(&mut job, &own);
    job.completion = Some(Completion::All);
    job.retries = retries(&runtime);
    job.data = data(findings, fields.get("initializer"), &mut spans);
    job.start_timeout = runtime.start_timeout.map(|found| {
        spans.insert("startTimeout", found.place);
        seconds(found.value)
    });
    let timeout = match fields.entry("activeDeadlineSeconds") {
        Some(entry) => findings
            .count(&entry.value, "activeDeadlineSeconds")
            .map(|count| Located::new(count, entry)),
        None => runtime.timeout,
    };
    job.timeout = timeout.filter(|found| found.value > 0).map(|found| {
        spans.insert("timeout", found.place);
        seconds(found.value)
    });
    Some((job, spans))
}

/// A replica that fails starts again there, where here the gang does.
fn retries(runtime: &Runtime) -> Retries {
    let count = runtime.restarts;
    Retries {
        user_error: count,
        out_of_memory: count,
        transient_signal: count,
        ..Retries::default()
    }
}

fn variable(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.to_owned()), value_from: None }
}

fn seconds(count: u32) -> Span {
    Span(std::time::Duration::from_secs(count.into()))
}
