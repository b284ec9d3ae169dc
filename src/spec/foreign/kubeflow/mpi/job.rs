//! MPIJob: run where each worker can start its processes by itself, otherwise refused by what its launcher does.
//!
//! Source: the API of `kubeflow.org/v1` and `kubeflow.org/v2beta1` of the MPI operator
//! (`pkg/apis/kubeflow/v2beta1/types.go`).

use super::horovod::{self, is_horovod};
use super::launcher::Launcher;
use super::start::{Form, Start, Unread, start};
use super::torchrun;
use super::worker::{container, entry, name_rest, worker};
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use, find};
use crate::spec::foreign::kubeflow::job::training_job;
use crate::spec::foreign::kubeflow::kinds::{JobKind, mpi_kind};
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
    let start = match start(of_launcher) {
        Ok(start) => start,
        Err(unread) => {
            refuse(findings, &unread, &launcher.value);
            return None;
        }
    };
    let shape = shape(findings, &fields, workers, &start)?;
    let containers = [of_launcher, container(&workers.value).unwrap_or(of_launcher)];
    let (command, framework) = if is_horovod(&start, containers) {
        (Some(horovod_command(findings, &start, shape.slots)?), Framework::None)
    } else if start.launcher == Launcher::Mpirun {
        findings.refuse(start.at, OVER_SSH.to_owned(), HELP);
        return None;
    } else {
        (torchrun::command(findings, &start), Framework::Pytorch)
    };
    name_rest(findings, launcher);
    let mut changed = worker(workers, launcher, command, variables(&start));
    if let Value::Map(entries) = &mut changed.value.value
        && let Some(more) = shape.replicas
    {
        entries.retain(|one| one.key.text != "replicas");
        entries.push(entry("replicas", workers.key.span, text(workers, &more.to_string())));
    }
    let list = Node { span: replicas.value.span, value: Value::Map(vec![changed]) };
    let mut entries = vec![entry("mpiReplicaSpecs", replicas.key.span, list)];
    entries.extend(OTHERS.iter().filter_map(|name| fields.entry(name)).cloned());
    if framework == Framework::Pytorch && shape.is_said {
        let place = fields.entry("slotsPerWorker").unwrap_or(workers);
        entries.push(entry("nprocPerNode", place.key.span, text(place, &shape.slots.to_string())));
    }
    let spec = Node { span: spec.span, value: Value::Map(entries) };
    let kind: JobKind = mpi_kind(framework);
    training_job(findings, &kind, &spec, "spec", Some("mpi"), context)
}

/// A text at the place of a value.
fn text(at: &Entry, text: &str) -> Node {
    let value = Value::Scalar(Scalar { text: text.to_owned(), plain: true });
    Node { span: at.value.span, value }
}

/// How many processes run where.
struct Shape {
    /// In each worker.
    slots: u32,
    /// Somebody has said so.
    is_said: bool,
    /// How many workers there are, where that is not what the file says of them.
    replicas: Option<u32>,
}

