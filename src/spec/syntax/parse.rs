//! YAML and JSON texts to trees of nodes, with every error that a text has.

use granit_parser::{Options, Parser, options};

use super::builder::{Builder, MAX_DEPTH, Step};
use super::code::Code;
use super::complaint;
use super::diagnostic::Diagnostic;
use super::node::Node;
use super::source::SourceSpan;

/// Longest text that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// The same for who reads it from a file: a longer one need not be read to its end.
pub const SPEC_LIMIT: u64 = MAX_BYTES as u64;

/// The documents of one text, as far as they could be read.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    /// Documents without a syntax error, in order; empty ones are left out.
    pub(crate) documents: Vec<Node>,
    /// The errors of all documents, in the order in which they were met.
    pub(crate) findings: Vec<Diagnostic>,
    /// Some document could not be read to its end.
    pub(crate) broken: bool,
}

/// Reads all documents of a text. `source` is the text's index for the spans.
pub(crate) fn parse(source: usize, text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    if text.len() > MAX_BYTES {
        parsed.broken = true;
        parsed.findings.push(
            Diagnostic::error(Code::TooLarge, format!("the file is larger than {MAX_BYTES} bytes"))
                .at(SourceSpan { source, start: 0, end: 0 }, "")
                .help("a spec is a short text; data and code belong into files of their own"),
        );
        return parsed;
    }
    let mut builder = Builder::new(source);
    let mut parser = Parser::new_from_str_with_options(text, parser_options());
    loop {
        match parser.next() {
            None => break,
            Some(Ok((event, span))) => {
                let span = builder.span(span, text);
                match builder.event(event, span) {
                    Step::Go => continue,
                    Step::Document(node) => {
                        parsed.documents.extend(node);
                        continue;
                    }
                    Step::GiveUp => parsed.broken = true,
                }
            }
            Some(Err(error)) => {
                parsed.broken = true;
                builder.findings.push(complaint::explain(source, text, &error));
            }
        }
        // What is left of this document is lost; the ones behind the next `---` are not.
        builder.reset();
        if !parser.proceed_next_document().unwrap_or(false) {
            break;
        }
    }
    parsed.findings = builder.findings;
    parsed
}

fn parser_options() -> Options {
    options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    }
}
