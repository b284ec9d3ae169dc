//! What went wrong as programs read it, beside or in place of a command's own document.

use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::types::{CliError, ErrorKind};
use crate::spec::syntax::{Diagnostics, Lines, Severity, Source};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A word for its kind that stays the same: that of a finding in a spec, else of the error's class.
    pub code: String,
    /// What is wrong, as people read it.
    pub message: String,
    /// What belongs to the message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
    /// Where it is; absent where it is in no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<ProblemPlace>,
}

/// A place in a file that somebody has written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemPlace {
    /// The file as it was named.
    pub file: String,
    /// Its line, from 1 on.
    pub line: usize,
    /// The character in the line, from 1 on.
    pub column: usize,
}

impl Problem {
    /// The errors among the findings in a spec.
    pub fn of_spec(findings: &Diagnostics) -> Vec<Self> {
        let lines: Vec<Lines<'_>> = findings.sources.iter().map(Source::lines).collect();
        let errors = findings.list.iter().filter(|finding| finding.severity == Severity::Error);
        let of = |finding: &crate::spec::syntax::Diagnostic| {
            let span = finding.labels.first().map(|label| label.span);
            let place = span.and_then(|span| {
                let source = findings.sources.get(span.source)?;
                let (line, column) = lines.get(span.source)?.position(span.start);
                Some(ProblemPlace { file: source.name.clone(), line, column })
            });
            Self {
                code: finding.code.as_str().to_owned(),
                message: finding.message.clone(),
                details: Vec::new(),
                hints: finding.help.iter().cloned().collect(),
                place,
            }
        };
        errors.map(of).collect()
    }
}

impl ErrorKind {
    /// The word for the class in documents.
    pub fn code(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::Spec => "spec",
            Self::NotFound => "not-found",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
            Self::ClosedPipe => "closed-pipe",
        }
    }
}

impl CliError {
    /// All that it says, as programs read it; nothing where its command's own document says it.
    pub fn problems(&self) -> Vec<Problem> {
        if !self.found.is_empty() || self.message.is_empty() {
            return self.found.clone();
        }
        vec![Problem {
            code: self.kind.code().to_owned(),
            message: self.message.clone(),
            details: self.more.clone(),
            hints: self.hints.clone(),
            place: None,
        }]
    }
}

/// The one document of a command that prints documents: what it has told, or each of several in `runs`, with
/// what went wrong.
pub fn document(told: Vec<Json>, exit_code: u8, problems: &[Problem]) -> Json {
    let mut told = told;
    let mut document = match (told.len(), told.pop()) {
        (1, Some(Json::Object(one))) => one,
        // Several that were printed as one list.
        (1, Some(several)) => several_in(several, exit_code),
        (_, Some(last)) => {
            told.push(last);
            several_in(Json::Array(told), exit_code)
        }
        (_, None) => Map::from_iter([("exitCode".to_owned(), json!(exit_code))]),
    };
    // A document in a format of others says its version in its own way.
    if !document.contains_key("schemaVersion") && !document.contains_key("apiVersion") {
        document.shift_insert(0, "schemaVersion".to_owned(), json!(1));
    }
    if !problems.is_empty() {
        document.insert("exitCode".to_owned(), json!(exit_code));
        document.insert("errors".to_owned(), json!(problems));
    }
    Json::Object(document)
}

fn several_in(several: Json, exit_code: u8) -> Map<String, Json> {
    Map::from_iter([("exitCode".to_owned(), json!(exit_code)), ("runs".to_owned(), several)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_was_told_is_one_document() {
        let wrong = CliError::new(ErrorKind::Refused, "no").hint("yes").problems();
        for (told, code, problems, wanted) in [
            (vec![], 0, &[][..], r#"{"schemaVersion":1,"exitCode":0}"#),
            (
                vec![json!({"schemaVersion": 2, "run": "a"})],
                0,
                &[],
                r#"{"schemaVersion":2,"run":"a"}"#,
            ),
            (
                vec![json!({"run": "a"}), json!({"run": "b"})],
                10,
                &[],
                r#"{"schemaVersion":1,"exitCode":10,"runs":[{"run":"a"},{"run":"b"}]}"#,
            ),
            (
                vec![],
                5,
                &wrong,
                r#"{"schemaVersion":1,"exitCode":5,"errors":[{"code":"refused","message":"no","hints":["yes"]}]}"#,
            ),
        ] {
            assert_eq!(document(told, code, problems).to_string(), wanted);
        }
        let both = document(vec![json!({"run": "a"})], 5, &wrong).to_string();
        assert!(
            both.starts_with(r#"{"schemaVersion":1,"run":"a","exitCode":5,"errors":[{"#),
            "{both}"
        );
    }
}
