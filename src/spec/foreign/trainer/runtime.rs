//! A training runtime: how nodes find each other, and the pods that a job changes.

use super::known::{Known, OVER_SSH, known};
use super::mpi::{MPI, without_launcher};
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::ForeignContext;
use crate::spec::kinds::train::Framework;
use crate::spec::syntax::{Entry, Node};
use crate::text::list_of;

/// The group of Kubeflow Trainer's objects.
pub(super) const GROUP: &str = "trainer.kubeflow.org/";

const KINDS: [&str; 2] = ["ClusterTrainingRuntime", "TrainingRuntime"];

/// The label by which a runtime says which of its jobs trains.
const STEP: &str = "trainer.kubeflow.org/trainjob-ancestor-step";

const ALL_AT_ONCE: Use = Use::Left("a gang starts when all of it can");
const WITH_THE_GANG: Use = Use::Left("a gang succeeds and fails as one; `completion` says when");
const BY_TORCHRUN: &str = "a gang has as many replicas as its roles say, from start to end";

pub(super) const REF: Table = &[
    ("name", Use::Changed("what the runtime says, of this file or of those that are known")),
    ("kind", Use::Changed("the kind of the runtime that is looked for in the file")),
    ("apiGroup", Use::Changed("nothing: there is one group")),
];
pub(super) const RUNTIME: Table =
    &[("mlPolicy", Use::Within), ("podGroupPolicy", Use::Within), ("template", Use::Within)];
pub(super) const POLICY: Table = &[
    ("numNodes", Use::Kept("roles.<role>.replicas")),
    ("torch", Use::Within),
    ("jax", Use::Changed("`framework: jax`")),
    ("xgboost", Use::Changed("`framework: none`, and the variables DMLC_*")),
    ("plainML", Use::Changed("`framework: none`")),
    ("mpi", Use::Within),
    ("flux", Use::Refused("start the code with torchrun: nothing starts processes over ssh")),
];
pub(super) const TORCH: Table = &[
    ("numProcPerNode", Use::Changed("the variable PET_NPROC_PER_NODE")),
    ("elasticPolicy", Use::Left(BY_TORCHRUN)),
    ("envInjection", Use::Left("the container that trains gets the variables")),
];
pub(super) const POD_GROUP: Table = &[("coscheduling", Use::Within), ("volcano", ALL_AT_ONCE)];
pub(super) const COSCHEDULING: Table = &[("scheduleTimeoutSeconds", Use::Kept("startTimeout"))];
pub(super) const TEMPLATE: Table = &[
    ("metadata", Use::Left("labels of the job are those of its `metadata`")),
    ("spec", Use::Within),
];
pub(super) const JOB_SET: Table = &[
    ("replicatedJobs", Use::Within),
    ("failurePolicy", Use::Within),
    ("successPolicy", WITH_THE_GANG),
    ("startupPolicy", ALL_AT_ONCE),
    ("network", Use::Left("replicas find each other by the addresses that they get")),
    ("ttlSecondsAfterFinished", Use::Left("`mlctl cleanup` removes finished runs")),
    ("volumeClaimPolicies", Use::Refused("make the claim by kubectl, and name it as a volume")),
    ("suspend", Use::Left("a run starts when it is submitted")),
    ("managedBy", Use::Left("nothing in the cluster manages a run")),
    ("coordinator", Use::Left("replicas find each other by the addresses that they get")),
];
pub(super) const FAILURE: Table = &[
    ("maxRestarts", Use::Changed("`retries`: so often the whole gang starts again")),
    ("restartStrategy", Use::Left("the whole gang starts again")),
    ("rules", Use::Left("restarts are counted by class of failure: `retries`")),
];
pub(super) const REPLICATED: Table = &[
    ("name", Use::Changed("which job it is")),
    ("template", Use::Within),
    ("replicas", Use::Left("`numNodes` says how many nodes there are")),
    ("dependsOn", ALL_AT_ONCE),
    ("groupName", ALL_AT_ONCE),
];
pub(super) const JOB_TEMPLATE: Table =
    &[("metadata", Use::Changed("which job trains")), ("spec", Use::Within)];
