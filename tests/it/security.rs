//! What SECURITY.md promises is held by tests that exist.

use std::path::Path;

use crate::support::repository;

/// The tests that the table's last column names.
fn named(text: &str) -> Vec<String> {
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.ends_with(" |"));
    let rows = rows.filter(|line| !line.starts_with("| Boundary "));
    let mut tests = Vec::new();
    for row in rows {
        let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        let found: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!found.is_empty(), "no test holds: {row}");
        tests.extend(found.into_iter().map(str::to_owned));
    }
    tests
}

/// There is a test of this path: of the integration tests, or of the module itself or its `tests`.
fn exists(test: &str) -> bool {
    if test.contains('/') {
        return repository().join(test).is_file();
    }
    let (module, name) = test.rsplit_once("::").unwrap_or(("", test));
    let module = module.replace("::", "/");
    ["tests/it", "src"].iter().any(|root| {
        let place = repository().join(root).join(&module);
        let files = [place.with_extension("rs"), place.join("mod.rs"), place.join("tests.rs")];
        files.iter().any(|file| is_test_of(file, name))
    })
}

/// The file has this function, right below `#[test]` or attributes that follow it.
fn is_test_of(file: &Path, name: &str) -> bool {
    let text = fs_err::read_to_string(file).unwrap_or_default();
    let Some(at) = text.find(&format!("fn {name}(")) else { return false };
    let above = text[..at].trim_end().lines().rev().take_while(|line| !line.trim().is_empty());
    above.map(str::trim).any(|line| line == "#[test]")
}

#[test]
fn every_test_of_the_table_exists() {
    let text = fs_err::read_to_string(repository().join("SECURITY.md")).expect("SECURITY.md");
    let tests = named(&text);
    assert!(tests.len() >= 7, "{tests:?}");
    let missing: Vec<&String> = tests.iter().filter(|test| !exists(test)).collect();
    assert!(missing.is_empty(), "SECURITY.md names tests that are not there: {missing:?}");
    assert!(text.contains("security::every_test_of_the_table_exists"));
    for wrong in ["security::nothing", "security::named", "tests/nothing", "nowhere::a"] {
        assert!(!exists(wrong), "{wrong}");
    }
}
