//! `trialSpec`: a Job, TFJob or PyTorchJob as a TrainJob.

use crate::spec::foreign::kubernetes::{Pod, pod};
use crate::spec::kinds::train::{Framework, TrainJob};
use crate::spec::syntax::{Code, Diagnostic, KeyedSpan, Node, Spans};
use crate::spec::foreign::common::assemble::{Assembled, assemble};
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::pool::Pool;
use crate::text::Span;

pub(in crate::spec::foreign) const OBJECT: Table = &[
    ("apiVersion", Use::Changed("`mlctl.dev/v1`")),
    ("kind", Use::Changed("`TrainJob`")),
    ("metadata", Use::Changed("a trial has the study's name and labels")),
    ("spec", Use::Within),
    ("status", Use::Output),
];
const RETRIES: &str = "restarts are counted by class of failure: `retries: {userError: 0}`";
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
pub(in crate::spec::foreign) const TRAINING: Table = &[
    ("tfReplicaSpecs", Use::Within),
    ("pytorchReplicaSpecs", Use::Within),
    ("runPolicy", Use::Within),
    ("successPolicy", Use::Left("a trial has ended well as `completion` says")),
    ("elasticPolicy", Use::Left("a gang has as many replicas as it says")),
    ("nprocPerNode", Use::Left("it follows from `accelerators.count`")),
    ("enableDynamicWorker", Use::Left("a gang has as many replicas as it says")),
];
pub(in crate::spec::foreign) const RUN_POLICY: Table = &[
    ("activeDeadlineSeconds", Use::Kept("timeout")),
    ("cleanPodPolicy", Use::Left("pods end with their gang")),
    ("ttlSecondsAfterFinished", Use::Left("`mlctl cleanup` removes finished trials")),
    ("backoffLimit", Use::Left(RETRIES)),
    ("schedulingPolicy", Use::Left("a gang starts when all of it can; `queue` names one of Kueue")),
    ("suspend", Use::Left("a trial starts when it is its turn")),
];
pub(in crate::spec::foreign) const REPLICAS: Table =
    &[("replicas", Use::Kept("roles.<role>.replicas")), ("template", Use::Within), ("restartPolicy", Use::Changed("`retries`: the whole gang restarts"))];

/// Objects that no trial of mlctl becomes, with what to do.
const REFUSED: [(&str, &str); 9] = [
    ("Workflow", "write the step that trains as a batch/v1 Job"),
    ("PipelineRun", "write the step that trains as a batch/v1 Job"),
    ("Pipeline", "write the step that trains as a batch/v1 Job"),
    ("MPIJob", "MPI is not supported: start the code with torchrun or without a launcher"),
    ("XGBoostJob", "write a TuneJob with the roles below `trial:`"),
    ("PaddleJob", "write a TuneJob with the roles below `trial:`"),
    ("MXJob", "write a TuneJob with the roles below `trial:`"),
    ("JAXJob", "write a TuneJob with `framework: jax` below `trial:`"),
    ("TrainJob", "write a TuneJob with what the runtime does below `trial:`"),
];

/// The roles of Kubeflow's jobs by their names there.
const TENSORFLOW: [(&str, &str); 5] = [
    ("Chief", "chief"),
    ("Master", "chief"),
    ("Worker", "worker"),
    ("PS", "ps"),
    ("Evaluator", "evaluator"),
];
const PYTORCH: [(&str, &str); 2] = [("Master", "master"), ("Worker", "worker")];

