//! What kind of document it is: ours, ours later, or another system's.

use super::kind::Kind;
use super::registry::{self, API_VERSION};
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{Meaning, Node};
use crate::text::nearest;

/// Systems with a kind of the same name as one of ours: a part of the API version, and whose it is.
const NAMESAKES: [(&str, &str); 1] = [("kubeflow.org", "Kubeflow's")];

/// What kinds of Kubeflow's are that say another group than its.
const NOT_KUBEFLOWS: &str = "not of kubeflow.org here";

const KUBEFLOW: &str = "Kubeflow's own has `apiVersion: kubeflow.org/v1`, and is taken as it is";

/// What is said of what the cluster itself knows.
const OBJECT: &str = "a Kubernetes object";

/// Kinds of other systems: (kind, whose, what to do).
const FOREIGN: &[(&str, &str, &str)] = &[
    ("PyTorchJob", NOT_KUBEFLOWS, KUBEFLOW),
    ("TFJob", NOT_KUBEFLOWS, KUBEFLOW),
    ("JAXJob", NOT_KUBEFLOWS, KUBEFLOW),
    ("MPIJob", NOT_KUBEFLOWS, KUBEFLOW),
    ("XGBoostJob", NOT_KUBEFLOWS, KUBEFLOW),
    ("PaddleJob", NOT_KUBEFLOWS, KUBEFLOW),
    (
        "TrainingRuntime",
        "not of trainer.kubeflow.org here",
        "Kubeflow Trainer's own has `apiVersion: trainer.kubeflow.org/v1alpha1`, beside the TrainJob that names it",
    ),
    (
        "Experiment",
        "Katib's",
        "Katib's own has `apiVersion: kubeflow.org/v1beta1`, and is taken as it is",
    ),
    (
        "InferenceService",
        "KServe's",
        "KServe's own has `apiVersion: serving.kserve.io/v1beta1`, and is taken as it is",
    ),
    ("JobSet", "the JobSet operator's", "write a TrainJob; `replicatedJobs` become `roles`"),
    ("TrainingJob", "SageMaker's", "write a TrainJob; `hyperParameters` become `args`"),
    ("Job", OBJECT, "write a TrainJob: image, command, args and env keep their names"),
    ("CronJob", OBJECT, "write a TrainJob and start it from your scheduler"),
    ("Pod", OBJECT, "write a TrainJob: image, command, args and env keep their names"),
    ("Deployment", OBJECT, SERVE),
    ("StatefulSet", OBJECT, "write a TrainJob: image, command, args and env keep their names"),
    ("Service", OBJECT, "apply it with kubectl and keep it in a file of its own"),
    ("ConfigMap", OBJECT, "apply it with kubectl and keep it in a file of its own"),
    ("Secret", OBJECT, "apply it with kubectl and keep it in a file of its own"),
    ("PersistentVolumeClaim", OBJECT, "apply it with kubectl and keep it in a file of its own"),
    ("Namespace", OBJECT, "apply it with kubectl and keep it in a file of its own"),
];

/// Whether something that runs by itself is called so in a system other than Kubernetes itself.
pub(in crate::spec) fn is_of_a_system(kind: &str) -> bool {
    FOREIGN.iter().any(|(name, whose, _)| *name == kind && *whose != OBJECT)
}

/// What a document looks like that says no kind: (a field, or a field within one; what has it; what to
/// do).
const LOOKS: &[(&str, &str, &str)] = &[
    ("tfReplicaSpecs", "the spec of Kubeflow's TFJob", WHOLE_JOB),
    ("pytorchReplicaSpecs", "the spec of Kubeflow's PyTorchJob", WHOLE_JOB),
    ("jaxReplicaSpecs", "the spec of Kubeflow's JAXJob", WHOLE_JOB),
    ("xgbReplicaSpecs", "the spec of Kubeflow's XGBoostJob", WHOLE_JOB),
    ("mpiReplicaSpecs", "the spec of Kubeflow's MPIJob", WHOLE_JOB),
    ("trialTemplate", "the spec of a Katib experiment", "write the whole Experiment, with `kind`"),
    (
        "predictor",
        "the spec of KServe's InferenceService",
        "write the whole InferenceService, with `apiVersion` and `kind`",
    ),
    ("rayClusterSpec", "the spec of Ray's RayJob", TRAIN),
    ("replicatedJobs", "the spec of a JobSet", TRAIN),
    ("backoffLimit", "the spec of a Kubernetes Job", TRAIN),
    ("containers", "the spec of a Kubernetes Pod", TRAIN),
    ("TrainingJobName", "a request to SageMaker", TRAIN),
    ("AlgorithmSpecification", "a request to SageMaker", TRAIN),
    ("taskGroups", "a job of Google's Batch", TRAIN),
    ("jobDefinitionName", "a job definition of AWS Batch", TRAIN),
    ("num_nodes", SKYPILOT, SKY_TRAIN),
    ("file_mounts", SKYPILOT, SKY_TRAIN),
    ("workdir", SKYPILOT, SKY_TRAIN),
    ("services", "a file of Docker Compose", TRAIN),
    ("jobs", "a workflow of a CI system", "name the spec that its step hands to mlctl"),
];

