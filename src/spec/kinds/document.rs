//! The documents of a load: one variant for each kind.

use indexmap::IndexMap;

use super::batch::{self, BatchPredictJob};
use super::endpoint::{self, Endpoint};
use super::kind::Kind;
use super::train::{self, TrainJob};
use super::tune::{self, TuneJob};
use crate::spec::syntax::{Diagnostic, Spans};

/// A document of a kind that this version runs.
#[derive(Clone, Debug)]
pub enum Document {
    /// A training run: `kind: TrainJob`.
    TrainJob(Box<Resolved<TrainJob>>),
    /// A batch prediction: `kind: BatchPredictJob`.
    BatchPredictJob(Box<Resolved<BatchPredictJob>>),
    /// A study: `kind: TuneJob`.
    TuneJob(Box<Resolved<TuneJob>>),
    /// An endpoint: `kind: Endpoint`.
    Endpoint(Box<Resolved<Endpoint>>),
}

/// A checked spec and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved<T> {
    /// The spec, checked and with all references to the environment replaced.
    pub spec: T,
    /// Where each of its values is written, for later checks.
    pub spans: Spans,
    /// Paths of values that came from the environment: they may be secrets.
    pub from_env: Vec<String>,
    /// The index of its source among all that were loaded.
    pub source: usize,
    /// The index of the document in its source.
    pub index: usize,
    /// The other system's format that it was written in, such as `Vertex CustomJob`; `None` for a
    /// document of ours.
    pub converted_from: Option<&'static str>,
    /// Its system has the code of a job that names none in the image, and a machine without images beside the file.
    pub code_beside: bool,
}

/// Where a spec came from, before its type is known.
pub(crate) type Origin = Resolved<()>;

impl Origin {
    /// The spec that came from there.
    pub(crate) fn of<T>(self, spec: T) -> Resolved<T> {
        let Self { spec: (), spans, from_env, source, index, converted_from, code_beside } = self;
        Resolved { spec, spans, from_env, source, index, converted_from, code_beside }
    }
}

impl Document {
    /// The other system's format that it was written in, where it was, and where its values are written.
    pub fn origin(&self) -> (Option<&'static str>, &Spans) {
        match self {
            Self::TrainJob(one) => (one.converted_from, &one.spans),
            Self::BatchPredictJob(one) => (one.converted_from, &one.spans),
            Self::TuneJob(one) => (one.converted_from, &one.spans),
            Self::Endpoint(one) => (one.converted_from, &one.spans),
        }
    }

    /// What its `kind:` says.
    pub fn kind(&self) -> &'static str {
        self.description().name
    }

    /// Its labels, which its runs are selected by.
    pub fn labels(&self) -> &IndexMap<String, String> {
        match self {
            Self::TrainJob(job) => &job.spec.labels,
            Self::BatchPredictJob(job) => &job.spec.labels,
            Self::TuneJob(job) => &job.spec.labels,
            Self::Endpoint(endpoint) => &endpoint.spec.labels,
        }
    }

    /// What the schema can't say of it. `accelerators` are the types that the settings add.
    pub(crate) fn lint(&self, accelerators: &[String]) -> Vec<Diagnostic> {
        match self {
            Self::TrainJob(job) => train::lint::document(job, accelerators),
            Self::BatchPredictJob(job) => batch::lint_document(job, accelerators),
            Self::TuneJob(job) => tune::lint_document(job, accelerators),
            Self::Endpoint(endpoint) => endpoint::lint_document(endpoint, accelerators),
        }
    }

    fn description(&self) -> &'static Kind {
        match self {
            Self::TrainJob(_) => &train::KIND,
            Self::BatchPredictJob(_) => &batch::KIND,
            Self::TuneJob(_) => &tune::KIND,
            Self::Endpoint(_) => &endpoint::KIND,
        }
    }
}
