//! MPIJob: run where each worker can start its processes by itself, otherwise refused by what its launcher does.
//!
//! Source: the API of `kubeflow.org/v1` and `kubeflow.org/v2beta1` of the MPI operator
//! (`pkg/apis/kubeflow/v2beta1/types.go`).

use super::worker::{container, entry, name_rest, worker};
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use, find};
use crate::spec::foreign::kubeflow::job::training_job;
use crate::spec::foreign::kubeflow::kinds::{JobKind, mpi_kind};
use crate::spec::foreign::launchers::{Counts, replaced};
use crate::spec::kinds::ForeignContext;
use crate::spec::kinds::train::{Framework, TrainJob};
use crate::spec::syntax::{Entry, Node, Scalar, Spans, Value};

pub(in crate::spec::foreign) const MPI: Table = &[
    (
        "mpiReplicaSpecs",
        Use::Changed(
            "workers of a gang, each of which starts its own processes of what the launcher starts",
        ),
    ),
    (
        "slotsPerWorker",
        Use::Changed(
            "how many processes a worker starts; for torchrun the variable PET_NPROC_PER_NODE",
        ),
    ),
    ("runPolicy", Use::Within),
    ("cleanPodPolicy", Use::Left("all replicas end with their gang, and their logs are kept")),
    ("backoffLimit", Use::Changed("`retries`: so often the whole gang starts again")),
    ("activeDeadlineSeconds", Use::Kept("timeout")),
    ("ttlSecondsAfterFinished", Use::Left("`mlctl cleanup` removes finished runs")),
    ("sshAuthMountPath", Use::Left("nothing starts processes over ssh")),
    ("mpiImplementation", Use::Left("nothing starts processes over ssh")),
    ("launcherCreationPolicy", Use::Left("a gang starts when all of it can")),
    ("runLauncherAsWorker", Use::Changed("one worker more")),
    ("mainContainer", Use::Left("the container is the one that is called `mpi`, or the first one")),
];

pub(in crate::spec::foreign) const TYPES: Table = &[
    ("Launcher", Use::Changed("its command is that of the workers; it is no replica of its own")),
    ("Worker", Use::Changed("a role of the gang")),
];

const OTHERS: [&str; 3] = ["runPolicy", "backoffLimit", "activeDeadlineSeconds"];

/// Reads the `spec` of an MPIJob; `None` where an error says why it isn't run.
pub(in crate::spec::foreign::kubeflow) fn mpi_job(
    findings: &mut Findings,
    spec: &Node,
    context: &ForeignContext<'_>,
) -> Option<(TrainJob, Spans)> {
    let fields = findings.fields(spec, "spec", MPI);
    let Some(replicas) = fields.entry("mpiReplicaSpecs") else {
        findings.missing(spec, "spec.mpiReplicaSpecs");
        return None;
    };
    let types = findings.fields(&replicas.value, "spec.mpiReplicaSpecs", TYPES);
    let (Some(launcher), Some(workers)) = (types.entry("Launcher"), types.entry("Worker")) else {
        let is_there = types.entry("Launcher").is_some();
        let name = if is_there { "Worker" } else { "Launcher" };
        findings.missing(&replicas.value, &format!("spec.mpiReplicaSpecs.{name}"));
        return None;
    };
    let Some(of_launcher) = container(&launcher.value) else {
        let path = "spec.mpiReplicaSpecs.Launcher.template.spec.containers";
        findings.missing(&launcher.value, path);
        return None;
    };
    let of_worker = container(&workers.value).unwrap_or(of_launcher);
    let is_worker = fields.get("runLauncherAsWorker").and_then(Node::as_text) == Some("true");
    let counts = counts(findings, &fields, workers, is_worker)?;
    let instead = replaced(findings, of_launcher, of_worker, &launcher.value, &counts)?;
    name_rest(findings, launcher);
    let mut changed = worker(workers, launcher, instead.command, instead.variables);
    if let Value::Map(entries) = &mut changed.value.value
        && let Some(all) = counts.replicas.filter(|_| is_worker)
    {
        entries.retain(|one| one.key.text != "replicas");
        entries.push(entry("replicas", workers.key.span, text(workers, &all.to_string())));
    }
    let list = Node { span: replicas.value.span, value: Value::Map(vec![changed]) };
    let mut entries = vec![entry("mpiReplicaSpecs", replicas.key.span, list)];
    entries.extend(OTHERS.iter().filter_map(|name| fields.entry(name)).cloned());
    if let Some(slots) = instead.slots.filter(|_| instead.framework == Framework::Pytorch) {
        let place = fields.entry("slotsPerWorker").unwrap_or(workers);
        entries.push(entry("nprocPerNode", place.key.span, text(place, &slots.to_string())));
    }
    let spec = Node { span: spec.span, value: Value::Map(entries) };
    let kind: JobKind = mpi_kind(instead.framework);
    training_job(findings, &kind, &spec, "spec", Some("mpi"), context)
}

/// A text at the place of a value.
fn text(at: &Entry, text: &str) -> Node {
    let value = Value::Scalar(Scalar { text: text.to_owned(), plain: true });
    Node { span: at.value.span, value }
}

/// How many workers and processes the job says that there are.
fn counts(
    findings: &mut Findings,
    fields: &Fields<'_>,
    workers: &Entry,
    is_worker: bool,
) -> Option<Counts> {
    let number = |node: &Node| node.as_text().and_then(|text| text.trim().parse::<u32>().ok());
    let slots = match fields.entry("slotsPerWorker") {
        Some(entry) => Some(findings.count(&entry.value, "slotsPerWorker")?),
        None => None,
    };
    let replicas = find(&workers.value, "replicas").map_or(Some(1), |one| number(&one.value));
    let replicas = replicas.map(|count| count.saturating_add(u32::from(is_worker)));
    Some(Counts { replicas, slots, names: ["`replicas` of the workers", "`slotsPerWorker`"] })
}
