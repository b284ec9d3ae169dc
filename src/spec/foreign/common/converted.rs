//! What a converter hands back: documents with their places, unless an error was found.

use super::fields::Findings;
use crate::spec::kinds::{Converted, Document, ForeignContext, Resolved};
use crate::spec::syntax::{Severity, Spans};

/// The documents, unless there is an error among the findings, and all that was found.
pub(in crate::spec::foreign) fn converted(
    findings: Findings,
    documents: impl IntoIterator<Item = Document>,
) -> Converted {
    let findings = findings.finish();
    let is_refused = findings.iter().any(|finding| finding.severity == Severity::Error);
    let documents = if is_refused { Vec::new() } else { documents.into_iter().collect() };
    Converted { documents, findings }
}

/// A converted spec with where its values are written; `format` is what it was, such as `Vertex CustomJob`. Its code
/// is taken to be in its image, as in most systems.
pub(in crate::spec::foreign) fn resolved<T>(
    spec: T,
    spans: Spans,
    context: &ForeignContext<'_>,
    format: &'static str,
) -> Box<Resolved<T>> {
    Box::new(Resolved {
        spec,
        spans,
        from_env: Vec::new(),
        source: context.source,
        index: context.index,
        converted_from: Some(format),
        code_beside: true,
    })
}