/// Reads a `trialSpec`. `primary` is the name of the container that trains.
pub(in crate::spec::foreign) fn trial_spec(
    findings: &mut Findings,
    node: &Node,
    primary: Option<&str>,
) -> Option<(TrainJob, Spans)> {
    let fields = findings.fields(node, "trialSpec", OBJECT);
    node.as_map()?;
    let Some(kind) = fields.get("kind") else {
        findings.missing(node, "trialSpec.kind");
        return None;
    };
    let name = kind.as_text().unwrap_or_default();
    let group = fields.get("apiVersion").and_then(Node::as_text).unwrap_or_default();
    let (table, framework, usual) = match name {
        "Job" if group.starts_with("batch/") || group.is_empty() => (JOB, Framework::None, None),
        "TFJob" => (TRAINING, Framework::Tensorflow, Some("tensorflow")),
        "PyTorchJob" => (TRAINING, Framework::Pytorch, Some("pytorch")),
        _ => {
            let help = REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, help)| *help);
            let help = help.unwrap_or("write a batch/v1 Job, a TFJob or a PyTorchJob");
            findings.refuse(kind, format!("a trial that is a `{name}` is not run"), help);
            return None;
        }
    };
    let Some(spec) = fields.get("spec") else {
        findings.missing(node, "trialSpec.spec");
        return None;
    };
    let own = findings.fields(spec, "trialSpec.spec", table);
    spec.as_map()?;
    let mut spans = Spans::default();
    let mut deadline = own.entry("activeDeadlineSeconds");
    let policy = own.get("runPolicy").map(|node| findings.fields(node, "runPolicy", RUN_POLICY));
    if let Some(policy) = &policy {
        deadline = policy.entry("activeDeadlineSeconds").or(deadline);
    }
    let timeout = deadline.and_then(|entry| {
        spans.insert("timeout", Located::new((), entry).place);
        let seconds = findings.count(&entry.value, "activeDeadlineSeconds")?;
        Some(Span(std::time::Duration::from_secs(seconds.into()))).filter(|_| seconds > 0)
    });
    let primary = primary.or(usual);
    let mut pods: Vec<(&'static str, Located<u32>, Pod)> = Vec::new();
    if framework == Framework::None {
        let Some(template) = own.get("template") else {
            findings.missing(spec, "trialSpec.spec.template");
            return None;
        };
        let place = KeyedSpan { key: None, value: template.span };
        let pod = pod(findings, template, primary)?;
        pods.push(("worker", Located { value: 1, place, items: Vec::new() }, pod));
    } else {
        let (field, roles): (_, &[(&str, &str)]) = if framework == Framework::Tensorflow {
            ("tfReplicaSpecs", &TENSORFLOW)
        } else {
            ("pytorchReplicaSpecs", &PYTORCH)
        };
        let Some(replicas) = own.get(field) else {
            findings.missing(spec, &format!("trialSpec.spec.{field}"));
            return None;
        };
        for entry in replicas.as_map().unwrap_or_default() {
            let known = |(theirs, _): &&(&str, &str)| theirs.eq_ignore_ascii_case(&entry.key.text);
            let Some((theirs, ours)) = roles.iter().find(known) else {
                let names: Vec<&str> = roles.iter().map(|(theirs, _)| *theirs).collect();
                let known = crate::text::list_of(&names, "or");
                let message = format!("there is no replica type `{}`", entry.key.text);
                findings.add(
                    Diagnostic::error(Code::KatibUnknownField, message)
                        .at(entry.key.span, "")
                        .help(format!("write {known}")),
                );
                continue;
            };
            let fields = findings.fields(&entry.value, theirs, REPLICAS);
            let Some(template) = fields.get("template") else {
                if entry.value.as_map().is_some() {
                    findings.missing(&entry.value, &format!("{field}.{theirs}.template"));
                }
                continue;
            };
            let count = match fields.entry("replicas") {
                Some(count) => findings
                    .count(&count.value, "replicas")
                    .map(|number| Located::new(number, count)),
                None => Some(Located::new(1, entry)),
            };
            // None of a role is no role.
            let Some(count) = count.filter(|count| count.value > 0) else { continue };
            if let Some(pod) = pod(findings, template, primary) {
                pods.push((ours, count, pod));
            }
        }
    }
    if pods.is_empty() {
        return None;
    }
    Some((assembled(findings, framework, timeout, pods, &mut spans), spans))
}

/// The job of all roles. What only a job has is that of its first role.
fn assembled(
    findings: &mut Findings,
    framework: Framework,
    timeout: Option<Span>,
    pods: Vec<(&'static str, Located<u32>, Pod)>,
    spans: &mut Spans,
) -> TrainJob {
    let mut pools = Vec::new();
    let mut shared: Option<(Pod, KeyedSpan)> = None;
    let mut own = Vec::new();
    for (role, replicas, mut pod) in pods {
        let place = replicas.place;
        let selector = std::mem::take(&mut pod.job.node_selector);
        let tolerations = std::mem::take(&mut pod.job.tolerations);
        own.push((role, (selector, tolerations, std::mem::take(&mut pod.job.secrets))));
        pools.push(Pool {
            role,
            replicas,
            program: std::mem::take(&mut pod.program),
            resources: std::mem::take(&mut pod.resources),
            volumes: pod.volumes.take(),
        });
        match &shared {
            None => shared = Some((pod, place)),
            Some((first, _)) if *first != pod => findings.add(
                Diagnostic::warning(
                    Code::KatibInstead,
                    "pods of all roles are placed and patched as those of the first",
                )
                .at(place.value, "says something else")
                .help("`mlctl convert` this file, then change the roles in the TuneJob"),
            ),
            Some(_) => {}
        }
    }
    let Assembled { image, command, args, env, cpu, memory, accelerators, volumes, mut roles } =
        assemble(&mut pools, spans);
    if framework == Framework::None {
        roles.clear();
    }
    let (pod, _) = shared.unwrap_or_default();
    let mut job = pod.job;
    for (path, place) in pod.places {
        spans.insert(path, place);
    }
    // What is the same in all roles is the job's.
    if own.iter().all(|(_, parts)| *parts == own[0].1) {
        own.truncate(1);
        if let Some((_, parts)) = own.pop() {
            (job.node_selector, job.tolerations, job.secrets) = parts;
        }
    }
    for (name, parts) in own {
        if let Some(role) = roles.get_mut(name) {
            (role.node_selector, role.tolerations, role.secrets) = parts;
        }
    }
    TrainJob {
        framework,
        image,
        command,
        args: args.unwrap_or_default(),
        env,
        cpu,
        memory,
        accelerators,
        volumes,
        roles,
        timeout,
        ..job
    }
}
