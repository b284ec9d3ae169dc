//! What clap says of a command line that can't be understood, with what it quotes made safe.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::text::line_of;
use crate::ui::{Printer, Text};

/// Prints the help, the version, or what is wrong.
pub(super) fn print(mut error: clap::Error, printer: &Printer) {
    if !error.use_stderr() {
        // Nothing in it is anybody else's. It fails only when the reader has closed the pipe: there is
        // nobody to tell.
        let _ = error.print();
        return;
    }
    if let (ErrorKind::ValueValidation, Some(source)) = (error.kind(), error.source()) {
        // The reason can't be replaced in clap's error.
        let of = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
        let (value, name) = (of(ContextKind::InvalidValue), of(ContextKind::InvalidArg));
        printer.error(format!("invalid value '{value}' for '{name}': {source}"));
        printer.line("");
        printer.line("For more information, try '--help'.");
        return;
    }
    let foreign: Vec<_> =
        error.context().filter_map(|(kind, value)| Some((kind, made_safe(value)?))).collect();
    for (kind, value) in foreign {
        error.insert(kind, value);
        // A ready text that quotes the same again.
        error.remove(ContextKind::Suggested);
    }
    let text = error.render().ansi().to_string();
    printer.line(Text::painted(text.trim_end()));
}

/// What was written on the command line, where it is not safe already.
fn made_safe(value: &ContextValue) -> Option<ContextValue> {
    let safe = match value {
        ContextValue::String(text) => ContextValue::String(line_of(text)),
        ContextValue::Strings(texts) => {
            ContextValue::Strings(texts.iter().map(|text| line_of(text)).collect())
        }
        _ => return None,
    };
    (safe != *value).then_some(safe)
}
