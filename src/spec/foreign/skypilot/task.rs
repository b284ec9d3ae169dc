//! A task: a script on each of its nodes, as a TrainJob; with a `service`, as an Endpoint.

use indexmap::IndexMap;

use super::before::{setup, workdir};
use super::given::{of_skypilot, tell_of_unset};
use super::mounts::{Mounts, file_mounts, volumes};
use super::pods::config;
use super::resources::{Asked, resources};
use super::script::{command, is_nothing};
use super::service::endpoint;
use super::shape::is_task;
use super::values::filled_in;
use super::variables::{Variables, variables};
use crate::spec::foreign::common::converted::resolved;
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::name::{dns_name, from_source};
use crate::spec::kinds::train::{Role, Setup, TrainJob};
use crate::spec::kinds::{Document, ForeignContext};
use crate::spec::syntax::{Entry, KeyedSpan, Node, Spans};
use crate::storage::Place;

const FORMAT: &str = "SkyPilot task";

const SIZES: Use = Use::Left("mlctl picks no cloud by the size of what moves");
const SECRETS: Use =
    Use::Refused("write `secrets: {NAME: }`: the value is that of your environment");

pub(super) const TASK: Table = &[
    ("name", Use::Kept("name")),
    ("workdir", Use::Changed("`code`; of a Git repository set-up fetches it")),
    ("num_nodes", Use::Kept("roles.worker.replicas")),
    ("resources", Use::Within),
    ("envs", Use::Changed("`env`; a variable without a value is taken from your environment")),
    ("secrets", Use::Changed("`env`, from your environment: no document has the value")),
    ("managed_secrets", SECRETS),
    (
        "file_mounts",
        Use::Changed(
            "`data`, or `output` for a bucket that is written to; set-up links other places",
        ),
    ),
    ("volumes", Use::Changed("`volumes` with a claim of that name")),
    ("setup", Use::Changed("`setup.shell`, which hands it to bash")),
    ("run", Use::Changed("`command: [bash, -c, ...]`")),
    ("service", Use::Changed("an Endpoint with `server: openai` or `custom`")),
    ("config", Use::Within),
    ("pool", Use::Refused("a run has no workers that wait for jobs: write a task with `run`")),
    ("inputs", SIZES),
    ("outputs", SIZES),
    (
        "event_callback",
        Use::Left("`mlctl train` and `mlctl wait` return when a run ends: call it behind them"),
    ),
    ("api_server_access", Use::Left("a run needs no server of SkyPilot's")),
    ("experimental", Use::Left("it is about SkyPilot's own clusters")),
    ("file_mounts_mapping", Use::Output),
    ("volume_mounts", Use::Output),
    ("_metadata", Use::Output),
    ("_user_specified_yaml", Use::Output),
];
/// What a task says, as both kinds need it.
pub(super) struct Task<'a> {
    pub(super) node: &'a Node,
    pub(super) name: String,
    pub(super) labels: IndexMap<String, String>,
    pub(super) asked: Asked,
    pub(super) mounts: Mounts,
    pub(super) code: Option<Place>,
    pub(super) setup: Option<Setup>,
    pub(super) run: &'a str,
    pub(super) scripts: Vec<&'a str>,
    pub(super) variables: Variables,
    pub(super) spans: Spans,
}

