//! A verb that isn't there: which one was meant, by sense or by spelling.

use clap::Command;

use super::line::Line;
use super::sense::{PAIRS, PREFIXES, VERBS};
use crate::cli::{CliError, ErrorKind, command};
use crate::text::{nearest, one_slip_from};

/// So many of several meanings are shown.
const SHOWN: usize = 3;
/// A shorter word is one slip away from words of any sense.
const LONG_ENOUGH: usize = 5;
/// What a file is called that `train` takes.
const FILES: [&str; 4] = [".py", ".sh", ".yaml", ".yml"];

/// The error of a word that is no verb.
pub(super) fn unknown_verb(line: &Line, word: &str) -> CliError {
    let at = line.words.iter().position(|one| one == word).unwrap_or(line.words.len());
    let before = Line { words: line.words[..at].to_vec() };
    let (path, within) = before.verb();
    let message = match path.as_str() {
        "" => format!("there is no verb `{word}`"),
        verb => format!("`mlctl {verb}` has no verb `{word}`"),
    };
    let error = CliError::new(ErrorKind::Usage, message);
    let is_file = path.is_empty() && FILES.iter().any(|end| word.ends_with(end));
    if is_file {
        let mut whole = line.clone();
        whole.put(at, ["train".to_owned()]);
        return error.hint(format!("write: {whole}"));
    }
    let hints = meant(line, &path, &within, at);
    if hints.is_empty() {
        return error.hint(format!("all that there are: mlctl {path} --help").replace("  ", " "));
    }
    hints.into_iter().fold(error, CliError::hint)
}

/// What was meant by the word in a place of the line, each as a command line.
fn meant(line: &Line, path: &str, within: &Command, at: usize) -> Vec<String> {
    let word = |at: usize| line.words.get(at).map_or("", String::as_str);
    if path.is_empty() && PREFIXES.contains(&word(at)) && at + 1 < line.words.len() {
        let mut rest = line.clone();
        rest.words.remove(at);
        if within.find_subcommand(word(at + 1)).is_some() {
            return vec![rest.to_string()];
        }
        return meant(&rest, path, within, at);
    }
    let first = if path.is_empty() { word(at).to_owned() } else { format!("{path} {}", word(at)) };
    let pair = format!("{} {}", word(at), word(at + 1));
    let found = by_sense(&pair).map(|means| (at + 2, means)).filter(|_| path.is_empty());
    let found = found.or_else(|| by_sense(&first).map(|means| (at + 1, means)));
    // As in `job train x.yaml`.
    let is_doubled = path.is_empty() && within.find_subcommand(word(at + 1)).is_some();
    let found = found.filter(|(behind, _)| !is_doubled || *behind == at + 2);
    if let Some((behind, means)) = found {
        let means = means.iter().take(SHOWN);
        return means.map(|means| told(line, at, behind, means)).collect();
    }
    if is_doubled {
        return vec![told(line, at, at + 2, word(at + 1))];
    }
    let verbs = within.get_subcommands().filter(|verb| !verb.is_hide_set());
    let names: Vec<&str> = verbs
        .flat_map(|verb| std::iter::once(verb.get_name()).chain(verb.get_visible_aliases()))
        .collect();
    if let Some(near) = nearest(word(at), names) {
        let near = format!("{path} {near}");
        return vec![told(line, at, at + 1, near.trim_start())];
    }
    // A guess at a guess must be near: what nobody meant may end something.
    let known = VERBS.iter().flat_map(|(words, _)| words.split(' '));
    let known = known.filter(|known| known.len() >= LONG_ENOUGH);
    let near = one_slip_from(word(at), known).filter(|_| path.is_empty());
    let means = near.and_then(by_sense).unwrap_or_default().iter().take(1);
    means.map(|means| told(line, at, at + 1, means)).collect()
}

/// What a word, or two of them, means.
pub(super) fn by_sense(words: &str) -> Option<&'static [&'static str]> {
    let found = if words.contains(' ') {
        PAIRS.iter().find(|(pair, _)| *pair == words)
    } else {
        VERBS.iter().find(|(known, _)| known.split(' ').any(|word| word == words))
    };
    found.map(|(_, means)| *means)
}

/// A hint at a verb in the place of words: with the rest of the line, where mlctl understands that.
pub(super) fn told(line: &Line, at: usize, behind: usize, means: &str) -> String {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let (verb, tail) = means.split_once(" -- ").unwrap_or((means, ""));
    let tail = if tail.is_empty() { Vec::new() } else { words(&format!("-- {tail}")) };
    let rest = line.words.get(behind..).unwrap_or_default();
    let mut whole = Line { words: [&line.words[..at.min(line.words.len())], rest].concat() };
    let before = Line { words: line.words[..at].to_vec() };
    if !before.verb().0.is_empty() {
        // The meaning begins with the verb that stands there already.
        whole.words = rest.to_vec();
    }
    let place = if before.verb().0.is_empty() { at } else { 0 };
    whole.put(place, words(verb));
    whole.add(tail.clone());
    let alone = Line { words: [words(verb), tail].concat() };
    let is_right = whole.is_understood() || whole.lacks_something();
    let shown = if is_right && !whole.lacks_its_file() { whole } else { alone };
    match about(verb) {
        Some(about) => format!("{about}: {shown}"),
        None => shown.to_string(),
    }
}

/// What a verb does, in the words of the list of verbs.
fn about(verb: &str) -> Option<String> {
    let mut at = &command();
    for word in verb.split(' ') {
        let Some(inner) = at.find_subcommand(word) else { break };
        at = inner;
    }
    let about = at.get_about()?.to_string();
    let mut chars = about.chars();
    let first = chars.next()?.to_lowercase();
    Some(first.chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every word leads to a verb that is there, and is none itself.
    #[test]
    fn the_tables_are_right() {
        let root = command();
        for (words, means) in VERBS.iter().chain(PAIRS) {
            for means in *means {
                let line = Line { words: means.split(' ').map(str::to_owned).collect() };
                let (verb, _) = line.verb();
                assert!(!verb.is_empty() && means.starts_with(&verb), "{words}: {means}");
                let lacks = line.read().err().map(|error| error.kind());
                let is_fine =
                    matches!(lacks, None | Some(clap::error::ErrorKind::MissingRequiredArgument));
                assert!(is_fine, "{words}: {means}: {lacks:?}");
            }
        }
        let all: Vec<&str> = VERBS.iter().flat_map(|(words, _)| words.split(' ')).collect();
        for word in &all {
            let is_verb = root.find_subcommand(word).is_some_and(|verb| !verb.is_hide_set());
            assert!(!is_verb, "{word} is a verb");
            assert_eq!(all.iter().filter(|one| *one == word).count(), 1, "{word} means two things");
        }
        assert!(PAIRS.iter().all(|(pair, _)| pair.split(' ').count() == 2));
    }
}
