//! What clap says of a command line that can't be understood, with what it quotes made safe.

use std::error::Error as _;
use std::ffi::OsString;

use clap::ValueEnum as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{CliError, Format, Problem};
use crate::text::line_of;
use crate::ui::{Printer, Text};

/// The form of the document that a command line asks for which clap has refused: what its last word of
/// `--output` says, wherever it stands.
pub(super) fn format(args: &[OsString]) -> Format {
    let words: Vec<_> = args.iter().skip(1).map(|arg| arg.to_string_lossy()).collect();
    let own = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let mut format = Format::Table;
    for (at, word) in words[..own].iter().enumerate() {
        let next = || words.get(at + 1).map(AsRef::as_ref);
        let value = match word.strip_prefix("--output") {
            Some("") => next(),
            Some(value) => value.strip_prefix('='),
            // `-o json`, `-ojson`, `-o=json`, `-qo json`
            None if word.starts_with("--") => None,
            None => word.strip_prefix('-').and_then(|short| short.split_once('o')).and_then(|(_, rest)| {
                if rest.is_empty() { next() } else { Some(rest.strip_prefix('=').unwrap_or(rest)) }
            }),
        };
        let value = value.and_then(|value| Format::from_str(value, false).ok());
        format = value.unwrap_or(format);
    }
    format
}

/// Prints the help, the version, or what is wrong, and gives the latter as programs read it.
pub(super) fn print(mut error: clap::Error, printer: &Printer) -> Option<Problem> {
    if !error.use_stderr() {
        // Nothing in it is anybody else's. It fails only when the reader has closed the pipe: there is
        // nobody to tell.
        let _ = error.print();
        return None;
    }
    if let (ErrorKind::ValueValidation, Some(source)) = (error.kind(), error.source()) {
        // The reason can't be replaced in clap's error.
        let of = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
        let (value, name) = (of(ContextKind::InvalidValue), of(ContextKind::InvalidArg));
        let message = format!("invalid value '{value}' for '{name}': {source}");
        printer.error(&message);
        printer.line("");
        printer.line("For more information, try '--help'.");
        return CliError::new(super::ErrorKind::Usage, line_of(&message)).problems().pop();
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
    Some(problem(&error.render().to_string()))
}

/// What clap's text says: a first line, what belongs to it, tips; its usage is for people.
fn problem(text: &str) -> Problem {
    let code = super::ErrorKind::Usage.code().to_owned();
    let (mut message, mut details, mut hints) = (String::new(), Vec::new(), Vec::new());
    for line in text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:")) {
        if let Some(tip) = line.strip_prefix("tip: ") {
            hints.push(tip.to_owned());
        } else if message.is_empty() {
            line.strip_prefix("error: ").unwrap_or(line).clone_into(&mut message);
        } else if !line.is_empty() {
            details.push(line.to_owned());
        }
    }
    hints.push("mlctl --help, or --help behind the verb".to_owned());
    Problem { code, message, details, hints, place: None }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_known_where_nothing_else_is() {
        let form = |line: &str| format(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        for line in ["-o json", "-ojson", "-o=json", "--output json", "--output=json", "-qo json"] {
            assert_eq!(form(&format!("mlctl train --nope {line} x")), Format::Json, "{line}");
        }
        for line in ["mlctl -o yaml -o json -o table list", "mlctl x -o", "mlctl exec -- -o json"] {
            assert_eq!(form(line), Format::Table, "{line}");
        }
        assert_eq!(form("mlctl list -o yaml --output nonsense"), Format::Yaml);
    }

    #[test]
    fn what_clap_says_is_a_problem_with_hints() {
        let found = problem("error: unexpected argument '--fo' found\n\n  tip: a similar argument exists: '--foo'\n\nUsage: mlctl x\n");
        assert_eq!(found.message, "unexpected argument '--fo' found");
        assert!(found.details.is_empty());
        assert_eq!(found.hints[0], "a similar argument exists: '--foo'");
    }
}
