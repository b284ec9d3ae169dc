//! The `spec` of a job of Kubeflow's training operator as a TrainJob.

use super::kinds::{JobKind, Restarts};
use super::policy::{Policy, policy, restarts};
use crate::gang::Completion;
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::kubernetes::{Pod, assembled, pod, variables};
use crate::spec::kinds::ForeignContext;
use crate::spec::kinds::train::{EnvVar, Framework, TrainJob};
use crate::spec::syntax::{Diagnostic, Node, Severity, Spans};

pub(in crate::spec::foreign) const TRAINING: Table = &[
    ("tfReplicaSpecs", Use::Within),
    ("pytorchReplicaSpecs", Use::Within),
    ("xgbReplicaSpecs", Use::Within),
    ("paddleReplicaSpecs", Use::Within),
    ("jaxReplicaSpecs", Use::Within),
    ("mpiReplicaSpecs", Use::Within),
    ("runPolicy", Use::Within),
    ("activeDeadlineSeconds", Use::Kept("timeout")),
    ("backoffLimit", Use::Changed("`retries`: so often the whole gang starts again")),
    ("cleanPodPolicy", Use::Left("all replicas end with their gang, and their logs are kept")),
    ("ttlSecondsAfterFinished", Use::Left("`mlctl cleanup` removes finished runs")),
    (
        "successPolicy",
        Use::Changed(
            "`completion`: `AllWorkers` is `all` where there are only workers, else `primary`",
        ),
    ),
    ("elasticPolicy", Use::Within),
    ("nprocPerNode", Use::Changed("the variable PET_NPROC_PER_NODE")),
    ("enableDynamicWorker", Use::Left("a gang has as many replicas as it says")),
];
pub(in crate::spec::foreign) const ELASTIC: Table = &[
    ("minReplicas", Use::Left("a gang has as many replicas as its roles say, from start to end")),
    ("maxReplicas", Use::Left("a gang has as many replicas as its roles say, from start to end")),
    ("nProcPerNode", Use::Changed("the variable PET_NPROC_PER_NODE")),
    ("maxRestarts", Use::Changed("`retries`: so often the whole gang starts again")),
    ("rdzvBackend", Use::Left("torchrun meets at PET_MASTER_ADDR")),
    ("rdzvPort", Use::Left("torchrun meets at PET_MASTER_ADDR")),
    ("rdzvHost", Use::Left("torchrun meets at PET_MASTER_ADDR")),
    ("rdzvId", Use::Left("torchrun meets at PET_MASTER_ADDR")),
    ("rdzvConf", Use::Left("torchrun meets at PET_MASTER_ADDR")),
    ("standalone", Use::Left("torchrun meets at PET_MASTER_ADDR")),
    ("metrics", Use::Left("a gang has as many replicas as its roles say, from start to end")),
];
pub(in crate::spec::foreign) const REPLICAS: Table = &[
    ("replicas", Use::Kept("roles.<role>.replicas")),
    ("template", Use::Within),
    ("restartPolicy", Use::Changed("`retries`: the whole gang starts again")),
];

/// What the replicas of one role are.
struct Replicas {
    role: &'static str,
    count: Located<u32>,
    pod: Pod,
    restarts: Restarts,
}

