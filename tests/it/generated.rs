//! Generated files are committed and have not drifted; `MLCTL_UPDATE=1` writes them anew.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use crate::support::{Sandbox, repository, stdout};

fn check(path: &Path, text: &str) {
    if std::env::var_os("MLCTL_UPDATE").is_some() {
        fs_err::create_dir_all(path.parent().expect("a folder")).expect("folder");
        fs_err::write(path, text).expect("written");
    }
    let committed = fs_err::read_to_string(path).unwrap_or_default();
    assert!(!text.is_empty(), "nothing is made for {}", path.display());
    assert!(committed == text, "{} has drifted: just generate", path.display());
}

#[test]
fn completions() {
    let sandbox = Sandbox::new();
    for (shell, file) in [("bash", "mlctl.bash"), ("zsh", "_mlctl"), ("fish", "mlctl.fish")] {
        let script = stdout(&sandbox.run(0, ["completions", shell]));
        check(&repository().join("completions").join(file), &script);
    }
}

#[test]
fn man_pages() {
    let sandbox = Sandbox::new();
    sandbox.run(0, ["man", "--dir", "man"]);
    let pages = |dir: &Path| -> BTreeSet<OsString> {
        let entries = fs_err::read_dir(dir).expect("pages");
        entries.map(|entry| entry.expect("a page").file_name()).collect()
    };
    let (made, committed) = (sandbox.dir().join("man"), repository().join("man"));
    for page in pages(&made) {
        let text = fs_err::read_to_string(made.join(&page)).expect("text");
        check(&committed.join(page), &text);
    }
    assert_eq!(pages(&committed), pages(&made), "pages of verbs that are no more");
}

/// The help of every verb, as a user sees it in 80 columns.
#[test]
fn help() {
    let sandbox = Sandbox::new();
    let mut all = stdout(&sandbox.run(0, ["--help"]));
    let command = mlctl::cli::command();
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let text = stdout(&sandbox.run(0, [verb.get_name(), "--help"]));
        assert!(text.contains("Examples:"), "{} has no examples", verb.get_name());
        all.push_str(&format!("\n==== mlctl {}\n\n{text}", verb.get_name()));
    }
    let long: Vec<&str> = all.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(long.is_empty(), "longer than 80 columns: {long:#?}");
    assert!(!all.contains('\u{1b}'), "colour in a pipe");
    check(&repository().join("tests/it/help.txt"), &all);
}

/// Text files below a folder.
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

/// Whoever is told to run `mlctl VERB` must find that verb.
#[test]
fn verbs_that_are_named_are_there() {
    let command = mlctl::cli::command();
    let mut verbs = vec!["help"];
    for verb in command.get_subcommands() {
        verbs.push(verb.get_name());
        verbs.extend(verb.get_all_aliases());
    }
    let mut found = Vec::new();
    for folder in ["src", "examples", "templates", "manifests"] {
        texts(&repository().join(folder), &mut found);
    }
    for file in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"] {
        let text = fs_err::read_to_string(repository().join(file)).expect(file);
        found.push((file.to_owned(), text));
    }
    let mut wrong = Vec::new();
    for (file, text) in &found {
        for call in ["`mlctl ", "with: mlctl ", "\\n  mlctl "] {
            for (at, _) in text.match_indices(call) {
                let word: String = text[at + call.len()..]
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '-')
                    .collect();
                if word.starts_with(|c: char| c.is_ascii_lowercase())
                    && !verbs.contains(&word.as_str())
                {
                    wrong.push(format!("{file}: mlctl {word}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
