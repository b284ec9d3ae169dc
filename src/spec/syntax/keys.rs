//! Keys of mappings while a document is put together.

use super::code::Code;
use super::diagnostic::Diagnostic;
use super::node::{Key, Node, Value};
use super::source::SourceSpan;

/// How a key is written.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Style {
    /// Without quotes, so that `<<` merges.
    Plain,
    /// In quotes: `"<<"` is a key like any other.
    Quoted,
    /// It is a list or a mapping, which is a finding already.
    NoText,
}

/// A node as a key. One that is no text is a finding, and a key without text.
pub(super) fn key_of(node: Node, findings: &mut Vec<Diagnostic>) -> (Key, Style) {
    let span = node.span;
    if let Value::Scalar(scalar) = node.value {
        let style = if scalar.plain { Style::Plain } else { Style::Quoted };
        return (Key { text: scalar.text, span }, style);
    }
    findings.push(
        Diagnostic::error(Code::BadKey, "a key must be a text")
            .at(span, "")
            .help("write `name: value`; a text that starts with `{` or `[` needs quotes"),
    );
    (Key { text: String::new(), span }, Style::NoText)
}

/// The finding about a key that its mapping has already.
pub(super) fn given_twice(key: &Key, first: SourceSpan) -> Diagnostic {
    let message = format!("`{}` is given twice in the same mapping", key.text);
    Diagnostic::error(Code::DuplicateKey, message)
        .at(key.span, "again here")
        .at(first, "first here")
        .help("keep one of the two")
}
