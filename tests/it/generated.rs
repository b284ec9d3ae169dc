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

#[test]
fn files_of_other_systems() {
    let text = mlctl::spec::imports_document();
    let systems = mlctl::spec::system_names();
    assert_eq!(text.matches("\n## ").count(), systems.len(), "a section for each system");
    check(&repository().join("docs/imports.md"), &text);
}

/// The help of every verb, and of what it can be told to do, as a user sees it in 80 and in 120 columns.
#[test]
fn help() {
    for (width, file) in [(80, "help.txt"), (120, "help-wide.txt")] {
        let all = helps(width);
        let long: Vec<&str> = all.lines().filter(|line| line.chars().count() > width).collect();
        assert!(long.is_empty(), "longer than {width} columns: {long:#?}");
        assert!(!all.contains('\u{1b}'), "colour in a pipe");
        check(&repository().join("tests/it").join(file), &all);
    }
}

/// All helps in so many columns. The global options are in those alone where some mean nothing.
fn helps(width: usize) -> String {
    let sandbox = Sandbox::new();
    let help = |verb: &str| {
        let words = verb.split(' ').filter(|word| !word.is_empty()).chain(["--help"]);
        let output = sandbox.mlctl(words).env("COLUMNS", width.to_string()).output();
        stdout(&output.expect("mlctl starts"))
    };
    let mut all = help("");
    let global = |text: &str| {
        let from = text.find("\nGlobal options:\n").expect("global options");
        let length = text[from..].find("\nExamples:").unwrap_or(text.len() - from);
        let rest = text[from..].find("\n  -n, --namespace").expect("the last one");
        let end = text[from + rest + 1..].find("\n\n").map_or(length, |end| rest + 1 + end);
        (from, from + end)
    };
    let (from, to) = global(&all);
    let options = all[from..to].to_owned();
    for verb in verbs(&mlctl::cli::command(), "") {
        let text = help(&verb);
        assert!(text.contains("Examples:"), "{verb} has no examples");
        let text = text.replace(&options, "");
        all.push_str(&format!("\n==== mlctl {verb}\n\n{text}"));
    }
    all
}

/// The verbs that people call, with those below them.
fn verbs(command: &clap::Command, path: &str) -> Vec<String> {
    let mut all = Vec::new();
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let path = format!("{path} {}", verb.get_name()).trim().to_owned();
        let below = verbs(verb, &path);
        all.push(path);
        all.extend(below);
    }
    all
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
