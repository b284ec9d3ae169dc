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
