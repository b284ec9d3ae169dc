//! What clap says of a command line that can't be understood, with what it quotes made safe.

use std::error::Error as _;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::line::{Line, may_be_value};
use super::problem::problem;
use super::second::second;
use super::unknown::unknown_flag;
use super::verbs::unknown_verb;
use super::words::{missing, surplus};
use crate::cli::{CliError, Problem};
use crate::text::line_of;
use crate::ui::{Printer, Text};

/// Prints the help, the version, or what is wrong with the command line `args`; gives the latter as programs
/// read it.
pub(in crate::cli) fn print(
    mut error: clap::Error,
    args: &[OsString],
    printer: &Printer,
) -> Option<Problem> {
    if !error.use_stderr() {
        // Nothing in it is anybody else's. It fails only when the reader has closed the pipe: there is
        // nobody to tell.
        let _ = error.print();
        return None;
    }
    if let Some(meant) = meant(&error, &Line::of(args)) {
        meant.print(printer);
        return meant.problems().pop();
    }
    if let (ErrorKind::ValueValidation, Some(source)) = (error.kind(), error.source()) {
        // The reason can't be replaced in clap's error.
        let of = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
        let (value, name) = (of(ContextKind::InvalidValue), of(ContextKind::InvalidArg));
        let message = format!("invalid value '{value}' for '{name}': {source}");
        printer.error(&message);
        printer.line("");
        printer.line("For more information, try '--help'.");
        return CliError::new(crate::cli::ErrorKind::Usage, line_of(&message)).problems().pop();
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

/// What is said instead of clap's words, with what was meant.
fn meant(error: &clap::Error, line: &Line) -> Option<CliError> {
    let of = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            Some(unknown_verb(line, of(ContextKind::InvalidSubcommand)?))
        }
        ErrorKind::UnknownArgument | ErrorKind::ArgumentConflict if second(line).is_some() => {
            second(line).map(|(_, error)| error)
        }
        ErrorKind::UnknownArgument => match unknown(error) {
            Some(flag) => Some(unknown_flag(line, &flag)),
            None => surplus(line, of(ContextKind::InvalidArg)?),
        },
        ErrorKind::MissingRequiredArgument => missing(line, error),
        ErrorKind::ValueValidation => {
            let flag = of(ContextKind::InvalidArg)?.split(' ').next()?;
            pair_in_two(line, flag, of(ContextKind::InvalidValue)?)
        }
        _ => None,
    }
}

/// The flag that an error of clap says it doesn't know.
pub(super) fn unknown(error: &clap::Error) -> Option<String> {
    let is_it = error.kind() == ErrorKind::UnknownArgument;
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return None };
    Some(flag.clone()).filter(|flag| is_it && flag.starts_with('-'))
}

/// `--set a 2` is `--set a=2`: where a pair is asked for, the word behind half of one is the other half.
fn pair_in_two(line: &Line, flag: &str, half: &str) -> Option<CliError> {
    if half.contains('=') || !["--set", "--label"].contains(&flag) {
        return None;
    }
    let form = if flag == "--set" { "PATH=VALUE" } else { "KEY=VALUE" };
    let message = format!("{flag} takes {form}, and `{half}` has no `=`");
    let error = CliError::new(crate::cli::ErrorKind::Usage, message);
    let at = line.words.iter().position(|word| word == half)?;
    let mut whole = line.clone();
    // `--set a: 2`
    let name = half.strip_suffix(':').unwrap_or(half);
    let value = match name.split_once(':') {
        Some((name, value)) if !value.is_empty() => {
            whole.words[at] = format!("{name}={value}");
            return Some(error.hint(format!("write: {whole}")));
        }
        _ => whole.words.get(at + 1).filter(|next| may_be_value(next)).cloned(),
    };
    let Some(value) = value else {
        return Some(error.hint(format!("write: {flag} {name}=VALUE")));
    };
    whole.words[at] = format!("{name}={value}");
    whole.words.remove(at + 1);
    Some(error.hint(format!("write: {whole}")))
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
