//! A `HyperparameterTuningJob` as a `TuneJob`.
//!
//! Source: <https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.hyperparameterTuningJobs>.

use super::study::{Study, study};
use crate::spec::foreign::common::converted::resolved;
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::vertex::envelope::Envelope;
use crate::spec::foreign::vertex::job::{custom_job_spec, labels, name};
use crate::spec::foreign::vertex::shape::wrapper_key;
use crate::spec::kinds::tune::{Algorithm, DEFAULT_TRIALS, Parameter, Trial, TuneJob};
use crate::spec::kinds::{Document, ForeignContext};
use crate::spec::syntax::{Code, Diagnostic, Entry, KeyedSpan, Node, Spans};

const FORMAT: &str = "Vertex HyperparameterTuningJob";

pub(in crate::spec::foreign::vertex) const REQUEST: Table = &[
    ("displayName", Use::Kept("name")),
    ("labels", Use::Kept("labels")),
    ("parent", Use::Left("a study is where the settings or `--context` say")),
    ("project", Use::Left("a study is where the settings or `--context` say")),
    ("location", Use::Left("a study is where the settings or `--context` say")),
    ("region", Use::Left("a study is where the settings or `--context` say")),
];

pub(in crate::spec::foreign::vertex) const JOB: Table = &[
    ("displayName", Use::Kept("name")),
    ("labels", Use::Kept("labels")),
    ("studySpec", Use::Within),
    ("trialJobSpec", Use::Within),
    ("maxTrialCount", Use::Kept("maxTrials")),
    ("parallelTrialCount", Use::Kept("parallelTrials")),
    ("maxFailedTrialCount", Use::Kept("maxFailedTrials")),
    ("encryptionSpec", Use::Left("encryption is the cluster's and the object store's matter")),
    ("project", Use::Left("a study is where the settings or `--context` say")),
    ("location", Use::Left("a study is where the settings or `--context` say")),
    ("region", Use::Left("a study is where the settings or `--context` say")),
    ("name", Use::Output),
    ("trials", Use::Output),
    ("state", Use::Output),
    ("error", Use::Output),
    ("createTime", Use::Output),
    ("startTime", Use::Output),
    ("endTime", Use::Output),
    ("updateTime", Use::Output),
    ("satisfiesPzs", Use::Output),
    ("satisfiesPzi", Use::Output),
    ("etag", Use::Output),
];

/// Converts a job; `wrappers` are the mappings from the document inwards, the last one is the job.
/// `None` when an error says why it becomes nothing.
pub(crate) fn tuning_job(
    findings: &mut Findings,
    wrappers: &[&Node],
    context: &ForeignContext<'_>,
) -> Option<Document> {
    let mut envelope = Envelope::default();
    for pair in wrappers.windows(2) {
        let outer = findings.fields_but(pair[0], "", REQUEST, wrapper_key(pair[0], pair[1]));
        envelope.display_name = outer.entry("displayName").or(envelope.display_name);
        envelope.labels = outer.entry("labels").or(envelope.labels);
    }
    let (outer, node) = (wrappers.first()?, wrappers.last()?);
    let fields = findings.fields(node, "", JOB);
    node.as_map()?;
    envelope.display_name = fields.entry("displayName").or(envelope.display_name);
    envelope.labels = fields.entry("labels").or(envelope.labels);
    let mut spans = Spans::default();
    spans.insert("", KeyedSpan { key: None, value: outer.span });
    let name = name(findings, &envelope, context, &mut spans);
    let labels = labels(findings, &envelope, &mut spans);
    let trial = trial(findings, node, fields.entry("trialJobSpec"), context, &mut spans);
    let study = if let Some(entry) = fields.entry("studySpec") {
        study(findings, entry, &mut spans)
    } else {
        missing(findings, node, "studySpec", "it says what is tuned, and by which metric");
        None
    };
    let max_trials = trial_count(findings, &fields, "maxTrialCount", "maxTrials", &mut spans);
    let parallel_trials =
        trial_count(findings, &fields, "parallelTrialCount", "parallelTrials", &mut spans);
    let max_failed = fields.entry("maxFailedTrialCount").and_then(|entry| {
        spans.insert("maxFailedTrials", Located::new((), entry).place);
        findings.count(&entry.value, "maxFailedTrialCount")
    });
    let Study { job, most } = study?;
    let max_trials = match (max_trials, most) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    // A grid has an end of its own.
    let is_endless = max_trials.is_none() && job.algorithm != Algorithm::Grid;
    if is_endless && fields.entry("maxTrialCount").is_none() {
        counts(findings, fields.entry("studySpec"));
    }
    let mut trial = trial?;
    trial.name.clone_from(&name);
    let is_discrete = |parameter: &Parameter| {
        parameter.variants().iter().any(|variant| variant.discrete.is_some())
    };
    let job = TuneJob {
        name,
        labels,
        max_trials,
        parallel_trials,
        // There, zero leaves it to Vertex AI.
        max_failed_trials: max_failed.filter(|count| *count > 0),
        discrete_as_floats: job.parameters.values().any(is_discrete),
        trial: Trial::Job(Box::new(trial)),
        ..job
    };
    Some(Document::TuneJob(resolved(job, spans, context, FORMAT)))
}

/// `trialJobSpec`, which is a `CustomJobSpec`, as the TrainJob of the trials.
fn trial(
    findings: &mut Findings,
    job: &Node,
    entry: Option<&Entry>,
    context: &ForeignContext<'_>,
    spans: &mut Spans,
) -> Option<crate::spec::kinds::train::TrainJob> {
    let Some(entry) = entry else {
        missing(findings, job, "trialJobSpec", "it says what each trial runs: `workerPoolSpecs`");
        return None;
    };
    spans.insert("trial", Located::new((), entry).place);
    let (trial, places) = custom_job_spec(findings, Envelope::default(), &entry.value, context)?;
    spans.insert_below("trial", &places);
    Some(trial)
}

fn missing(findings: &mut Findings, at: &Node, path: &str, help: &str) {
    let first = at.as_map().and_then(<[Entry]>::first).map_or(at.span, |entry| entry.key.span);
    let message = format!("`{path}` is missing");
    findings.add(Diagnostic::error(Code::VertexMissing, message).at(first, "").help(help));
}

/// A number of trials, which is above zero.
pub(in crate::spec::foreign) fn trial_count(
    findings: &mut Findings,
    fields: &Fields<'_>,
    field: &str,
    path: &str,
    spans: &mut Spans,
) -> Option<u32> {
    let entry = fields.entry(field)?;
    spans.insert(path, Located::new((), entry).place);
    let count = findings.count(&entry.value, field)?;
    if count == 0 {
        findings.wrong_type(&entry.value, field, "a number above zero");
    }
    Some(count).filter(|count| *count > 0)
}

/// gcloud takes the counts as flags, so that many files lack them.
fn counts(findings: &mut Findings, study: Option<&Entry>) {
    let Some(study) = study else { return };
    let message = format!("`maxTrialCount` is not in the file: {DEFAULT_TRIALS} trials are meant");
    findings.add(
        Diagnostic::warning(Code::VertexCounts, message)
            .at(study.key.span, "belongs beside this")
            .help("write how many: `maxTrialCount` and `parallelTrialCount`"),
    );
}