/// Converts a task. `None` when an error says why it becomes nothing.
pub(super) fn convert(
    findings: &mut Findings,
    node: &Node,
    context: &ForeignContext<'_>,
) -> Option<Document> {
    let top = findings.fields(node, "", TASK);
    if let Some(pool) = top.entry("pool") {
        let at = Node { span: pool.key.span, value: pool.value.value.clone() };
        let message = "a pool of workers is not run".to_owned();
        findings.refuse(
            &at,
            message,
            "a run has no workers that wait for jobs: write a task with `run`",
        );
        return None;
    }
    if let Some(secrets) = top.entry("managed_secrets") {
        let help = "write `secrets: {NAME: }`: the value is that of your environment";
        findings.refuse(
            &secrets.value,
            "SkyPilot's own store of secrets is not asked".into(),
            help,
        );
    }
    let variables = variables(findings, &top, context);
    let asked = match top.get("resources") {
        Some(resources_of) => resources(findings, resources_of, top.get("service").is_some()),
        None => Asked::default(),
    };
    let mut spans = Spans::default();
    spans.insert("", KeyedSpan { key: None, value: node.span });
    let name = name(findings, &top, context, &mut spans);
    let mut mounts = Mounts::default();
    if let Some(entry) = top.entry("file_mounts") {
        let filled = with_values(findings, entry, &variables);
        let cloud = asked.cloud.as_deref();
        file_mounts(findings, &filled, cloud, context, &mut mounts, &mut spans);
    }
    if let Some(entry) = top.entry("volumes") {
        let filled = with_values(findings, entry, &variables);
        volumes(findings, &filled, &mut mounts, &mut spans);
    }
    let (code, fetch) = workdir(findings, &top, context, &variables, &mut spans);
    let script = top.entry("setup").and_then(|entry| {
        spans.insert("setup", Located::new((), entry).place);
        spans.insert("setup.shell", Located::new((), entry).place);
        findings.text(&entry.value, "setup")
    });
    let setup = setup(script, &fetch, &mounts.links);
    let Some(run) = top.entry("run") else {
        findings.missing(node, "run");
        return None;
    };
    let text = findings.text(&run.value, "run")?;
    if is_nothing(text) {
        findings.wrong_type(&run.value, "run", "a script that does something");
        return None;
    }
    let place = Located::new((), run).place;
    spans.insert("command", place);
    spans.insert("command[2]", place);
    let scripts: Vec<&str> = script.into_iter().chain([text]).collect();
    tell_of_unset(findings, &top, &scripts);
    let is_one_of_several =
        || context.siblings.iter().filter(|one| is_task(one)).take(2).count() > 1;
    if scripts.iter().any(|script| script.contains("SKYPILOT_TASK_IDS")) && is_one_of_several() {
        let at = Node { span: run.key.span, value: run.value.value.clone() };
        let message = "`SKYPILOT_TASK_IDS` has this task alone".to_owned();
        findings.instead(&at, message, "each task is a run of its own: `mlctl list` has the ids");
    }
    if let Some(entry) = top.entry("service") {
        let mut service = with_values(findings, entry, &variables);
        service.key.text.clone_from(&entry.key.text);
        if let Some(nodes) = top.get("num_nodes").filter(|nodes| nodes.as_text() != Some("1")) {
            let help = "a replica of an endpoint is one pod: serve a model that fits on one node";
            findings.refuse(nodes, "a server of several nodes is not run".to_owned(), help);
        }
        let labels = labels(&asked);
        let task = Task {
            node,
            name,
            labels,
            asked,
            mounts,
            code,
            setup,
            run: text,
            scripts,
            variables,
            spans,
        };
        return endpoint(findings, &service, task, context);
    }
    let replicas = match top.entry("num_nodes") {
        Some(entry) => Located::new(findings.count(&entry.value, "num_nodes")?, entry),
        None => Located { value: 1, place: place_of(node), items: Vec::new() },
    };
    if replicas.value == 0 {
        findings.wrong_type(top.get("num_nodes").unwrap_or(node), "num_nodes", "1 or more");
    }
    let labels = labels(&asked);
    let mut job = TrainJob { name, labels, code, setup, ..TrainJob::default() };
    job.pod_patch = config(findings, &top, &mut spans);
    let task = Task {
        node,
        name: String::new(),
        labels: IndexMap::new(),
        asked,
        mounts,
        code: None,
        setup: None,
        run: text,
        scripts,
        variables,
        spans,
    };
    Some(train_job(task, job, &replicas, context))
}

fn place_of(node: &Node) -> KeyedSpan {
    KeyedSpan { key: None, value: node.span }
}

/// The job of a task's parts.
fn train_job(
    task: Task<'_>,
    mut job: TrainJob,
    replicas: &Located<u32>,
    context: &ForeignContext<'_>,
) -> Document {
    let Task { asked, mounts, run, scripts, variables, mut spans, .. } = task;
    let gpus = asked.accelerators.as_ref().map_or(0, |gpus| gpus.value.count);
    if replicas.value > 1 {
        spans.insert("roles.worker", replicas.place);
        spans.insert("roles.worker.replicas", replicas.place);
        let role = Role { replicas: replicas.value, ..Role::default() };
        job.roles.insert("worker".to_owned(), role);
    }
    job.command = Some(command(run));
    let mut note = |path: &str, place| spans.insert(path, place);
    job.cpu = asked.cpu.map(|cpu| {
        note("cpu", cpu.place);
        cpu.value
    });
    job.memory = asked.memory.map(|memory| {
        note("memory", memory.place);
        memory.value
    });
    job.accelerators = asked.accelerators.map(|gpus| {
        note("accelerators", gpus.place);
        gpus.value
    });
    job.image = asked.image.map(|image| {
        note("image", image.place);
        image.value
    });
    job.priority_class = asked.priority_class.map(|class| {
        note("priorityClass", class.place);
        class.value
    });
    if let Some(retries) = asked.retries {
        note("retries", retries.place);
        job.retries = retries.value;
    }
    job.data = mounts.data;
    job.volumes = mounts.volumes;
    job.output = mounts.output;
    let set = of_skypilot(gpus, &scripts);
    let (env, withheld) = variables.environment(set, "", &mut spans);
    job.env = env;
    let mut resolved = resolved(job, spans, context, FORMAT);
    resolved.from_env = withheld;
    // A task brings the code that it names, and is in an empty folder without any.
    resolved.code_beside = false;
    Document::TrainJob(resolved)
}

fn labels(asked: &Asked) -> IndexMap<String, String> {
    asked.labels.iter().cloned().collect()
}

fn with_values(findings: &mut Findings, entry: &Entry, variables: &Variables) -> Entry {
    variables.refuse_secrets(findings, &entry.value);
    Entry { key: entry.key.clone(), value: filled_in(&entry.value, &variables.values) }
}

/// The name, or one after the file's.
fn name(
    findings: &mut Findings,
    top: &Fields<'_>,
    context: &ForeignContext<'_>,
    spans: &mut Spans,
) -> String {
    let fallback = || from_source(context.source_name, context.index);
    let Some(entry) = top.entry("name") else { return fallback() };
    spans.insert("name", Located::new((), entry).place);
    let Some(written) = findings.text(&entry.value, "name") else { return fallback() };
    let name = dns_name(written).unwrap_or_else(fallback);
    if name != written {
        let message = format!("the run is called `{name}` here");
        let help = "names have lower-case letters, digits and `-`, 30 characters at most";
        findings.instead(&entry.value, message, help);
    }
    name
}
