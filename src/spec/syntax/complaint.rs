//! The parser's complaints in our words, with what to do for the common ones.

use granit_parser::{ErrorKind, ScanError};

use super::code::Code;
use super::diagnostic::Diagnostic;
use super::source::SourceSpan;

/// A syntax error as a finding.
pub(crate) fn explain(source: usize, text: &str, error: &ScanError) -> Diagnostic {
    let mut start = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    // An error at the very end is shown on the last line that has something on it.
    if start == text.len() {
        start = text.trim_end().len();
    }
    let end =
        text[start..].chars().next().filter(|c| *c != '\n').map_or(start, |c| start + c.len_utf8());
    let (message, help) = words(error.kind());
    let message = message.map_or_else(|| format!("not valid YAML: {}", error.kind()), String::from);
    let finding =
        Diagnostic::error(Code::Syntax, message).at(SourceSpan { source, start, end }, "");
    match help {
        Some(help) => finding.help(help),
        None => finding,
    }
}

fn words(kind: &ErrorKind) -> (Option<&'static str>, Option<&'static str>) {
    match kind {
        ErrorKind::TabInIndentation
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            (Some("not valid YAML: a tab"), Some("YAML is indented with spaces only"))
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::MappingKeyNotAllowed => (
            Some("not valid YAML: no `key:` can stand here"),
            Some(
                "check the indentation of this line and the one above; a value that contains \
                 `: ` needs quotes",
            ),
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            Some("not valid YAML: a key without `:`"),
            Some("write `key: value`, with a space after the colon"),
        ),
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed => (
            Some("not valid YAML: this line does not fit the indentation above"),
            Some("fields of one mapping, and items of one list, start in the same column"),
        ),
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => (
            Some("not valid YAML: a quote that is never closed"),
            Some("close it on the same line"),
        ),
        ErrorKind::UnclosedFlowCollection { open: '[' } | ErrorKind::UnexpectedEofFlowSequence => {
            (Some("not valid YAML: a `[` that is never closed"), Some("close the list with `]`"))
        }
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            (Some("not valid YAML: a `{` that is never closed"), Some("close the mapping with `}`"))
        }
        ErrorKind::InvalidColonPlacement => (
            Some("not valid YAML: a `:` in the middle of a list"),
            Some("is a `[` above never closed? A value that contains `: ` needs quotes"),
        ),
        ErrorKind::ExpectedFlowSequenceSeparator => (
            Some("not valid YAML: a `,` or `]` is missing before this"),
            Some("items between `[` and `]` are separated by commas"),
        ),
        ErrorKind::ExpectedFlowMappingSeparator => (
            Some("not valid YAML: a `,` or `}` is missing before this"),
            Some("entries between `{` and `}` are separated by commas"),
        ),
        ErrorKind::UnexpectedCharacter { .. } => (
            Some("not valid YAML: no value can start with this character"),
            Some("put the text in quotes"),
        ),
        ErrorKind::UndeclaredTagHandle => (
            Some("not valid YAML: an undeclared tag"),
            Some("a text that starts with `!` needs quotes"),
        ),
        ErrorKind::UnknownQuotedScalarEscape => (
            Some("not valid YAML: an escape that double quotes don't know"),
            Some("write `\\\\` for a backslash, or use single quotes"),
        ),
        ErrorKind::RecursionLimitExceeded => (Some("too many levels of nesting"), None),
        _ => (None, None),
    }
}