pub(super) const JOB: Table = &[
    ("template", Use::Within),
    ("backoffLimit", Use::Changed("`retries`: so often the whole gang starts again")),
    ("activeDeadlineSeconds", Use::Kept("timeout")),
    ("parallelism", Use::Left("`numNodes` says how many nodes there are")),
    ("completions", Use::Left("`numNodes` says how many nodes there are")),
    ("completionMode", Use::Left("every replica knows its index")),
    ("podFailurePolicy", Use::Left("restarts are counted by class of failure: `retries`")),
    ("ttlSecondsAfterFinished", Use::Left("`mlctl cleanup` removes finished runs")),
];

/// What a runtime says of the jobs that name it.
pub(super) struct Runtime {
    pub(super) framework: Framework,
    pub(super) is_xgboost: bool,
    /// Its trainer's command is a launcher's, which starts processes in all nodes.
    pub(super) is_mpi: bool,
    pub(super) nodes: Option<Located<u32>>,
    pub(super) processes: Option<String>,
    pub(super) start_timeout: Option<Located<u32>>,
    pub(super) timeout: Option<Located<u32>>,
    /// How often the gang starts again.
    pub(super) restarts: u32,
    /// The template of its pods.
    pub(super) pod: Node,
    /// What its job of nodes is called, which overrides name.
    pub(super) job: String,
    /// The image that Kubeflow Trainer brings along, where nobody has written the runtime.
    pub(super) known_image: Option<&'static str>,
}

/// Pods of a Job start again so often where nothing is said.
const BACKOFF: u32 = 6;

/// Finds and reads the runtime that a job names; `None` where an error says why there is none.
pub(super) fn runtime(
    findings: &mut Findings,
    reference: &Entry,
    context: &ForeignContext<'_>,
) -> Option<Runtime> {
    let own = findings.fields(&reference.value, "runtimeRef", REF);
    reference.value.as_map()?;
    let Some(node) = own.get("name") else {
        findings.missing(&reference.value, "runtimeRef.name");
        return None;
    };
    let name = findings.text(node, "runtimeRef.name")?;
    let is_one_of =
        |node: &&Node, known: &[&str]| node.as_text().is_some_and(|text| known.contains(&text));
    if let Some(node) = own.get("kind").filter(|node| !is_one_of(node, &KINDS)) {
        findings.wrong_type(node, "runtimeRef.kind", "ClusterTrainingRuntime or TrainingRuntime");
        return None;
    }
    let group = own.get("apiGroup").filter(|node| !is_one_of(node, &["trainer.kubeflow.org"]));
    if let Some(node) = group {
        findings.wrong_type(node, "runtimeRef.apiGroup", "trainer.kubeflow.org");
    }
    let kind = own.get("kind").and_then(Node::as_text);
    if let Some(document) = context.siblings.iter().find(|one| is_runtime(one, kind, name)) {
        let Some(spec) = document.get("spec") else {
            findings.missing(document, "spec");
            return None;
        };
        return read(findings, spec);
    }
    match known(name, node.span) {
        Known::Spec(spec, image) => {
            let runtime = read(findings, &spec)?;
            Some(Runtime { known_image: Some(image), ..runtime })
        }
        Known::Refused(help) => {
            findings.refuse(node, format!("the runtime `{name}` is not run"), help);
            None
        }
        Known::Unknown => {
            let help = format!(
                "put it into the same file, behind `---`: `kubectl get {} {name} -o yaml` prints it",
                if kind == Some("TrainingRuntime") {
                    "trainingruntime"
                } else {
                    "clustertrainingruntime"
                }
            );
            findings.refuse(node, format!("the runtime `{name}` is not in this file"), &help);
            None
        }
    }
}

