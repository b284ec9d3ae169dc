//! A `BatchPredictionJob` as a `BatchPredictJob`.
//!
//! Vertex AI puts the results into a folder `prediction-<model>-<time>` below `outputUriPrefix`. Here
//! they lie in the prefix itself: a job that goes on must find what it had done before, so its folder
//! has no time in its name. A warning says so.
//! Source: <https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs>.

use crate::spec::kinds::batch::{
    BatchFiles, BatchFolder, BatchFormat, BatchInput, BatchOutput, BatchPredictJob, Batching,
    InstanceType, Instances, Model, ResultFormat,
};
use crate::spec::kinds::{Document, ForeignContext};
use crate::spec::syntax::{Code, Diagnostic, Entry, KeyedSpan, Node, Spans};

use super::batch_model::{container_model, registered};
use super::envelope::Envelope;
use super::job::{labels, name};
use super::machine::machine_spec;
use super::shape::wrapper_key;
use crate::spec::foreign::common::converted::resolved;
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::pool::Resources;
use crate::spec::foreign::common::suspects;

const FORMAT: &str = "Vertex BatchPredictionJob";

pub(super) const REQUEST: Table = &[
    ("parent", Use::Left("a run is where the settings or `--context` say")),
    ("batchPredictionJobId", Use::Output),
];

pub(super) const JOB: Table = &[
    ("displayName", Use::Kept("name")),
    ("labels", Use::Kept("labels")),
    ("model", Use::Changed("a model of the registry by its name")),
    ("unmanagedContainerModel", Use::Within),
    ("inputConfig", Use::Within),
    ("instanceConfig", Use::Within),
    ("modelParameters", Use::Kept("parameters")),
    ("outputConfig", Use::Within),
    ("dedicatedResources", Use::Within),
    ("manualBatchTuningParameters", Use::Within),
    (
        "serviceAccount",
        Use::Left(
            "it is a Google account; give credentials by `storage: {secret: ...}`, or by the \
             cluster's workload identity with `storage: {serviceAccount: ...}`",
        ),
    ),
    ("encryptionSpec", Use::Left("encryption is the cluster's and the object store's matter")),
    ("generateExplanation", Use::Left("explanations are not made; predictions are")),
    ("explanationSpec", Use::Left("explanations are not made; predictions are")),
    ("modelMonitoringConfig", Use::Left("nothing watches the inputs for drift")),
    ("modelMonitoringStatsInfo", Use::Output),
    ("modelMonitoringStatus", Use::Output),
    ("disableContainerLogging", Use::Left("`mlctl logs` has what the server prints")),
    ("modelVersionId", Use::Output),
    ("name", Use::Output),
    ("outputInfo", Use::Output),
    ("state", Use::Output),
    ("error", Use::Output),
    ("partialFailures", Use::Output),
    ("resourcesConsumed", Use::Output),
    ("completionStats", Use::Output),
    ("createTime", Use::Output),
    ("startTime", Use::Output),
    ("endTime", Use::Output),
    ("updateTime", Use::Output),
    ("satisfiesPzs", Use::Output),
    ("satisfiesPzi", Use::Output),
    ("etag", Use::Output),
];

pub(super) const INPUT: Table = &[
    ("instancesFormat", Use::Kept("input.format")),
    ("gcsSource", Use::Within),
    ("bigquerySource", Use::Refused("BigQuery is not read: export the table to Cloud Storage")),
    ("vertexMultimodalDatasetSource", Use::Left("name the files by `gcsSource`")),
];
pub(super) const SOURCE: Table = &[("uris", Use::Kept("input.uris"))];
pub(super) const OUTPUT: Table = &[
    ("predictionsFormat", Use::Kept("output.format")),
    ("gcsDestination", Use::Within),
    ("bigqueryDestination", Use::Refused("BigQuery is not written: results are files in a bucket")),
    ("vertexMultimodalDatasetDestination", Use::Left("results are files: `gcsDestination`")),
];
pub(super) const DESTINATION: Table = &[("outputUriPrefix", Use::Kept("output.uri"))];
pub(super) const INSTANCES: Table = &[
    ("instanceType", Use::Kept("instances.type")),
    ("keyField", Use::Kept("instances.keyField")),
    ("includedFields", Use::Kept("instances.includedFields")),
    ("excludedFields", Use::Kept("instances.excludedFields")),
];
pub(super) const RESOURCES: Table = &[
    ("machineSpec", Use::Within),
    ("startingReplicaCount", Use::Kept("replicas")),
    (
        "maxReplicaCount",
        Use::Left("the number of replicas stays as it is; `--set replicas=N` changes it"),
    ),
];
pub(super) const TUNING: Table = &[("batchSize", Use::Kept("batching.maxBatchSize"))];

