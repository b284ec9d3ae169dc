//! A whole `CustomJob` as a `TrainJob`.
//!
//! The pools become the roles chief, worker, ps and evaluator of TensorFlow by their position, also
//! where the code is not TensorFlow's: so each replica gets exactly the `CLUSTER_SPEC`,
//! `TF_CONFIG`, `RANK` and `MASTER_ADDR` that it has on Vertex AI, and the primary's success is the job's.

use indexmap::IndexMap;

use crate::spec::kinds::train::{ApiVersion, Framework, Setup, TrainJob, TrainJobKind};
use crate::spec::kinds::{Converted, Document, ForeignContext};
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{KeyedSpan, Node, Spans};

use super::batch::batch_job;
use super::container::install_script;
use super::endpoint::endpoint;
use super::envelope::{Envelope, envelope};
use super::pool::pool;
use super::scheduling::{Scheduling, scheduling};
use super::shape::{Shape, is_pool, shape};
use super::system::VERTEX;
use super::tuning::tuning_job;
use crate::spec::foreign::common::assemble::{Assembled, assemble, note};
use crate::spec::foreign::common::converted::{converted, resolved};
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::name::{dns_name, from_source};
use crate::spec::foreign::common::pool::Pool;
use crate::spec::foreign::common::suspects;

const FORMAT: &str = "Vertex CustomJob";

/// `displayName` and `labels` belong to `CustomJob`, but are often written beside the pools.
pub(super) const CUSTOM_JOB_SPEC: Table = &[
    ("displayName", Use::Kept("name")),
    ("labels", Use::Kept("labels")),
    ("name", Use::Output),
    ("state", Use::Output),
    ("createTime", Use::Output),
    ("startTime", Use::Output),
    ("endTime", Use::Output),
    ("updateTime", Use::Output),
    ("workerPoolSpecs", Use::Within),
    ("scheduling", Use::Within),
    ("baseOutputDirectory", Use::Within),
    (
        "serviceAccount",
        Use::Left(
            "it is a Google account; give credentials by `secrets`, or by \
                                  the cluster's workload identity",
        ),
    ),
    ("network", Use::Left("pods are in the cluster's own network")),
    ("reservedIpRanges", Use::Left("pods are in the cluster's own network")),
    ("pscInterfaceConfig", Use::Left("pods are in the cluster's own network")),
    ("enableWebAccess", Use::Left("`mlctl exec RUN -- bash` opens a shell beside a replica")),
    ("enableDashboardAccess", Use::Left("`mlctl exec RUN -- bash` opens a shell beside a replica")),
    (
        "tensorboard",
        Use::Left(
            "`tensorboard --logdir` shows what is in AIP_TENSORBOARD_LOG_DIR: `logs` below `output`",
        ),
    ),
    ("experiment", Use::Left("nothing is sent to Vertex AI; label runs to tell them apart")),
    ("experimentRun", Use::Left("nothing is sent to Vertex AI; label runs to tell them apart")),
    ("protectedArtifactLocationId", Use::Left("images come from where `image` says")),
    ("stagingBucket", Use::Left("nothing is staged: code travels with the run")),
    ("project", Use::Left("a run is where the settings or `--context` say")),
    ("location", Use::Left("a run is where the settings or `--context` say")),
    ("region", Use::Left("a run is where the settings or `--context` say")),
    ("persistentResourceId", Use::Left("each run gets pods of its own")),
    ("models", Use::Left("the model is what the job writes to AIP_MODEL_DIR")),
];

pub(super) const OUTPUT_DIRECTORY: Table = &[("outputUriPrefix", Use::Kept("output"))];