const WHOLE_JOB: &str =
    "write the whole job, with `apiVersion: kubeflow.org/v1` and `kind`: it is then taken as it is";

const SKYPILOT: &str = "a task of SkyPilot";

const SKY_TRAIN: &str =
    "a task with `run` is taken as it is, where no field beside it is another system's";

const SERVE: &str = "write an Endpoint: `revisions: [{name: v1, model: s3://bucket/model, server: \
                     tensorflow-serving}]`";

const TRAIN: &str = "write a TrainJob: image, command, args and env keep their names";

/// What a document without a kind looks like, by a field at its top or below `spec`.
fn likeness(node: &Node) -> Option<Diagnostic> {
    let spec = node.get("spec").unwrap_or(node);
    let says = |what: &str, span, label: &str, help: &str| {
        let message = format!("this document has no `kind`, and looks like {what}");
        Some(Diagnostic::error(Code::NotASpec, message).at(span, label).help(help))
    };
    LOOKS.iter().find_map(|(field, what, help)| {
        let at = node.entry(field).or_else(|| spec.entry(field))?;
        says(what, at.key.span, "by this field", help)
    })
}

/// The kind to check a document as; for a document that is none of ours, why it is not run.
pub(crate) fn kind_of(node: &Node) -> Result<&'static Kind, Diagnostic> {
    let Some(entries) = node.as_map() else {
        return Err(Diagnostic::error(
            Code::NotASpec,
            format!("a spec is a mapping, and this is {}", node.describe()),
        )
        .at(node.span, "")
        .help("`mlctl init` writes a spec to begin with"));
    };
    let alike = registry::most_alike(node);
    let Some(entry) = node.entry("kind") else {
        // Of these the schema says that the kind is missing.
        let is_ours = node.get("apiVersion").and_then(Node::as_text);
        if !is_ours.is_some_and(|version| version.starts_with("mlctl.dev"))
            && let Some(finding) = likeness(node)
        {
            return Err(finding);
        }
        return alike.ok_or_else(|| {
            let first = entries.first().map_or(node.span, |entry| entry.key.span);
            Diagnostic::error(Code::NotASpec, "this document has no `kind`, and no field of a spec")
                .at(first, "not a spec")
                .help(format!(
                    "a spec begins with `apiVersion: {API_VERSION}` and {}",
                    registry::kinds_as_written()
                ))
        });
    };
    let (name, at) = match entry.value.as_scalar() {
        Some(scalar) if scalar.meaning() == Meaning::Text => {
            (scalar.text.as_str(), entry.value.span)
        }
        // The schema says what is wrong with it.
        _ => return Ok(alike.unwrap_or_else(registry::first)),
    };
    let version = node.get("apiVersion").and_then(Node::as_text);
    if let Some(kind) = registry::kind(name) {
        let namesake = |(part, _): &&(&str, &str)| version.is_some_and(|v| v.contains(part));
        return match (NAMESAKES.iter().find(namesake), version) {
            (Some((_, whose)), Some(version)) => Err(Diagnostic::error(
                Code::ForeignKind,
                format!("this {name} is {whose} (`{version}`), not mlctl's"),
            )
            .at(at, "of another system")
            .help(format!("mlctl's own has `apiVersion: {API_VERSION}` and flat fields"))),
            _ => Ok(kind),
        };
    }
    // A document that says that it is ours is told of our kinds.
    let theirs = node.get("apiVersion").is_none()
        || version.is_some_and(|version| !version.starts_with("mlctl.dev"));
    if let Some((_, whose, help)) = FOREIGN.iter().find(|(foreign, ..)| *foreign == name && theirs)
    {
        return Err(Diagnostic::error(
            Code::ForeignKind,
            format!("{name} is {whose}: mlctl does not run it"),
        )
        .at(at, "of another system")
        .help(*help));
    }
    let help = match nearest(name, registry::names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write {}", registry::kinds_as_written()),
    };
    Err(Diagnostic::error(Code::UnknownKind, format!("there is no kind `{name}`"))
        .at(at, "unknown kind")
        .help(help))
}
