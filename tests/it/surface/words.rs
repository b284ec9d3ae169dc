//! Whoever follows a help, the README or an error finds the verbs and the flags that these name.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use clap::Command;
use mlctl::cli::command;
use mlctl::cli::verbs::batch::spelled_out;

use crate::support::repository;

/// Flags of other programs, and of commands that mlctl runs, that texts speak of.
const OF_OTHERS: &[&str] = &[
    "--name", // of a variable's place: `--name=value`
    "--server-side",
    "--path",
    "--profile",
    "--learning-rate",
    "--lr",
    "--x",
    "--epochs",
];

/// All verbs that people call with their paths, each with what its helps say.
fn helps(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
    found.push((path.to_owned(), command.clone()));
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        helps(verb, format!("{path} {}", verb.get_name()).trim(), found);
    }
}

/// The words of a shell's line, and of each command in it those alone that are its own.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let (mut word, mut quote, mut has_word) = (String::new(), None, false);
    let mut chars = line.chars().peekable();
    let ends = |word: &mut String, has_word: &mut bool, all: &mut Vec<Vec<String>>| {
        if std::mem::take(has_word) {
            all.last_mut().expect("one").push(std::mem::take(word));
        }
    };
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => word.push(c),
            (None, '\'' | '"') => (quote, has_word) = (Some(c), true),
            (None, ' ') => ends(&mut word, &mut has_word, &mut all),
            (None, '|' | '&' | ';' | '>' | '<' | '(' | ')') => {
                ends(&mut word, &mut has_word, &mut all);
                all.push(Vec::new());
            }
            (None, '$') if chars.peek() == Some(&'(') => {}
            (None, _) => {
                word.push(c);
                has_word = true;
            }
        }
    }
    ends(&mut word, &mut has_word, &mut all);
    all
}

/// Every example of every help is a command line that mlctl understands.
#[test]
fn examples_are_understood() {
    let mut root = command();
    root.build();
    let mut all = Vec::new();
    helps(&root, "", &mut all);
    let joined = regex::Regex::new(r" ?\\\n *").expect("a pattern");
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for (path, verb) in &all {
        let text = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
        let text = joined.replace_all(&text, " ").into_owned();
        for line in text.lines().filter(|line| line.starts_with("  ") && line.contains("mlctl ")) {
            // What it is for stands behind two spaces.
            let line = line.trim().split("  ").next().unwrap_or_default();
            for words in commands(line)
                .iter()
                .filter(|words| words.first().is_some_and(|word| word == "mlctl"))
            {
                tried += 1;
                let words = spelled_out(words.iter().map(OsString::from));
                if let Err(error) = command().try_get_matches_from(&words) {
                    wrong.push(format!("{path}: {line}: {error}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 150, "only {tried} examples were found");
}

/// Text files that people or mlctl read.
fn texts(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs_err::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            texts(&path, found);
        } else if let Ok(text) = fs_err::read_to_string(&path) {
            found.push((path.display().to_string(), text));
        }
    }
}

/// The flags of a verb, with those that every verb has.
fn flags_of<'a>(root: &'a Command, path: &[&str]) -> Option<BTreeSet<&'a str>> {
    let mut at = root;
    let mut flags: BTreeSet<&str> = BTreeSet::new();
    let mut take = |command: &'a Command| {
        for arg in command.get_arguments() {
            flags.extend(arg.get_long());
            flags.extend(arg.get_all_aliases().into_iter().flatten());
        }
    };
    take(at);
    for word in path {
        at = at.find_subcommand(word)?;
        take(at);
    }
    Some(flags)
}

/// A flag that stands behind a verb in a text is one of that verb.
#[test]
fn flags_that_are_named_are_there() {
    let mut root = command();
    root.build();
    let mut found = Vec::new();
    for folder in ["src", "examples", "templates", "manifests", "man"] {
        texts(&repository().join(folder), &mut found);
    }
    for file in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"] {
        let text = fs_err::read_to_string(repository().join(file)).expect(file);
        found.push((file.to_owned(), text));
    }
    let own = "src/cli/usage/";
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for (file, text) in found.iter().filter(|(file, _)| !file.contains(own)) {
        for (at, _) in text.match_indices("mlctl ") {
            let rest: String =
                text[at + 6..].chars().take_while(|c| !"`\"\n)|;,{}&#$".contains(*c)).collect();
            let words: Vec<&str> = rest.split(' ').collect();
            let mut path = Vec::new();
            let mut at = &root;
            for word in &words {
                let Some(inner) = at.find_subcommand(word) else { break };
                path.push(inner.get_name());
                at = inner;
            }
            let (false, Some(flags)) = (path.is_empty(), flags_of(&root, &path)) else { continue };
            for word in words.iter().skip(path.len()).take_while(|word| **word != "--") {
                let Some(flag) = word.strip_prefix("--") else { continue };
                let flag: String =
                    flag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
                tried += 1;
                if !flags.contains(flag.as_str())
                    && !OF_OTHERS.contains(&format!("--{flag}").as_str())
                {
                    wrong.push(format!("{file}: mlctl {} --{flag}", path.join(" ")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > 200, "only {tried} flags were found");
}

/// A flag that a help or the README names by itself is one of some verb, or of another program.
#[test]
fn flags_that_stand_alone_are_there() {
    let mut root = command();
    root.build();
    let mut all = Vec::new();
    helps(&root, "", &mut all);
    let mut flags = BTreeSet::new();
    for (path, _) in &all {
        let path: Vec<&str> = path.split(' ').filter(|word| !word.is_empty()).collect();
        flags.extend(flags_of(&root, &path).expect("a verb"));
    }
    let mut texts: Vec<(String, String)> = all
        .iter()
        .map(|(path, verb)| (path.clone(), verb.clone().render_long_help().to_string()))
        .collect();
    let readme = fs_err::read_to_string(repository().join("README.md")).expect("the README");
    texts.push(("README.md".to_owned(), readme));
    let pattern = regex::Regex::new(r"(?:^|[\s`(\[])--([a-z][a-z0-9-]+)").expect("a pattern");
    let mut wrong = BTreeSet::new();
    for (path, text) in &texts {
        for found in pattern.captures_iter(text) {
            let flag = &found[1];
            if !flags.contains(flag) && !OF_OTHERS.contains(&format!("--{flag}").as_str()) {
                wrong.insert(format!("{path}: --{flag}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
