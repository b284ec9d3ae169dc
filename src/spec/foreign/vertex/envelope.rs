//! What stands around a `CustomJobSpec`: the job, the request, the answer of the API.

use crate::spec::syntax::{Entry, Node};

use super::shape::wrapper_key;
use crate::spec::foreign::common::fields::{Findings, Table, Use};

/// Fields of `CustomJob`, `CreateCustomJobRequest` and `TrainingPipeline`.
pub(super) const ENVELOPE: Table = &[
    ("displayName", Use::Kept("name")),
    ("labels", Use::Kept("labels")),
    ("parent", Use::Left("a run is where the settings or `--context` say")),
    ("region", Use::Left("a run is where the settings or `--context` say")),
    ("project", Use::Left("a run is where the settings or `--context` say")),
    ("location", Use::Left("a run is where the settings or `--context` say")),
    ("encryptionSpec", Use::Left("encryption is the cluster's and the object store's matter")),
    ("trainingTaskDefinition", Use::Left("it only says that the pipeline is a custom job")),
    ("inputDataConfig", Use::Left("no data set is split for the job: read the data in the code")),
    ("modelToUpload", Use::Left("the model is what the job writes to AIP_MODEL_DIR")),
    ("modelId", Use::Left("the model is what the job writes to AIP_MODEL_DIR")),
    ("parentModel", Use::Left("the model is what the job writes to AIP_MODEL_DIR")),
    ("name", Use::Output),
    ("state", Use::Output),
    ("createTime", Use::Output),
    ("startTime", Use::Output),
    ("endTime", Use::Output),
    ("updateTime", Use::Output),
    ("error", Use::Output),
    ("webAccessUris", Use::Output),
    ("satisfiesPzs", Use::Output),
    ("satisfiesPzi", Use::Output),
    ("etag", Use::Output),
];

/// What the envelope says about the job.
#[derive(Default)]
pub(super) struct Envelope<'a> {
    /// `displayName`; where several mappings have one, that of the innermost.
    pub(super) display_name: Option<&'a Entry>,
    /// `labels`; where several mappings have some, those of the innermost.
    pub(super) labels: Option<&'a Entry>,
}

/// Reads the mappings around the spec; the last of `wrappers` is the spec itself.
pub(super) fn envelope<'a>(findings: &mut Findings, wrappers: &[&'a Node]) -> Envelope<'a> {
    let mut envelope = Envelope::default();
    for pair in wrappers.windows(2) {
        let inner = wrapper_key(pair[0], pair[1]);
        let fields = findings.fields_but(pair[0], "", ENVELOPE, inner);
        envelope.display_name = fields.entry("displayName").or(envelope.display_name);
        envelope.labels = fields.entry("labels").or(envelope.labels);
    }
    envelope
}
