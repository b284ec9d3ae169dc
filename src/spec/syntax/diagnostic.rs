//! What is wrong with a spec: where, why, and what to do about it.

use serde::Serialize;
use serde_json::json;

use super::code::Code;
use super::source::{Source, SourceSpan};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The spec can't run.
    Error,
    /// It can, and probably not as meant.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of finding it is.
    pub code: Code,
    /// One sentence: what is wrong.
    pub message: String,
    /// Where; the first one is the place itself, the others explain.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
}

/// A place and a few words on it; the words may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: SourceSpan,
    /// What is there.
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

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Where it is listed.
    pub fn span(&self) -> SourceSpan {
        self.labels.first().map(|label| label.span).unwrap_or_default()
    }
}

/// Findings together with the texts that they point into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    /// The texts; a span's `source` is an index into this list.
    pub sources: Vec<Source>,
    /// The findings, by position.
    pub list: Vec<Diagnostic>,
    /// Places whose text is never shown.
    pub secrets: Vec<SourceSpan>,
}

impl Diagnostics {
    /// Sorts by position and drops exact repetitions (an anchor used twice is wrong twice).
    pub fn sort(&mut self) {
        self.list.sort_by_key(|finding| (finding.span(), finding.severity));
        self.list.dedup();
    }

    /// The run is refused.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// The findings as a JSON list: severity, code, message, help, and file, line and column of
    /// each place.
    pub fn to_json(&self) -> serde_json::Value {
        let place = |label: &Label| {
            let source = self.sources.get(label.span.source);
            let (line, column) = source.map_or((1, 1), |source| source.position(label.span.start));
            let (end_line, end_column) =
                source.map_or((1, 1), |source| source.position(label.span.end));
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
