//! What is wrong with a spec: where, why, and what to do about it.

use serde::Serialize;
use serde_json::json;

use super::code::Code;
use super::source::{Lines, Source, SourceSpan};

/// Whether a finding stops the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Nothing is run from a document with one of these.
    Error,
    /// The document is run, and probably does not do what its author means.
    Warning,
}

/// One finding about a document: what is wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it stops the run.
    pub severity: Severity,
    /// What kind of finding it is.
    pub code: Code,
    /// One sentence without a full stop that says what is wrong.
    pub message: String,
    /// The places that are underlined. The finding is listed by the first one; the others explain
    /// it, such as where a name was given before.
    pub labels: Vec<Label>,
    /// What to write instead; `None` where the message says it all.
    pub help: Option<String>,
}

/// A place and a few words on it; the words may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The text that is underlined.
    pub span: SourceSpan,
    /// A few words beside it; empty when the message needs none.
    pub text: String,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { severity: Severity::Error, code, message, labels: Vec::new(), help: None }
    }

    /// A warning without a place yet.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds a place; the first one added is where the finding is listed.
    #[must_use]
    pub fn at(mut self, span: SourceSpan, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// The place by which it is listed; the beginning of the first source when it has none.
    pub fn span(&self) -> SourceSpan {
        self.labels.first().map(|label| label.span).unwrap_or_default()
    }
}

/// Findings together with the texts that they point into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    /// The texts; a span's `source` is an index into this list.
    pub sources: Vec<Source>,
    /// The findings, in the order of the texts once they are sorted.
    pub list: Vec<Diagnostic>,
    /// Places of values that are probably secrets. They are starred out wherever a text is shown.
    pub secrets: Vec<SourceSpan>,
}

impl Diagnostics {
    /// Sorts by position and drops exact repetitions (an anchor used twice is wrong twice).
    pub fn sort(&mut self) {
        self.list.sort_by_key(|finding| (finding.span(), finding.severity));
        self.list.dedup();
    }

    /// At least one finding is an error, so nothing is run.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// The findings as a JSON list: severity, code, message, help, and file, line and column of
    /// each place.
    pub fn to_json(&self) -> serde_json::Value {
        let lines: Vec<Lines<'_>> = self.sources.iter().map(Source::lines).collect();
        let place = |label: &Label| {
            let source = self.sources.get(label.span.source);
            let lines = lines.get(label.span.source);
            let position = |at: usize| lines.map_or((1, 1), |lines| lines.position(at));
            let (line, column) = position(label.span.start);
            let (end_line, end_column) = position(label.span.end);
            json!({
                "file": source.map(|source| source.name.as_str()),
                "line": line,
                "column": column,
                "endLine": end_line,
                "endColumn": end_column,
                "label": (!label.text.is_empty()).then_some(label.text.as_str()),
            })
        };
        self.list
            .iter()
            .map(|finding| {
                json!({
                    "severity": finding.severity,
                    "code": finding.code,
                    "message": finding.message,
                    "help": finding.help,
                    "places": finding.labels.iter().map(place).collect::<Vec<_>>(),
                })
            })
            .collect()
    }
}