/// Whether a document is the runtime of this kind and name.
pub(super) fn is_runtime(node: &Node, kind: Option<&str>, name: &str) -> bool {
    let text = |field: &str| node.get(field).and_then(Node::as_text);
    text("apiVersion").is_some_and(|version| version.starts_with(GROUP))
        && text("kind").is_some_and(|own| {
            own.ends_with("TrainingRuntime") && kind.is_none_or(|kind| kind == own)
        })
        && node.get("metadata").and_then(|one| one.get("name")?.as_text()) == Some(name)
}

/// Reads the `spec` of a runtime.
fn read(findings: &mut Findings, spec: &Node) -> Option<Runtime> {
    let fields = findings.fields(spec, "spec", RUNTIME);
    let policy = fields
        .get("mlPolicy")
        .map(|node| findings.fields(node, "mlPolicy", POLICY))
        .unwrap_or_default();
    if let Some(entry) = policy.entry("flux") {
        let at = Node { span: entry.key.span, value: entry.value.value.clone() };
        findings.refuse(&at, "a runtime of `flux` is not run".to_owned(), OVER_SSH);
    }
    let torch = policy.get("torch").map(|node| findings.fields(node, "torch", TORCH));
    let mpi = policy.get("mpi").map(|node| findings.fields(node, "mpi", MPI));
    let processes = torch.as_ref().or(mpi.as_ref()).and_then(|own| own.get("numProcPerNode"));
    let processes = processes.and_then(|node| processes_of(findings, node, mpi.is_some()));
    let framework = match (&torch, policy.get("jax")) {
        (Some(_), _) => Framework::Pytorch,
        (None, Some(_)) => Framework::Jax,
        (None, None) => Framework::None,
    };
    let nodes = count(findings, &policy, "numNodes");
    let group = fields
        .get("podGroupPolicy")
        .map(|node| findings.fields(node, "podGroupPolicy", POD_GROUP))
        .unwrap_or_default();
    let scheduling = group
        .get("coscheduling")
        .map(|node| findings.fields(node, "coscheduling", COSCHEDULING))
        .unwrap_or_default();
    let start_timeout = count(findings, &scheduling, "scheduleTimeoutSeconds");
    let Some(template) = fields.get("template") else {
        findings.missing(spec, "spec.template");
        return None;
    };
    let set = findings.fields(template, "template", TEMPLATE);
    let Some(set) = set.get("spec") else {
        findings.missing(template, "template.spec");
        return None;
    };
    let set_fields = findings.fields(set, "template.spec", JOB_SET);
    if let Some(entry) = set_fields.entry("volumeClaimPolicies") {
        let help = "make the claim by kubectl, and name it as a volume: `persistentVolumeClaim: {claimName: ...}`";
        let at = Node { span: entry.key.span, value: entry.value.value.clone() };
        findings.refuse(&at, "claims of a run's own are not made".to_owned(), help);
    }
    let failure = set_fields
        .get("failurePolicy")
        .map(|node| findings.fields(node, "failurePolicy", FAILURE))
        .unwrap_or_default();
    let restarts = count(findings, &failure, "maxRestarts");
    let jobs = set_fields.get("replicatedJobs");
    let TrainingJob { name: job, spec, nodes: beside } =
        training_job(findings, set, jobs, mpi.is_some())?;
    let own = findings.fields(spec, "replicatedJobs[].template.spec", JOB);
    let backoff = count(findings, &own, "backoffLimit");
    let timeout = count(findings, &own, "activeDeadlineSeconds");
    let Some(pod) = own.get("template") else {
        findings.missing(spec, "replicatedJobs[].template.spec.template");
        return None;
    };
    let is_node =
        |mpi: &Fields<'_>| mpi.get("runLauncherAsNode").and_then(Node::as_text) == Some("true");
    let pod = match beside.and_then(|nodes| Some((nodes, pod_of(nodes)?))) {
        Some((nodes, _)) if mpi.as_ref().is_some_and(is_node) => {
            let message = format!("the pods of all nodes are as those of `{job}`");
            findings.instead(nodes, message, "what all nodes need, write there");
            pod.clone()
        }
        Some((_, of_nodes)) => {
            let message = format!("of `{job}` its command and variables are taken");
            findings.instead(pod, message, "no pod only starts the others");
            without_launcher(of_nodes, pod)
        }
        None => pod.clone(),
    };
    Some(Runtime {
        framework,
        is_xgboost: policy.get("xgboost").is_some(),
        is_mpi: mpi.is_some(),
        nodes,
        processes,
        start_timeout,
        timeout,
        restarts: restarts.or(backoff).map_or(BACKOFF, |count| count.value),
        pod,
        job,
        known_image: None,
    })
}

