//! What kind of document it is: ours, ours later, or another system's.

use crate::spec::check::{properties, train_job};
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{Meaning, Node};
use crate::text::nearest;

/// The format of our documents.
pub(crate) const API_VERSION: &str = "mlctl.dev/v1";
/// The kind of document that is run.
pub(crate) const TRAIN_JOB: &str = "TrainJob";
/// Kinds of the format that this version doesn't run.
const LATER: [&str; 3] = ["TuneJob", "BatchPredictJob", "Endpoint"];

/// Kinds of other systems: (kind, whose, what to do).
const FOREIGN: &[(&str, &str, &str)] = &[
    (
        "PyTorchJob",
        "Kubeflow's",
        "write a TrainJob with `framework: pytorch`; `pytorchReplicaSpecs` become `roles`",
    ),
    (
        "TFJob",
        "Kubeflow's",
        "write a TrainJob with `framework: tensorflow`; `tfReplicaSpecs` become `roles`",
    ),
    (
        "JAXJob",
        "Kubeflow's",
        "write a TrainJob with `framework: jax`; `jaxReplicaSpecs` become `roles`",
    ),
    (
        "MPIJob",
        "Kubeflow's",
        "MPI is not supported: start the code with torchrun or without a launcher",
    ),
    ("XGBoostJob", "Kubeflow's", "write a TrainJob; `xgbReplicaSpecs` become `roles`"),
    ("PaddleJob", "Kubeflow's", "write a TrainJob; `paddleReplicaSpecs` become `roles`"),
    ("TrainingRuntime", "Kubeflow's", "write a TrainJob of mlctl: it holds all that a run needs"),
    ("Experiment", "Katib's", "a search over parameters will be a TuneJob of mlctl"),
    ("RayJob", "Ray's", "mlctl runs no Ray cluster; a script without Ray becomes a TrainJob"),
    ("RayCluster", "Ray's", "mlctl runs no Ray cluster; a script without Ray becomes a TrainJob"),
    ("RayService", "Ray's", "serving will be an Endpoint of mlctl"),
    ("InferenceService", "KServe's", "serving will be an Endpoint of mlctl"),
    ("JobSet", "the JobSet operator's", "write a TrainJob; `replicatedJobs` become `roles`"),
    ("Workflow", "Argo's", "write a TrainJob for the step that trains"),
    ("TrainingJob", "SageMaker's", "write a TrainJob; `hyperParameters` become `args`"),
    (
        "Job",
        "a Kubernetes object",
        "write a TrainJob: image, command, args and env keep their names",
    ),
    ("CronJob", "a Kubernetes object", "write a TrainJob and start it from your scheduler"),
    (
        "Pod",
        "a Kubernetes object",
        "write a TrainJob: image, command, args and env keep their names",
    ),
    ("Deployment", "a Kubernetes object", "serving will be an Endpoint of mlctl"),
    (
        "StatefulSet",
        "a Kubernetes object",
        "write a TrainJob: image, command, args and env keep their names",
    ),
    ("Service", "a Kubernetes object", "apply it with kubectl and keep it in a file of its own"),
    ("ConfigMap", "a Kubernetes object", "apply it with kubectl and keep it in a file of its own"),
    ("Secret", "a Kubernetes object", "apply it with kubectl and keep it in a file of its own"),
    (
        "PersistentVolumeClaim",
        "a Kubernetes object",
        "apply it with kubectl and keep it in a file of its own",
    ),
    ("Namespace", "a Kubernetes object", "apply it with kubectl and keep it in a file of its own"),
];

/// Passes a document that is to be checked as a `TrainJob`; anything else is a finding.
pub(crate) fn train_job_or_why_not(node: &Node) -> Result<(), Diagnostic> {
    let Some(entries) = node.as_map() else {
        return Err(Diagnostic::error(
            Code::NotASpec,
            format!("a spec is a mapping, and this is {}", node.describe()),
        )
        .at(node.span, "")
        .help("`mlctl init` writes a spec to begin with"));
    };
    let Some(entry) = node.entry("kind") else {
        let known = |name: &str| properties(train_job()).any(|(field, _)| field == name);
        if entries.iter().any(|entry| known(&entry.key.text)) {
            return Ok(());
        }
        let first = entries.first().map_or(node.span, |entry| entry.key.span);
        return Err(Diagnostic::error(
            Code::NotASpec,
            "this document has no `kind`, and no field of a spec",
        )
        .at(first, "not a spec")
        .help("a spec begins with `apiVersion: mlctl.dev/v1` and `kind: TrainJob`"));
    };
    let (kind, at) = match entry.value.as_scalar() {
        Some(scalar) if scalar.meaning() == Meaning::Text => {
            (scalar.text.as_str(), entry.value.span)
        }
        // The schema says what is wrong with it.
        _ => return Ok(()),
    };
    let version = node.get("apiVersion").and_then(Node::as_text).unwrap_or(API_VERSION);
    let ours = version.starts_with("mlctl.dev");
    if kind == TRAIN_JOB && version.contains("kubeflow.org") {
        return Err(Diagnostic::error(
            Code::ForeignKind,
            format!("this TrainJob is Kubeflow's (`{version}`), not mlctl's"),
        )
        .at(at, "of another system")
        .help(format!("mlctl's own has `apiVersion: {API_VERSION}` and flat fields")));
    }
    if kind == TRAIN_JOB {
        return Ok(());
    }
    if LATER.contains(&kind) {
        return Err(Diagnostic::error(
            Code::UnsupportedKind,
            format!("{kind} is not in this version of mlctl"),
        )
        .at(at, "not yet")
        .help("this version runs TrainJob; keep other kinds in files of their own"));
    }
    if let Some((_, whose, help)) = FOREIGN
        .iter()
        .find(|(name, ..)| *name == kind && (!ours || node.get("apiVersion").is_none()))
    {
        return Err(Diagnostic::error(
            Code::ForeignKind,
            format!("{kind} is {whose}: mlctl does not run it"),
        )
        .at(at, "of another system")
        .help(*help));
    }
    let all = [&[TRAIN_JOB][..], &LATER].concat();
    let help = match nearest(kind, all) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write `kind: TrainJob`".into(),
    };
    Err(Diagnostic::error(Code::UnknownKind, format!("there is no kind `{kind}`"))
        .at(at, "unknown kind")
        .help(help))
}