/// The converter of Vertex AI's files: `None` when the document is nothing of Google's.
pub(in crate::spec) fn recognise(node: &Node, context: &ForeignContext<'_>) -> Option<Converted> {
    let mut findings = Findings::of(&VERTEX);
    let job = match shape(node)? {
        Shape::Batch(wrappers) => {
            let document = batch_job(&mut findings, &wrappers, context);
            return Some(converted(findings, document));
        }
        Shape::Tuning(wrappers) => {
            let document = tuning_job(&mut findings, &wrappers, context);
            return Some(converted(findings, document));
        }
        Shape::Endpoint(node) => {
            let document = endpoint(&mut findings, node, context);
            return Some(converted(findings, document));
        }
        Shape::Both([(one, at), (other, beside)]) => {
            let fields = [at, beside].map(|entry| entry.key.text.as_str());
            findings.add(
                Diagnostic::error(
                    Code::VertexKind,
                    format!(
                        "this is {one} by `{}` and {other} by `{}`: it can't be both",
                        fields[0], fields[1]
                    ),
                )
                .at(at.key.span, one)
                .at(beside.key.span, other)
                .help("leave out the fields of the one that isn't meant"),
            );
            None
        }
        Shape::Other { format, at, advice } => {
            findings.add(
                Diagnostic::error(
                    Code::VertexKind,
                    format!("no job that can be run, but: {format}"),
                )
                .at(at.key.span, "")
                .help(advice),
            );
            None
        }
        Shape::Pools(pools) => convert(&mut findings, Envelope::default(), None, pools, context),
        Shape::CustomJob(wrappers) => {
            let envelope = envelope(&mut findings, &wrappers);
            wrappers.last().and_then(|spec| custom_job_spec(&mut findings, envelope, spec, context))
        }
    };
    let document = job.map(|(spec, mut spans)| {
        spans.insert("", KeyedSpan { key: None, value: node.span });
        Document::TrainJob(resolved(spec, spans, context, FORMAT))
    });
    Some(converted(findings, document))
}

/// Converts a `CustomJobSpec`; what stands around it may say its name. `None` when an error says why
/// it becomes nothing.
pub(super) fn custom_job_spec<'a>(
    findings: &mut Findings,
    mut envelope: Envelope<'a>,
    spec: &'a Node,
    context: &ForeignContext<'_>,
) -> Option<(TrainJob, Spans)> {
    let fields = findings.fields(spec, "", CUSTOM_JOB_SPEC);
    envelope.display_name = fields.entry("displayName").or(envelope.display_name);
    envelope.labels = fields.entry("labels").or(envelope.labels);
    let Some(pools) = fields.get("workerPoolSpecs") else {
        // Not a mapping: that is said already.
        spec.as_map()?;
        findings.add(
            Diagnostic::error(Code::VertexMissing, "`workerPoolSpecs` is missing")
                .at(spec.span, "")
                .help("write the worker pools into the file, also those that gcloud gets as flags"),
        );
        return None;
    };
    convert(findings, envelope, Some(&fields), pools, context)
}

fn convert(
    findings: &mut Findings,
    envelope: Envelope<'_>,
    spec: Option<&Fields<'_>>,
    pools: &Node,
    context: &ForeignContext<'_>,
) -> Option<(TrainJob, Spans)> {
    let mut pools = read_pools(findings, pools);
    let replicas = pools.iter().map(|pool| pool.replicas.value).sum();
    let Scheduling { timeout, start_timeout, retries } = spec
        .and_then(|spec| spec.get("scheduling"))
        .map(|node| scheduling(findings, node, replicas))
        .unwrap_or_default();
    let output = spec.and_then(|spec| output(findings, spec));
    let mut spans = Spans::default();
    let name = name(findings, &envelope, context, &mut spans);
    let labels = labels(findings, &envelope, &mut spans);
    let packages = packages(&pools);
    if pools.is_empty() {
        return None;
    }
    let Assembled { image, command, args, mut env, cpu, memory, accelerators, volumes, roles } =
        assemble(&mut pools, &mut spans);
    let setup = (!packages.is_empty()).then(|| {
        let (script, base) = install_script(&packages);
        env.push(base);
        Setup { shell: Some(script), python: None }
    });
    for (path, place) in [
        ("timeout", timeout.as_ref().map(|timeout| timeout.place)),
        ("startTimeout", start_timeout.as_ref().map(|timeout| timeout.place)),
        ("retries", retries.as_ref().map(|retries| retries.place)),
        ("output", output.as_ref().map(|output| output.place)),
    ] {
        if let Some(place) = place {
            spans.insert(path, place);
        }
    }
    let job = TrainJob {
        push: None,
        api_version: ApiVersion::V1,
        kind: TrainJobKind::TrainJob,
        name,
        labels,
        framework: Framework::Tensorflow,
        strategy: None,
        image,
        code: None,
        setup,
        command,
        args: args.unwrap_or_default(),
        env,
        secrets: Vec::new(),
        cpu,
        memory,
        accelerators,
        roles,
        // Vertex AI's contract is the URL itself in `AIP_MODEL_DIR`, which is what `gs://` and
        // TensorFlow together mean.
        output: output.map(|output| output.value.as_str().into()),
        storage: None,
        completion: None,
        drain: None,
        grace: None,
        retries: retries.map(|retries| retries.value).unwrap_or_default(),
        timeout: timeout.map(|timeout| timeout.value),
        start_timeout: start_timeout.map(|timeout| timeout.value),
        max_cost: None,
        security: None,
        node_selector: IndexMap::new(),
        tolerations: Vec::new(),
        volumes,
        data: Vec::new(),
        queue: None,
        priority_class: None,
        service_account: None,
        image_pull_secrets: Vec::new(),
        affinity: IndexMap::new(),
        pod_patch: IndexMap::new(),
    };
    Some((job, spans))
}