/// Converts a job; `wrappers` are the mappings from the document inwards, the last one is the job.
/// `None` when an error says why it becomes nothing.
pub(super) fn batch_job(
    findings: &mut Findings,
    wrappers: &[&Node],
    context: &ForeignContext<'_>,
) -> Option<Document> {
    for pair in wrappers.windows(2) {
        findings.fields_but(pair[0], "", REQUEST, wrapper_key(pair[0], pair[1]));
    }
    let (outer, node) = (wrappers.first()?, wrappers.last()?);
    let fields = findings.fields(node, "", JOB);
    node.as_map()?;
    let mut spans = Spans::default();
    spans.insert("", KeyedSpan { key: None, value: outer.span });
    let envelope =
        Envelope { display_name: fields.entry("displayName"), labels: fields.entry("labels") };
    let model = model(findings, &fields, node, &mut spans);
    let input = input(findings, &fields, node, &mut spans);
    let output = output(findings, &fields, node, &mut spans);
    let (replicas, Resources { cpu, memory, accelerators }) = resources(findings, &fields);
    let tuning = fields
        .get("manualBatchTuningParameters")
        .and_then(|node| {
            let fields = findings.fields(node, "manualBatchTuningParameters", TUNING);
            findings.count(fields.get("batchSize")?, "batchSize")
        })
        .filter(|size| *size > 0);
    let (model, env) = model?;
    let job = BatchPredictJob {
        name: name(findings, &envelope, context, &mut spans),
        labels: labels(findings, &envelope, &mut spans),
        model,
        env,
        input: input?,
        output: output?,
        instances: instances(findings, fields.entry("instanceConfig"), &mut spans),
        parameters: fields.get("modelParameters").map(Node::to_json),
        batching: Batching { max_batch_size: tuning, ..Batching::default() },
        replicas: replicas.map(|count| note("replicas", count, &mut spans)),
        cpu: cpu.map(|cpu| note("cpu", cpu, &mut spans)),
        memory: memory.map(|memory| note("memory", memory, &mut spans)),
        accelerators: accelerators.map(|gpus| note("accelerators", gpus, &mut spans)),
        ..BatchPredictJob::default()
    };
    Some(Document::BatchPredictJob(resolved(job, spans, context, FORMAT)))
}

/// A value, whose place is noted.
fn note<T>(path: &str, value: Located<T>, spans: &mut Spans) -> T {
    crate::spec::foreign::common::assemble::note(path, &value, spans);
    value.value
}

fn model(
    findings: &mut Findings,
    fields: &Fields<'_>,
    job: &Node,
    spans: &mut Spans,
) -> Option<(Model, Vec<crate::spec::kinds::train::EnvVar>)> {
    match (fields.entry("unmanagedContainerModel"), fields.entry("model")) {
        (Some(entry), registry) => {
            if let Some(registry) = registry {
                findings.left("model", registry, "`unmanagedContainerModel` is the model");
            }
            spans.insert("model", Located::new((), entry).place);
            container_model(findings, entry, spans)
        }
        (None, Some(entry)) => {
            registered(findings, entry);
            None
        }
        (None, None) => {
            missing(findings, job, "unmanagedContainerModel");
            None
        }
    }
}

fn missing(findings: &mut Findings, at: &Node, path: &str) {
    let message = format!("`{path}` is missing");
    findings.add(Diagnostic::error(Code::VertexMissing, message).at(at.span, ""));
}

/// BigQuery is no place of files.
fn bigquery(findings: &mut Findings, entry: &Entry, what: &str) {
    findings.add(
        Diagnostic::error(Code::VertexKind, "BigQuery is not read or written")
            .at(entry.key.span, "")
            .help(format!("export the table to files, and name them by `{what}`")),
    );
}

fn input(
    findings: &mut Findings,
    job_fields: &Fields<'_>,
    job: &Node,
    spans: &mut Spans,
) -> Option<BatchInput> {
    let Some(entry) = job_fields.entry("inputConfig") else {
        missing(findings, job, "inputConfig");
        return None;
    };
    let fields = findings.fields(&entry.value, "inputConfig", INPUT);
    entry.value.as_map()?;
    if let Some(source) = fields.entry("bigquerySource") {
        bigquery(findings, source, "gcsSource");
        return None;
    }
    let format = match fields.entry("instancesFormat") {
        None => BatchFormat::Jsonl,
        Some(format) => instances_format(findings, format)?,
    };
    let Some(source) = fields.get("gcsSource") else {
        missing(findings, &entry.value, "inputConfig.gcsSource");
        return None;
    };
    // Python users write the list itself.
    let uris = match source.as_map() {
        Some(_) => findings.fields(source, "gcsSource", SOURCE).entry("uris"),
        None => fields.entry("gcsSource"),
    };
    let Some(uris) = uris else {
        missing(findings, source, "gcsSource.uris");
        return None;
    };
    suspects::scan(findings, &uris.value);
    let texts = findings.texts(&uris.value, "gcsSource.uris");
    let located = Located::list(texts, uris, &uris.value);
    crate::spec::foreign::common::assemble::note("input", &Located::new((), entry), spans);
    let uris = note("input.uris", located, spans);
    let uris = uris.into_iter().map(Into::into).collect();
    Some(BatchInput::Files(BatchFiles { uris, format: Some(format) }))
}

