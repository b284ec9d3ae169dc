//! What a command line that clap has refused asks for and gets where programs read the answer.

use std::ffi::OsString;

use clap::ValueEnum as _;

use crate::cli::{ErrorKind, Format, Problem};

/// The form of the document that a command line asks for which clap has refused: what its last word of
/// `--output` says, wherever it stands.
pub(in crate::cli) fn format(args: &[OsString]) -> Format {
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
            None => word.strip_prefix('-').and_then(|short| short.split_once('o')).and_then(
                |(_, rest)| {
                    if rest.is_empty() {
                        next()
                    } else {
                        Some(rest.strip_prefix('=').unwrap_or(rest))
                    }
                },
            ),
        };
        let value = value.and_then(|value| Format::from_str(value, false).ok());
        format = value.unwrap_or(format);
    }
    format
}

/// What clap's text says: a first line, what belongs to it, tips; its usage is for people.
pub(super) fn problem(text: &str) -> Problem {
    let code = ErrorKind::Usage.code().to_owned();
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
        let found = problem(
            "error: unexpected argument '--fo' found\n\n  tip: a similar argument exists: '--foo'\n\nUsage: mlctl x\n",
        );
        assert_eq!(found.message, "unexpected argument '--fo' found");
        assert!(found.details.is_empty());
        assert_eq!(found.hints[0], "a similar argument exists: '--foo'");
    }
}
