//! A verb of two words that isn't there: what stands where a spec is named, and is no file, is a verb of other
//! tools.

use std::path::Path;

use super::line::Line;
use super::sense::{BEGIN, PAIRS};
use super::verbs::{by_sense, told};
use crate::cli::{CliError, ErrorKind, command};

/// Verbs behind which a spec is named, and what that is called.
const OF_SPECS: [(&str, &str); 4] = [
    ("train", "no file of this name"),
    ("tune", "no file of this name"),
    ("batch-predict", "no file of this name"),
    ("serve", "no file and no model of this name"),
];

/// So many of several meanings are shown.
const SHOWN: usize = 2;

/// What an error says in whose place a verb of two words was meant.
pub(in crate::cli) fn meant_by_second(error: CliError, args: &[std::ffi::OsString]) -> CliError {
    let is_about = |word: &str| {
        let first = error.message.split(' ').next().unwrap_or_default();
        first.trim_matches('`') == word
    };
    let line = Line::of(args);
    match (error.kind, second(&line)) {
        (ErrorKind::NotFound, Some((word, meant))) if is_about(word) => meant,
        _ => error,
    }
}

/// The second word of a line that is no file and a verb elsewhere, with what is said of it.
pub(super) fn second(line: &Line) -> Option<(&str, CliError)> {
    let (verb, none) = OF_SPECS.iter().find(|(verb, _)| line.words.iter().any(|w| w == verb))?;
    let at = line.words.iter().position(|word| word == verb)?;
    let word = line.words.get(at + 1)?.as_str();
    let before = Line { words: line.words[..at].to_vec() };
    let is_word =
        word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
    let root = command();
    let own = root.find_subcommand(verb)?;
    if !is_word
        || !before.verb().0.is_empty()
        || own.find_subcommand(word).is_some()
        || Path::new(word).exists()
    {
        return None;
    }
    let hints = meant(line, at, verb, word);
    if hints.is_empty() {
        return None;
    }
    let message = format!("`mlctl {verb}` has no verb `{word}`, and there is {none}");
    let error = CliError::new(ErrorKind::Usage, message);
    Some((word, hints.into_iter().fold(error, CliError::hint)))
}

/// What is meant by a word behind a verb, each as a command line.
fn meant(line: &Line, at: usize, verb: &str, word: &str) -> Vec<String> {
    let pair = format!("{verb} {word}");
    let of_pair = PAIRS.iter().find(|(known, _)| *known == pair).map(|(_, means)| *means);
    if of_pair.is_none() && BEGIN.split(' ').any(|known| known == word) {
        return vec![told(line, at, at + 2, verb)];
    }
    let root = command();
    let known = root.find_subcommand(word).filter(|verb| !verb.is_hide_set());
    if let (None, Some(known)) = (of_pair, known) {
        return vec![told(line, at, at + 2, known.get_name())];
    }
    let means = of_pair.or_else(|| by_sense(word)).unwrap_or_default();
    means.iter().take(SHOWN).map(|means| told(line, at, at + 2, means)).collect()
}