fn instances_format(findings: &mut Findings, entry: &Entry) -> Option<BatchFormat> {
    let text = findings.text(&entry.value, "instancesFormat")?;
    Some(match text.trim().to_ascii_lowercase().replace('_', "-").as_str() {
        "jsonl" => BatchFormat::Jsonl,
        "csv" => BatchFormat::Csv,
        "tf-record" => BatchFormat::TfRecord,
        "tf-record-gzip" => BatchFormat::TfRecordGzip,
        "file-list" => BatchFormat::FileList,
        "bigquery" => {
            bigquery(findings, entry, "gcsSource");
            return None;
        }
        _ => {
            let known = "jsonl, csv, tf-record, tf-record-gzip or file-list";
            findings.wrong_type(&entry.value, "instancesFormat", known);
            return None;
        }
    })
}

fn output(
    findings: &mut Findings,
    job_fields: &Fields<'_>,
    job: &Node,
    spans: &mut Spans,
) -> Option<BatchOutput> {
    let Some(entry) = job_fields.entry("outputConfig") else {
        missing(findings, job, "outputConfig");
        return None;
    };
    let fields = findings.fields(&entry.value, "outputConfig", OUTPUT);
    entry.value.as_map()?;
    if let Some(destination) = fields.entry("bigqueryDestination") {
        bigquery(findings, destination, "gcsDestination");
        return None;
    }
    let format = match fields.entry("predictionsFormat") {
        None => ResultFormat::Jsonl,
        Some(format) => match findings
            .text(&format.value, "predictionsFormat")?
            .trim()
            .to_ascii_lowercase()
            .as_str()
        {
            "jsonl" => ResultFormat::Jsonl,
            "csv" => ResultFormat::Csv,
            "bigquery" => {
                bigquery(findings, format, "gcsDestination");
                return None;
            }
            _ => {
                findings.wrong_type(&format.value, "predictionsFormat", "jsonl or csv");
                return None;
            }
        },
    };
    let destination =
        fields.entry("gcsDestination").and_then(|destination| match destination.value.as_map() {
            Some(_) => findings
                .fields(&destination.value, "gcsDestination", DESTINATION)
                .entry("outputUriPrefix"),
            None => Some(destination),
        });
    let Some(destination) = destination else {
        missing(findings, &entry.value, "outputConfig.gcsDestination.outputUriPrefix");
        return None;
    };
    let uri = findings.text(&destination.value, "outputUriPrefix")?.trim().to_owned();
    suspects::scan_place(findings, &destination.value);
    findings.add(
        Diagnostic::warning(Code::VertexLeftOut, "no folder `prediction-<model>-<time>` is made")
            .at(destination.value.span, "the results lie here")
            .help(
                "the same job goes on there, and another one is refused; give each its own folder",
            ),
    );
    crate::spec::foreign::common::assemble::note("output", &Located::new((), entry), spans);
    let uri = note("output.uri", Located::new(uri, destination), spans).into();
    Some(BatchOutput::Folder(BatchFolder { uri, format }))
}

fn instances(findings: &mut Findings, entry: Option<&Entry>, spans: &mut Spans) -> Instances {
    let Some(entry) = entry else { return Instances::default() };
    let fields = findings.fields(&entry.value, "instanceConfig", INSTANCES);
    spans.insert("instances", Located::new((), entry).place);
    let kind = fields.entry("instanceType").and_then(|kind| {
        spans.insert("instances.type", Located::new((), kind).place);
        match findings.text(&kind.value, "instanceType")?.trim() {
            "object" => Some(InstanceType::Object),
            "array" => Some(InstanceType::Array),
            "" => None,
            _ => {
                findings.wrong_type(&kind.value, "instanceType", "object or array");
                None
            }
        }
    });
    let key_field = fields
        .get("keyField")
        .and_then(|key| findings.text(key, "keyField"))
        .filter(|key| !key.is_empty())
        .map(str::to_owned);
    let mut list =
        |name: &str| fields.get(name).map(|node| findings.texts(node, name)).unwrap_or_default();
    Instances {
        kind,
        key_field,
        included_fields: list("includedFields"),
        excluded_fields: list("excludedFields"),
    }
}

fn resources(findings: &mut Findings, job: &Fields<'_>) -> (Option<Located<u32>>, Resources) {
    let Some(node) = job.get("dedicatedResources") else { return (None, Resources::default()) };
    let fields = findings.fields(node, "dedicatedResources", RESOURCES);
    let replicas = fields.entry("startingReplicaCount").and_then(|entry| {
        let count = findings.count(&entry.value, "startingReplicaCount")?;
        (count > 0).then(|| Located::new(count, entry))
    });
    let machine = fields.get("machineSpec").map(|spec| machine_spec(findings, spec));
    (replicas, machine.unwrap_or_default())
}