/// The pools by position; a mapping is the one pool that there is, as gcloud takes it.
fn read_pools(findings: &mut Findings, node: &Node) -> Vec<Pool> {
    let items = match node.as_list() {
        Some([]) => {
            findings.add(
                Diagnostic::error(Code::VertexMissing, "there is no worker pool in the list")
                    .at(node.span, ""),
            );
            return Vec::new();
        }
        Some(items) => items,
        None if node.as_map().is_some() => by_number(node).unwrap_or(std::slice::from_ref(node)),
        None => {
            findings.wrong_type(node, "workerPoolSpecs", "a list of worker pools");
            return Vec::new();
        }
    };
    let read = |(position, item)| pool(findings, item, position);
    items.iter().enumerate().filter_map(read).collect()
}

/// `workerPoolSpecs: {workerPoolSpec: {...}}`: one more level around a single pool.
fn by_number(node: &Node) -> Option<&[Node]> {
    match node.as_map() {
        Some([only]) if is_pool(&only.value) && !is_pool(node) => {
            Some(std::slice::from_ref(&only.value))
        }
        _ => None,
    }
}

pub(super) fn name(
    findings: &mut Findings,
    envelope: &Envelope<'_>,
    context: &ForeignContext<'_>,
    spans: &mut Spans,
) -> String {
    let fallback = || from_source(context.source_name, context.index);
    let Some(entry) = envelope.display_name else { return fallback() };
    let Some(written) = findings.text(&entry.value, "displayName") else { return fallback() };
    suspects::scan_place(findings, &entry.value);
    let name = dns_name(written).unwrap_or_else(fallback);
    if name != written {
        findings.add(
            Diagnostic::warning(Code::VertexName, format!("the job is called `{name}` here"))
                .at(entry.value.span, "")
                .help("names have lower-case letters, digits and `-`, 30 characters at most"),
        );
    }
    spans.insert("name", Located::new((), entry).place);
    name
}

pub(super) fn labels(
    findings: &mut Findings,
    envelope: &Envelope<'_>,
    spans: &mut Spans,
) -> IndexMap<String, String> {
    let Some(entry) = envelope.labels else { return IndexMap::new() };
    let Some(entries) = entry.value.as_map() else {
        findings.wrong_type(&entry.value, "labels", "a mapping");
        return IndexMap::new();
    };
    note("labels", &Located::new((), entry), spans);
    let text = |label: &crate::spec::syntax::Entry| {
        let value = if label.value.is_null() {
            String::new()
        } else {
            findings.text(&label.value, "labels")?.to_owned()
        };
        Some((label.key.text.clone(), value))
    };
    entries.iter().filter_map(text).collect()
}

/// `baseOutputDirectory`, or the URI alone in its place.
fn output(findings: &mut Findings, spec: &Fields<'_>) -> Option<Located<String>> {
    let entry = spec.entry("baseOutputDirectory")?;
    let entry = if entry.value.as_map().is_some() {
        findings
            .fields(&entry.value, "baseOutputDirectory", OUTPUT_DIRECTORY)
            .entry("outputUriPrefix")?
    } else {
        entry
    };
    let uri = findings.text(&entry.value, "outputUriPrefix")?;
    suspects::scan_place(findings, &entry.value);
    let uri = uri.trim();
    (!uri.is_empty()).then(|| Located::new(uri.to_owned(), entry))
}

/// All pools' packages, each once: set-up is the same in every replica.
fn packages(pools: &[Pool]) -> Vec<String> {
    let mut packages: Vec<String> = Vec::new();
    for package in pools.iter().flat_map(|pool| &pool.program.packages) {
        if !packages.contains(package) {
            packages.push(package.clone());
        }
    }
    packages
}