/// The shape of the job, whose launcher must start as many processes as its workers have places.
fn shape(
    findings: &mut Findings,
    fields: &Fields<'_>,
    workers: &Entry,
    start: &Start<'_>,
) -> Option<Shape> {
    let number = |node: &Node| node.as_text().and_then(|text| text.trim().parse::<u32>().ok());
    let written = match fields.entry("slotsPerWorker") {
        Some(entry) => Some(findings.count(&entry.value, "slotsPerWorker")?),
        None => None,
    };
    let of_flags = start.flags.per_worker.as_ref().and_then(|text| text.parse().ok());
    let is_worker = fields.get("runLauncherAsWorker").and_then(Node::as_text) == Some("true");
    let more = u32::from(is_worker);
    let replicas = find(&workers.value, "replicas").map_or(Some(1), |one| number(&one.value));
    if let (Some(said), Some(replicas)) = (&start.flags.workers, replicas)
        && said.parse() != Ok(replicas.saturating_add(more))
    {
        let message = format!("{said} workers of {}", replicas.saturating_add(more));
        findings.refuse(
            start.at,
            message,
            "write so many `replicas` of the workers: all of them run",
        );
        return None;
    }
    let slots: u32 = of_flags.or(written).unwrap_or(1).max(1);
    if let (Some(processes), Some(replicas)) = (&start.flags.processes, replicas) {
        let replicas = replicas.saturating_add(more);
        let places = replicas.saturating_mul(slots);
        match processes.parse::<u32>() {
            Ok(processes) if processes == places => {}
            Ok(processes) => {
                let message = format!(
                    "{processes} processes for {places} places: {replicas} workers with {slots} each"
                );
                let help = "write `replicas` of the workers times `slotsPerWorker` processes: each worker starts its \
                            own";
                findings.refuse(start.at, message, help);
                return None;
            }
            Err(_) => {
                let message = format!("there are {places} processes, whatever `{processes}` is");
                let help = "each worker starts as many as `slotsPerWorker` says";
                findings.instead(start.at, message, help);
            }
        }
    }
    Some(Shape {
        slots,
        is_said: of_flags.or(written).is_some(),
        replicas: replicas.filter(|_| is_worker).map(|count| count.saturating_add(1)),
    })
}

/// The command of a worker of Horovod, and what is said of it.
fn horovod_command(findings: &mut Findings, start: &Start<'_>, slots: u32) -> Option<Vec<Node>> {
    let name = start.launcher.name();
    if let Form::Script { word, .. } = start.form {
        let script = start.words[word].as_text().unwrap_or_default();
        if horovod::has_parameters(script) {
            let message =
                "a script with parameters of its own starts no processes of Horovod".to_owned();
            findings.refuse(start.at, message, "write variables in place of `$@` and `$1`");
            return None;
        }
        let message =
            format!("all of the script runs in each worker, not what {name} starts alone");
        findings.instead(
            start.at,
            message,
            "what must be done once, do where `MLCTL_REPLICA` is worker-0",
        );
    }
    start.tell_of_flags(findings);
    let message = format!("processes of Horovod are started without {name}, and meet over gloo");
    let help = "the image's Horovod must be built with gloo, as those of horovod/horovod are; `horovodrun \
                --check-build` in it says so";
    findings.instead(start.at, message, help);
    Some(horovod::command(start, slots))
}

/// Variables that the launcher's flags set, where no shell does.
fn variables(start: &Start<'_>) -> Vec<Node> {
    let is_shells = matches!(start.form, Form::Script { .. });
    let scalar = |text: &str| Node {
        span: start.at.span,
        value: Value::Scalar(Scalar { text: text.to_owned(), plain: false }),
    };
    let variable = |(name, value): &(String, String)| {
        let fields = [("name", name), ("value", value)];
        let entries = fields.map(|(key, text)| entry(key, start.at.span, scalar(text)));
        Node { span: start.at.span, value: Value::Map(entries.to_vec()) }
    };
    start.flags.variables.iter().filter(|_| !is_shells).map(variable).collect()
}

const OVER_SSH: &str = "mpirun starts processes over ssh, which is not done";

const HELP: &str = "let each worker run the code itself: a PyTorchJob, or a TrainJob with `framework: pytorch`, whose \
                    command is `torchrun train.py`; it finds the others by PET_MASTER_ADDR. If the code is Horovod's, \
                    write `horovodrun` in place of `mpirun`";

/// Says what the launcher does that isn't done here, at the word that does it.
fn refuse(findings: &mut Findings, unread: &Unread<'_>, launcher: &Node) {
    let message = format!("the launcher is not run: {}", unread.why);
    let help = "write what it starts as its command, by horovodrun, torchrun or deepspeed with flags of which each \
                worker can do its part";
    findings.refuse(unread.at.unwrap_or(launcher), message, help);
}