/// How many processes each node starts: a number, or for torchrun also what it calls so (`auto`, `gpu`).
pub(super) fn processes_of(findings: &mut Findings, node: &Node, is_mpi: bool) -> Option<String> {
    if is_mpi {
        return findings.count(node, "numProcPerNode").map(|count| count.to_string());
    }
    findings.text(node, "numProcPerNode").map(str::to_owned)
}

/// A number of a mapping, with its place.
fn count(findings: &mut Findings, fields: &Fields<'_>, name: &str) -> Option<Located<u32>> {
    let entry = fields.entry(name)?;
    Some(Located::new(findings.count(&entry.value, name)?, entry))
}

/// The job of a set that trains.
struct TrainingJob<'a> {
    name: String,
    spec: &'a Node,
    /// The whole job of the nodes that it starts processes in, where it is a launcher.
    nodes: Option<&'a Node>,
}

/// The template of the pods of a job of a set.
fn pod_of(job: &Node) -> Option<&Node> {
    job.get("template")?.get("spec")?.get("template")
}

/// Finds the job that trains; others beside it are refused, but for the nodes of a launcher.
fn training_job<'a>(
    findings: &mut Findings,
    set: &Node,
    list: Option<&'a Node>,
    is_mpi: bool,
) -> Option<TrainingJob<'a>> {
    let Some(list) = list else {
        findings.missing(set, "replicatedJobs");
        return None;
    };
    let mut jobs = Vec::new();
    for item in items(list) {
        let fields = findings.fields(item, "replicatedJobs[]", REPLICATED);
        let name = fields.get("name").and_then(Node::as_text).unwrap_or_default().to_owned();
        let template = fields.get("template");
        let own =
            template.map(|node| findings.fields(node, "replicatedJobs[].template", JOB_TEMPLATE));
        let step = own.as_ref().and_then(|own| own.get("metadata")?.get("labels")?.get(STEP));
        let is_trainer = step.and_then(Node::as_text).map(|step| step == "trainer");
        jobs.push((item, name, is_trainer, own.and_then(|own| own.get("spec"))));
    }
    let is_named = |name: &str| matches!(name, "node" | "trainer" | "trainer-node");
    let place = jobs
        .iter()
        .position(|(_, _, is_trainer, _)| *is_trainer == Some(true))
        .or_else(|| jobs.iter().position(|(_, name, ..)| is_named(name)));
    let Some(place) = place else {
        let names: Vec<&str> = jobs.iter().map(|(_, name, ..)| name.as_str()).collect();
        let message = format!("none of the jobs trains: {}", list_of(&names, "and"));
        findings.refuse(
            list,
            message,
            &format!("give the one that trains the label `{STEP}: trainer`"),
        );
        return None;
    };
    let mut nodes = None;
    for (item, name, ..) in
        jobs.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, job)| job)
    {
        if is_mpi && name == "node" {
            nodes = Some(*item);
            continue;
        }
        let help = "what an initializer fetches is `data` of the TrainJob; a step of its own is a job of its own";
        findings.refuse(item, format!("the job `{name}` beside the training is not run"), help);
    }
    let (item, name, _, spec) = jobs.swap_remove(place);
    if spec.is_none() {
        findings.missing(item, "replicatedJobs[].template.spec");
    }
    Some(TrainingJob { name, spec: spec?, nodes })
}
