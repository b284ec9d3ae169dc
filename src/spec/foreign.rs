//! The seam for files of other systems: recognised by their shape, converted to our own types.

use super::diagnostic::Diagnostic;
use super::node::{Node, Spans};
use super::types::TrainJob;

/// A document of another system, as one of ours.
#[derive(Clone, Debug)]
pub struct Converted {
    /// What it was, for messages: `Vertex CustomJob`.
    pub format: &'static str,
    /// The job; `None` when an error in `findings` says why there is none.
    pub job: Option<TrainJob>,
    /// Where each value of `job` came from, by its path in `job`. The path `""` is the document.
    pub spans: Spans,
    /// Errors, and warnings on what was left out or changed.
    pub findings: Vec<Diagnostic>,
}

/// What a converter may want to know beyond the document itself.
#[derive(Clone, Copy, Debug)]
pub struct ForeignContext<'a> {
    /// The name of the source (usually a path): a name for a job that has none.
    pub source_name: &'a str,
    /// The document's index in its source.
    pub index: usize,
}

/// Looks at a document; `None` when it is not of that system.
pub type Recognise = fn(&Node, &ForeignContext<'_>) -> Option<Converted>;

/// All converters, tried in order before a document is taken for one of ours.
pub const RECOGNISERS: &[Recognise] = &[super::vertex::recognise];
