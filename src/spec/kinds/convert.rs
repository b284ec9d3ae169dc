//! The seam for files of other systems: recognised by their shape, converted to our own types.

use indexmap::IndexMap;

use super::document::Document;
use crate::spec::syntax::{Diagnostic, Node, Parsed, Severity, Source};

/// What a converter makes of a document of another system.
#[derive(Clone, Debug)]
pub(crate) struct Converted {
    /// What it becomes: usually one document, none when an error in `findings` says why it becomes nothing, or
    /// when it is a part of another document of its file. Their spans are places of the foreign file by paths of
    /// ours; the path `""` is the whole document.
    pub(crate) documents: Vec<Document>,
    /// Errors, and warnings on what was left out or changed.
    pub(crate) findings: Vec<Diagnostic>,
}

impl Converted {
    /// No error was found.
    pub(crate) fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }
}

/// What a converter may want to know beyond the document itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ForeignContext<'a> {
    /// The name of the source (usually a path): a name for a document that has none.
    pub(crate) source_name: &'a str,
    /// The index of the source among all that are loaded.
    pub(crate) source: usize,
    /// The document's index in its source.
    pub(crate) index: usize,
    /// All documents of its source, this one among them: what one of them names may stand in another.
    pub(crate) siblings: &'a [Node],
    /// The environment of the caller, from which some systems take values of variables.
    pub(crate) env: &'a IndexMap<String, String>,
}

/// Looks at a document; `None` when it is not of that system.
pub(crate) type Recognise = fn(&Node, &ForeignContext<'_>) -> Option<Converted>;

/// Reads a text that is no YAML, by its index among the sources; `None` when it is not of that system.
pub(crate) type ReadText = fn(usize, &Source) -> Option<Parsed>;