/// Reads the `spec` of a job. `path` is how it is called in messages, `primary` the name of the container that
/// trains, where somebody says it.
pub(super) fn training_job(
    findings: &mut Findings,
    kind: &JobKind,
    spec: &Node,
    path: &str,
    primary: Option<&str>,
    context: &ForeignContext<'_>,
) -> Option<(TrainJob, Spans)> {
    let fields = findings.fields(spec, path, TRAINING);
    spec.as_map()?;
    let mut spans = Spans::default();
    let Policy { timeout, start_timeout, priority_class, mut backoff } =
        policy(findings, &fields, fields.get("runPolicy"), &mut spans);
    let Some(replicas) = fields.get(kind.replicas) else {
        findings.missing(spec, &format!("{path}.{}", kind.replicas));
        return None;
    };
    for (other, _) in TRAINING.iter().filter(|(name, _)| name.ends_with("ReplicaSpecs")) {
        if let Some(entry) = fields.entry(other).filter(|_| *other != kind.replicas) {
            let message = format!("`{other}` is of another kind than {}", kind.name);
            findings.refuse(&entry.value, message, &format!("write `{}`", kind.replicas));
        }
    }
    let primary = primary.unwrap_or(kind.container);
    let mut all: Vec<Replicas> = Vec::new();
    for entry in replicas.as_map().unwrap_or_default() {
        all.extend(replicas_of(findings, kind, entry, primary, context));
    }
    // As the operator finds its primary: the first type of the list that there is.
    let order = |role: &str| kind.roles.iter().position(|(_, ours)| *ours == role);
    all.sort_by_key(|one| order(one.role));
    let Some(first) = all.first() else {
        if !findings.list.iter().any(|finding| finding.severity == Severity::Error) {
            let message = "the job has no replicas, so it runs nothing".to_owned();
            findings.refuse(replicas, message, "write `replicas: 1`");
        }
        return None;
    };
    let (first_role, policy_of_first) = (first.role, first.restarts);
    if let Some(other) = all.iter().find(|one| one.restarts != policy_of_first) {
        let at = Node { span: other.count.place.value, value: spec.value.clone() };
        let message = format!("all roles start again as {first_role} does");
        findings.instead(&at, message, "the gang starts again as a whole: `retries`");
    }
    if all.iter().map(|one| u64::from(one.count.value)).sum::<u64>() > 1 && !kind.unset.is_empty() {
        let names: Vec<String> = kind.unset.iter().map(|name| format!("`{name}`")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let message = format!("{} are not set", crate::text::list_of(&names, "and"));
        let help = "code that reads them, such as LightGBM's, finds the addresses of all replicas in \
                    MLCTL_HOSTS, one a line, the master's first";
        findings.instead(replicas, message, help);
    }
    let mut own_variables = kind.variables();
    let mut processes = fields.entry("nprocPerNode");
    let elastic = fields.get("elasticPolicy");
    if let Some(elastic) = elastic {
        let own = findings.fields(elastic, "elasticPolicy", ELASTIC);
        processes = own.entry("nProcPerNode").or(processes);
        if let Some(entry) = own.entry("maxRestarts") {
            let restarts = findings.count(&entry.value, "maxRestarts");
            if backoff.is_some() && backoff != restarts {
                let help = "`backoffLimit` says how often the gang starts again";
                findings.otherwise(&entry.value, "maxRestarts", help);
            }
            backoff = backoff.or(restarts);
        }
    }
    if let Some(entry) = processes
        && let Some(value) = findings.text(&entry.value, "nprocPerNode")
    {
        let (name, value) = ("PET_NPROC_PER_NODE".to_owned(), Some(value.to_owned()));
        own_variables.push(EnvVar { name, value, value_from: None });
    }
    let completion = completion(findings, kind, fields.get("successPolicy"), &all);
    let retries = policy_of_first.retries(backoff);
    let pods = all.into_iter().map(|one| (one.role, one.count, one.pod)).collect();
    let mut job = assembled(findings, kind.framework, pods, &mut spans);
    job.timeout = timeout;
    job.start_timeout = start_timeout;
    job.priority_class = job.priority_class.or(priority_class);
    job.completion = Some(completion);
    job.retries = retries;
    variables(&mut job, &own_variables);
    Some((job, spans))
}

/// Reads one type of replicas; `None` where there are none of it, or an error says why it can't be read.
fn replicas_of(
    findings: &mut Findings,
    kind: &JobKind,
    entry: &crate::spec::syntax::Entry,
    primary: &str,
    context: &ForeignContext<'_>,
) -> Option<Replicas> {
    let known = |(theirs, _): &&(&str, &str)| theirs.eq_ignore_ascii_case(&entry.key.text);
    let Some((theirs, role)) = kind.roles.iter().find(known) else {
        let names: Vec<&str> = kind.roles.iter().map(|(theirs, _)| *theirs).collect();
        let known = crate::text::list_of(&names, "or");
        let message = format!("there is no replica type `{}`", entry.key.text);
        let code = findings.system.unknown;
        findings.add(
            Diagnostic::error(code, message).at(entry.key.span, "").help(format!("write {known}")),
        );
        return None;
    };
    let fields = findings.fields(&entry.value, theirs, REPLICAS);
    let Some(template) = fields.get("template") else {
        if entry.value.as_map().is_some() {
            findings.missing(&entry.value, &format!("{}.{theirs}.template", kind.replicas));
        }
        return None;
    };
    let count = match fields.entry("replicas") {
        Some(count) => Located::new(findings.count(&count.value, "replicas")?, count),
        None => Located::new(1, entry),
    };
    let restarts = match fields.get("restartPolicy") {
        Some(node) => restarts(findings, node)?,
        None => kind.restarts,
    };
    let pod = pod(findings, template, Some(primary), context.siblings)?;
    // None of a type is no role.
    (count.value > 0).then_some(Replicas { role, count, pod, restarts })
}

/// When the job has succeeded: with its primary, or, as a TFJob may say, with all of its workers.
fn completion(
    findings: &mut Findings,
    kind: &JobKind,
    policy: Option<&Node>,
    replicas: &[Replicas],
) -> Completion {
    let is_one_of = |names: &[&str]| replicas.iter().all(|one| names.contains(&one.role));
    let all = match policy.map(|node| (node, findings.text(node, "successPolicy"))) {
        Some((node, Some("AllWorkers"))) if !is_one_of(&["chief", "worker"]) => {
            // Parameter servers never end, and an evaluator ends when it wants to.
            let message =
                "`successPolicy`: the run is a success when its first replica ends well".to_owned();
            let help = "the other replicas may go on for as long as `drain` says";
            findings.instead(node, message, help);
            false
        }
        Some((_, Some("AllWorkers"))) => true,
        Some((node, Some(text))) if !text.is_empty() => {
            findings.wrong_type(node, "successPolicy", "AllWorkers, or nothing");
            false
        }
        // Without a master every worker counts.
        _ => kind.framework != Framework::Tensorflow && is_one_of(&["worker"]),
    };
    if all { Completion::All } else { Completion::Primary }
}
