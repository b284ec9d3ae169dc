//! MPIJob: run where torchrun starts the processes, otherwise refused by what its launcher does.
//!
//! Source: the API of `kubeflow.org/v1` and `kubeflow.org/v2beta1` of the MPI operator
//! (`pkg/apis/kubeflow/v2beta1/types.go`).

use super::job::training_job;
use super::kinds::JobKind;
use crate::spec::foreign::common::fields::{Findings, Table, Use, find};
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::ForeignContext;
use crate::spec::kinds::train::TrainJob;
use crate::spec::syntax::{Entry, Key, Node, Spans, Value};

pub(in crate::spec::foreign) const MPI: Table = &[
    (
        "mpiReplicaSpecs",
        Use::Changed("workers of a gang, each of which runs the launcher's torchrun"),
    ),
    ("slotsPerWorker", Use::Changed("the variable PET_NPROC_PER_NODE")),
    ("runPolicy", Use::Within),
    ("cleanPodPolicy", Use::Left("all replicas end with their gang, and their logs are kept")),
    ("backoffLimit", Use::Changed("`retries`: so often the whole gang starts again")),
    ("activeDeadlineSeconds", Use::Kept("timeout")),
    ("ttlSecondsAfterFinished", Use::Left("`mlctl cleanup` removes finished runs")),
    ("sshAuthMountPath", Use::Left("nothing starts processes over ssh")),
    ("mpiImplementation", Use::Left("nothing starts processes over ssh")),
    ("launcherCreationPolicy", Use::Left("a gang starts when all of it can")),
    ("runLauncherAsWorker", Use::Left("the first worker is the one that others meet at")),
    ("mainContainer", Use::Left("the container is the one that is called `mpi`, or the only one")),
];

/// Programs that start processes on other machines over ssh.
const LAUNCHERS: [&str; 5] = ["mpirun", "mpiexec", "orterun", "horovodrun", "deepspeed"];

/// Reads the `spec` of an MPIJob; `None` where an error says why it isn't run.
pub(super) fn mpi_job(
    findings: &mut Findings,
    spec: &Node,
    context: &ForeignContext<'_>,
) -> Option<(TrainJob, Spans)> {
    let fields = findings.fields(spec, "spec", MPI);
    let Some(replicas) = fields.entry("mpiReplicaSpecs") else {
        findings.missing(spec, "spec.mpiReplicaSpecs");
        return None;
    };
    let launcher = find(&replicas.value, "Launcher");
    let container = launcher.and_then(|entry| container(&entry.value));
    let words = container.map(words).unwrap_or_default();
    let texts: Vec<&str> = words.iter().filter_map(|word| word.as_text()).collect();
    let Some(worker) = find(&replicas.value, "Worker").filter(|_| is_torchrun(&texts)) else {
        refuse(findings, &words, &texts, launcher.map_or(&replicas.value, |entry| &entry.value));
        return None;
    };
    // The workers wait for ssh there; here each of them runs what the launcher would.
    let worker = with_command(worker, container?);
    let key = |text: &str, entry: &Entry| Key { text: text.to_owned(), span: entry.key.span };
    let list = Value::Map(vec![Entry { key: key("Worker", &worker), value: worker.value.clone() }]);
    let renamed = Entry {
        key: key("pytorchReplicaSpecs", replicas),
        value: Node { span: replicas.value.span, value: list },
    };
    let others = ["runPolicy", "backoffLimit", "activeDeadlineSeconds"];
    let mut entries = vec![renamed];
    entries.extend(others.iter().filter_map(|name| fields.entry(name)).cloned());
    if let Some(slots) = fields.entry("slotsPerWorker") {
        entries.push(Entry { key: key("nprocPerNode", slots), value: slots.value.clone() });
    }
    let changed = Node { span: spec.span, value: Value::Map(entries) };
    training_job(findings, JobKind::of("PyTorchJob")?, &changed, "spec", Some("mpi"), context)
}

/// The container of a replica type that is called `mpi`, or its only one.
fn container(replica: &Node) -> Option<&Node> {
    let list = items(replica.get("template")?.get("spec")?.get("containers")?);
    let named = list.iter().find(|one| one.get("name").and_then(Node::as_text) == Some("mpi"));
    named.or(list.first())
}

/// The words of a container's command.
fn words(container: &Node) -> Vec<&Node> {
    let list = |name: &str| container.get(name).map(items).unwrap_or_default();
    list("command").iter().chain(list("args")).collect()
}

/// Whether the command is torchrun, by itself or as a module of Python.
fn is_torchrun(words: &[&str]) -> bool {
    let program = words.first().and_then(|word| word.rsplit('/').next()).unwrap_or_default();
    let module = words.windows(2).any(|pair| {
        pair[0] == "-m" && matches!(pair[1], "torch.distributed.run" | "torch.distributed.launch")
    });
    program == "torchrun" || (program.starts_with("python") && module)
}

/// A worker that runs what the launcher's container does.
fn with_command(worker: &Entry, launcher: &Node) -> Entry {
    let mut worker = worker.clone();
    let is_command = |entry: &Entry| matches!(entry.key.text.as_str(), "command" | "args");
    let commands: Vec<Entry> = launcher
        .as_map()
        .unwrap_or_default()
        .iter()
        .filter(|one| is_command(one))
        .cloned()
        .collect();
    let mut node = &mut worker.value;
    for key in ["template", "spec", "containers"] {
        let Value::Map(entries) = &mut node.value else { return worker };
        let Some(entry) = entries.iter_mut().find(|entry| entry.key.text == key) else {
            return worker;
        };
        node = &mut entry.value;
    }
    if let Value::List(list) = &mut node.value
        && let Some(Value::Map(entries)) = list.first_mut().map(|first| &mut first.value)
    {
        entries.retain(|entry| !is_command(entry));
        entries.extend(commands);
    }
    worker
}

/// Says what the launcher does that isn't done here, at the word that does it.
fn refuse(findings: &mut Findings, words: &[&Node], texts: &[&str], launcher: &Node) {
    let is_launcher = |text: &str| {
        let mut parts = text.split([' ', '\n', '\t', ';', '&', '|', '(']);
        parts.find_map(|part| {
            LAUNCHERS.into_iter().find(|name| part.rsplit('/').next() == Some(*name))
        })
    };
    let found = words.iter().zip(texts).find_map(|(node, text)| Some((*node, is_launcher(text)?)));
    let help = "let each worker run the code itself: a PyTorchJob, or a TrainJob with `framework: pytorch`, whose \
                command is `torchrun train.py`; it finds the others by PET_MASTER_ADDR";
    match found {
        Some((at, "horovodrun")) => {
            let help = "Horovod's processes are started by horovodrun or mpirun only; torch's \
                        DistributedDataParallel or TensorFlow's MultiWorkerMirroredStrategy do the same in a \
                        PyTorchJob or a TFJob";
            findings.refuse(
                at,
                "horovodrun starts processes over ssh, which is not done".to_owned(),
                help,
            );
        }
        Some((at, "deepspeed")) => {
            let help = "start it by torchrun, which `deepspeed.init_distributed` takes too: `torchrun train.py \
                        --deepspeed ...` in a PyTorchJob";
            findings.refuse(
                at,
                "deepspeed starts processes over ssh, which is not done".to_owned(),
                help,
            );
        }
        Some((at, name)) => {
            findings.refuse(
                at,
                format!("{name} starts processes over ssh, which is not done"),
                help,
            );
        }
        None => {
            let message = "a launcher that starts processes over ssh is not run".to_owned();
            findings.refuse(launcher, message, help);
        }
    }
}
