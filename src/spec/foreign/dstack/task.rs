//! A task as a TrainJob: nodes are replicas of one role.

use super::fields::RETRY;
use super::run::{Run, run};
use crate::gang::Completion;
use crate::spec::foreign::common::assemble::note;
use crate::spec::foreign::common::converted::resolved;
use crate::spec::foreign::common::fields::Findings;
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::train::{Retries, Role, TrainJob};
use crate::spec::kinds::{Document, ForeignContext, Resolved};
use crate::spec::syntax::{Diagnostic, Node, Spans};
use crate::text::Span;

/// How often a run starts again that retries its errors: dstack limits the time, not the number.
const RESTARTS: u32 = 10;

/// Fields that only a service has.
const OF_SERVICES: [&str; 5] = ["port", "model", "replicas", "scaling", "probes"];

/// Reads a task; `None` when an error says why it becomes nothing.
pub(super) fn task(
    findings: &mut Findings,
    node: &Node,
    context: &ForeignContext<'_>,
) -> Option<Document> {
    let mut spans = Spans::default();
    let run = run(findings, node, context, &mut spans)?;
    for name in OF_SERVICES {
        if let Some(entry) = run.fields.entry(name) {
            let message = format!("`{name}` is a field of a service, and this is a task");
            findings.add(
                Diagnostic::error(findings.system.unknown, message)
                    .at(entry.key.span, "")
                    .help("write `type: service`, or leave it out"),
            );
        }
    }
    let nodes = run.fields.entry("nodes").and_then(|entry| {
        note("roles.worker.replicas", &Located::new((), entry), &mut spans);
        let count = findings.count(&entry.value, "nodes")?;
        if count == 0 {
            findings.wrong_type(&entry.value, "nodes", "1 or more");
        }
        Some(count)
    });
    let nodes = nodes.unwrap_or(1);
    if nodes > 1 {
        needs_no_ssh(findings, &run);
    }
    let mut job = TrainJob::default();
    times(findings, &run, &mut job, &mut spans);
    if let Some(entry) = run.fields.entry("stop_criteria") {
        note("completion", &Located::new((), entry), &mut spans);
        job.completion = match findings.text(&entry.value, "stop_criteria") {
            Some("master-done") => Some(Completion::Primary),
            Some("all-done") => Some(Completion::All),
            _ => {
                findings.wrong_type(&entry.value, "stop_criteria", "all-done or master-done");
                None
            }
        };
    }
    if nodes > 1 {
        job.roles.insert("worker".to_owned(), Role { replicas: nodes, ..Role::default() });
    }
    let Run { mut environment, resources, code, .. } = run;
    let gpus = resources.accelerators.as_ref().map_or(0, |gpus| gpus.count);
    environment.before(vec![
        ("DSTACK_RUN_NAME", "$(MLCTL_RUN)".to_owned()),
        ("DSTACK_RUN_ID", "$(MLCTL_RUN)".to_owned()),
        ("DSTACK_NODES_NUM", nodes.to_string()),
        ("DSTACK_NODE_RANK", "$(RANK)".to_owned()),
        ("DSTACK_MASTER_NODE_IP", "$(MASTER_ADDR)".to_owned()),
        ("DSTACK_NODES_IPS", "$(MLCTL_HOSTS)".to_owned()),
        ("DSTACK_GPUS_PER_NODE", gpus.to_string()),
        ("DSTACK_GPUS_NUM", u64::from(gpus).saturating_mul(nodes.into()).to_string()),
    ]);
    let from_env = environment.note(&mut spans);
    let job = TrainJob {
        name: run.name,
        labels: run.labels,
        image: run.image,
        code: code.place,
        data: code.data,
        command: run.command,
        args: crate::spec::kinds::train::Args::List(run.args),
        env: environment.variables,
        cpu: resources.cpu,
        memory: resources.memory,
        accelerators: resources.accelerators,
        security: run.security,
        node_selector: run.node_selector,
        volumes: run.volumes,
        ..job
    };
    let resolved = resolved(job, spans, context, "dstack task");
    Some(Document::TrainJob(Box::new(Resolved { from_env, ..*resolved })))
}

/// MPI starts its processes over ssh, which replicas don't have.
fn needs_no_ssh(findings: &mut Findings, run: &Run<'_>) {
    let uses = |word: &&str| run.command.iter().flatten().any(|text| text.contains(word));
    let Some(word) =
        ["mpirun", "mpiexec", "DSTACK_MPI_HOSTFILE"].into_iter().find(|word| uses(word))
    else {
        return;
    };
    let Some(node) = run.fields.get("commands") else { return };
    let at = items(node).iter().find(|item| item.as_text().is_some_and(|text| text.contains(word)));
    let message =
        format!("`{word}` starts processes of other nodes over ssh, which replicas don't have");
    let help = "start the code with torchrun or `accelerate launch` on every node, by DSTACK_NODE_RANK and \
                DSTACK_MASTER_NODE_IP";
    findings.refuse(at.unwrap_or(node), message, help);
}

/// `max_duration`, `stop_duration` and `retry`.
fn times(findings: &mut Findings, run: &Run<'_>, job: &mut TrainJob, spans: &mut Spans) {
    let mut time = |name: &str, path: &str, findings: &mut Findings| -> Option<Span> {
        let entry = run.fields.entry(name)?;
        note(path, &Located::new((), entry), spans);
        findings.duration(&entry.value, name)
    };
    job.timeout = time("max_duration", "timeout", findings);
    job.grace = time("stop_duration", "grace", findings);
    let Some(entry) = run.fields.entry("retry") else { return };
    spans.insert("retries", Located::new((), entry).place);
    if entry.value.as_text().is_some() {
        if findings.flag(&entry.value, "retry") == Some(true) {
            job.retries = retries(true);
        }
        return;
    }
    let fields = findings.fields(&entry.value, "retry", RETRY);
    let events = fields.get("on_events");
    let mut names: Vec<&str> = Vec::new();
    for item in events.map(items).unwrap_or_default() {
        match item.as_text() {
            Some(name @ ("error" | "interruption" | "no-capacity")) => names.push(name),
            _ => {
                findings.wrong_type(
                    item,
                    "retry.on_events[]",
                    "error, interruption or no-capacity",
                );
            }
        }
    }
    job.retries = retries(events.is_none() || names.contains(&"error"));
    if let Some(entry) = fields.entry("duration") {
        let duration = findings.duration(&entry.value, "retry.duration");
        if events.is_none() || names.contains(&"no-capacity") {
            spans.insert("startTimeout", Located::new((), entry).place);
            job.start_timeout = duration;
        }
    }
}

/// The budgets. What a cluster does to a pod has its own usual ones.
fn retries(of_errors: bool) -> Retries {
    if !of_errors {
        return Retries::default();
    }
    Retries {
        user_error: RESTARTS,
        out_of_memory: RESTARTS,
        transient_signal: RESTARTS,
        ..Retries::default()
    }
}
