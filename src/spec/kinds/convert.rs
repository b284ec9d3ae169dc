//! The seam for files of other systems: recognised by their shape, converted to our own types.

use crate::spec::kinds::train::TrainJob;
use crate::spec::syntax::Diagnostic;
use crate::spec::syntax::{Node, Spans};

/// A document of another system, as one of ours.
#[derive(Clone, Debug)]
pub(crate) struct Converted {
    /// What it was, for messages: `Vertex CustomJob`.
    pub(crate) format: &'static str,
    /// The job; `None` when an error in `findings` says why there is none.
    pub(crate) job: Option<TrainJob>,
    /// Where each value of `job` came from, by its path in `job`. The path `""` is the document.
    pub(crate) spans: Spans,
    /// Errors, and warnings on what was left out or changed.
    pub(crate) findings: Vec<Diagnostic>,
}

/// What a converter may want to know beyond the document itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ForeignContext<'a> {
    /// The name of the source (usually a path): a name for a job that has none.
    pub(crate) source_name: &'a str,
    /// The document's index in its source.
    pub(crate) index: usize,
}

/// Looks at a document; `None` when it is not of that system.
pub(crate) type Recognise = fn(&Node, &ForeignContext<'_>) -> Option<Converted>;

/// All converters, tried in order before a document is taken for one of ours.
pub(crate) const RECOGNISERS: &[Recognise] = &[crate::spec::vertex::recognise];
