//! A command line as it was typed, and what it becomes when something in it is said otherwise.

use std::ffi::OsString;
use std::path::Path;

use clap::Command;
use clap::error::ErrorKind;

use crate::cli::{Cli, Verb, command, parse};
use crate::text::shell_word;

/// The words of a command line behind the program's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) words: Vec<String>,
}

/// A flag that was taken out of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// Where it stood.
    pub(super) at: usize,
    /// The word behind it, or behind its `=`.
    pub(super) value: Option<String>,
}

impl Line {
    /// The words of a process, whose first one is the program.
    pub(super) fn of(args: &[OsString]) -> Self {
        let words = args.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
        Self { words: words.collect() }
    }

    /// The line as mlctl reads it.
    pub(super) fn read(&self) -> Result<(Cli, String), clap::Error> {
        let words = self.words.iter().map(OsString::from);
        parse([OsString::from("mlctl")].into_iter().chain(words).collect())
    }

    /// Whether mlctl would do what it says.
    pub(super) fn is_understood(&self) -> bool {
        match self.read() {
            Ok(_) => true,
            Err(error) => {
                matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)
            }
        }
    }

    /// All that is wrong with it is that something is left out.
    pub(super) fn lacks_something(&self) -> bool {
        let error = self.read().err().map(|error| error.kind());
        error == Some(ErrorKind::MissingRequiredArgument)
    }

    /// What it names for its verb is no file, and isn't called like one, as where somebody meant a run.
    pub(super) fn lacks_its_file(&self) -> bool {
        let Ok((cli, _)) = self.read() else { return false };
        let spec = match cli.verb {
            Verb::Train(args) => args.spec,
            Verb::Tune(args) => args.spec,
            Verb::BatchPredict(args) => args.spec,
            _ => return false,
        };
        let is_called = |file: &Path| file.to_string_lossy().contains(['.', '/']);
        spec.named()
            .iter()
            .any(|file| *file != Path::new("-") && !is_called(file) && !file.exists())
    }

    /// The verb as far as there is one, and the command that it is: `tune trials`.
    pub(super) fn verb(&self) -> (String, Command) {
        let (mut path, mut at) = (Vec::new(), command());
        for word in &self.words {
            let Some(inner) = at.find_subcommand(word) else { continue };
            path.push(inner.get_name().to_owned());
            at = inner.clone();
        }
        (path.join(" "), at)
    }

    /// Takes out the first of a flag; with its value where the word behind it may be one.
    pub(super) fn take(&mut self, flag: &str) -> Option<Taken> {
        let behind = format!("{flag}=");
        let end = self.words.iter().position(|word| word == "--").unwrap_or(self.words.len());
        let at =
            self.words[..end].iter().position(|word| word == flag || word.starts_with(&behind))?;
        let word = self.words.remove(at);
        if let Some(value) = word.strip_prefix(&behind) {
            return Some(Taken { at, value: Some(value.to_owned()) });
        }
        let value = self.words.get(at).filter(|_| at + 1 < end).filter(|word| may_be_value(word));
        let value = value.cloned();
        if value.is_some() {
            self.words.remove(at);
        }
        Some(Taken { at, value })
    }

    /// Puts words in a place.
    pub(super) fn put(&mut self, at: usize, words: impl IntoIterator<Item = String>) {
        self.words.splice(at..at, words);
    }

    /// Adds words at the end of what is mlctl's own.
    pub(super) fn add(&mut self, words: impl IntoIterator<Item = String>) {
        let end = self.words.iter().position(|word| word == "--").unwrap_or(self.words.len());
        self.put(end, words);
    }
}

/// A word that may be the value of the flag before it: no flag, and no file that a verb takes.
pub(super) fn may_be_value(word: &str) -> bool {
    let is_number = word.parse::<f64>().is_ok();
    let is_file = [".yaml", ".yml", ".py", ".sh"].iter().any(|ending| word.ends_with(ending));
    (!word.starts_with('-') || is_number) && !is_file
}

impl std::fmt::Display for Line {
    /// As a shell takes it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("mlctl")?;
        self.words.iter().try_for_each(|word| write!(f, " {}", shell_word(word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line { words: text.split(' ').map(str::to_owned).collect() }
    }

    #[test]
    fn flags_are_taken_out_with_their_values() {
        for (before, flag, value, after) in [
            ("train m.yaml --epochs 1 -d", "--epochs", Some("1"), "train m.yaml -d"),
            ("train --epochs=1 m.yaml", "--epochs", Some("1"), "train m.yaml"),
            ("train --fast m.yaml", "--fast", None, "train m.yaml"),
            ("train --fast --detach", "--fast", None, "train --detach"),
            ("train --lr -1e-3", "--lr", Some("-1e-3"), "train"),
            ("train a.py --fast -- x", "--fast", None, "train a.py -- x"),
        ] {
            let mut line = line(before);
            let taken = line.take(flag).expect("it is there");
            assert_eq!((taken.value.as_deref(), &line), (value, &super::tests::line(after)));
        }
        assert_eq!(line("train -- --epochs 1").take("--epochs"), None);
    }

    #[test]
    fn a_line_is_as_a_shell_takes_it() {
        let line = Line { words: vec!["train".into(), "--set".into(), "a=it's {x: 1}".into()] };
        assert_eq!(line.to_string(), r"mlctl train --set 'a=it'\''s {x: 1}'");
        assert_eq!(line.verb().0, "train");
        assert!(line.is_understood());
    }
}
