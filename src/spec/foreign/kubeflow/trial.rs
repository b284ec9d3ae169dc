//! `trialSpec`: a Job of Kubernetes, or one of the training operator, as a TrainJob.

use super::job::training_job;
use super::kinds::JobKind;
use super::mpi::mpi_job;
use super::policy::policy;
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::metadata::labels;
use crate::spec::foreign::kubernetes::{assembled, pod};
use crate::spec::foreign::trainer;
use crate::spec::kinds::ForeignContext;
use crate::spec::kinds::train::{Framework, TrainJob};
use crate::spec::syntax::{KeyedSpan, Node, Spans};

pub(in crate::spec::foreign) const OBJECT: Table = &[
    ("apiVersion", Use::Changed("`mlctl.dev/v1`")),
    ("kind", Use::Changed("`TrainJob`")),
    ("metadata", Use::Within),
    ("spec", Use::Within),
    ("status", Use::Output),
];
const NAMED: Use = Use::Changed("a trial has the study's name");
pub(in crate::spec::foreign) const METADATA: Table = &[
    ("name", NAMED),
    ("generateName", NAMED),
    ("labels", Use::Kept("trial.labels")),
    ("namespace", Use::Left("it is where `--namespace`, the context or the settings say")),
    ("annotations", Use::Left("annotations are the cluster's tools' matter")),
    ("creationTimestamp", Use::Output),
];
const RETRIES: &str = "`retries` counts restarts of the whole gang, by class of failure";
pub(in crate::spec::foreign) const JOB: Table = &[
    ("template", Use::Within),
    ("activeDeadlineSeconds", Use::Kept("timeout")),
    ("backoffLimit", Use::Left(RETRIES)),
    ("podFailurePolicy", Use::Left(RETRIES)),
    ("ttlSecondsAfterFinished", Use::Left("`mlctl cleanup` removes finished trials")),
    (
        "parallelism",
        Use::Left("write a role with so many replicas: `roles: {worker: {replicas: N}}`"),
    ),
    (
        "completions",
        Use::Left("write a role with so many replicas: `roles: {worker: {replicas: N}}`"),
    ),
    ("completionMode", Use::Left("every replica knows its index")),
    ("suspend", Use::Left("a trial starts when it is its turn")),
];

/// Objects that no trial of mlctl becomes, with what to do.
const REFUSED: [(&str, &str); 4] = [
    ("Workflow", "write the step that trains as a batch/v1 Job"),
    ("PipelineRun", "write the step that trains as a batch/v1 Job"),
    ("Pipeline", "write the step that trains as a batch/v1 Job"),
    ("MXJob", "write a TuneJob with the roles below `trial:`"),
];

/// Reads a `trialSpec`. `primary` is the name of the container that trains.
pub(in crate::spec::foreign) fn trial_spec(
    findings: &mut Findings,
    node: &Node,
    primary: Option<&str>,
    context: &ForeignContext<'_>,
) -> Option<(TrainJob, Spans)> {
    let fields = findings.fields(node, "trialSpec", OBJECT);
    node.as_map()?;
    let Some(kind) = fields.get("kind") else {
        findings.missing(node, "trialSpec.kind");
        return None;
    };
    let name = kind.as_text().unwrap_or_default();
    let group = fields.get("apiVersion").and_then(Node::as_text).unwrap_or_default();
    let is_job = name == "Job" && (group.starts_with("batch/") || group.is_empty());
    let of_operator = JobKind::of(name);
    let is_trainers = name == "TrainJob" && group.starts_with("trainer.kubeflow.org/");
    let is_mpi = name == "MPIJob";
    if !is_job && !is_trainers && !is_mpi && of_operator.is_none() {
        let help = REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, help)| *help);
        let help = help.unwrap_or("write a batch/v1 Job, a TFJob or a PyTorchJob");
        findings.refuse(kind, format!("a trial that is a `{name}` is not run"), help);
        return None;
    }
    let Some(spec) = fields.get("spec") else {
        findings.missing(node, "trialSpec.spec");
        return None;
    };
    let metadata = fields
        .get("metadata")
        .map(|node| findings.fields(node, "trialSpec.metadata", METADATA))
        .unwrap_or_default();
    let (mut job, mut spans) = match of_operator {
        Some(kind) => training_job(findings, kind, spec, "trialSpec.spec", primary, context),
        None if is_mpi => mpi_job(findings, spec, context),
        None if is_trainers => trainer::training_job(findings, spec, context),
        None => batch_job(findings, spec, primary, context),
    }?;
    job.labels = labels(findings, metadata.entry("labels"), &mut spans);
    Some((job, spans))
}

/// A Job of Kubernetes: one pod that trains.
fn batch_job(
    findings: &mut Findings,
    spec: &Node,
    primary: Option<&str>,
    context: &ForeignContext<'_>,
) -> Option<(TrainJob, Spans)> {
    let own = findings.fields(spec, "trialSpec.spec", JOB);
    spec.as_map()?;
    let mut spans = Spans::default();
    let timeout = policy(findings, &own, None, &mut spans).timeout;
    let Some(template) = own.get("template") else {
        findings.missing(spec, "trialSpec.spec.template");
        return None;
    };
    let place = KeyedSpan { key: None, value: template.span };
    let pod = pod(findings, template, primary, context.siblings)?;
    let one = Located { value: 1, place, items: Vec::new() };
    let mut job = assembled(findings, Framework::None, vec![("worker", one, pod)], &mut spans);
    job.timeout = timeout;
    Some((job, spans))
}
