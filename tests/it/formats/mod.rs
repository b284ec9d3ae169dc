//! What outlives a process stays readable: documents that an earlier mlctl wrote, in `v1/`
//! to `v14/`.

mod documents;
mod endpoints;
mod events;
mod folder;
mod models;
mod printed;
mod runner;
mod studies;

use std::fmt::Debug;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::support::{Sandbox, copy_tree, repository};

/// A fixture of what came with servers that have a port of their own.
fn v14(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v14").join(name)
}

/// A fixture of what came with claims of outputs.
fn v12(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v12").join(name)
}

fn v13(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v13").join(name)
}

fn v11(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v11").join(name)
}

/// A fixture of what came with names of models in jobs and runs.
fn v10(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v10").join(name)
}

/// A fixture of what came with endpoints in clusters.
fn v9(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v9").join(name)
}

/// A fixture of what came with endpoints.
fn v8(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v8").join(name)
}

/// A fixture of what came with the registry of models.
fn v7(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v7").join(name)
}

/// A fixture of what came with proofs of ends, and with pods that are not simply there.
fn v6(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v6").join(name)
}

/// A fixture of what came with events beside a log.
fn v5(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v5").join(name)
}

/// A fixture of version 1.
fn v1(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v1").join(name)
}

/// A fixture of a format 2.
fn v2(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v2").join(name)
}

/// A fixture of a format 3.
fn v3(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v3").join(name)
}

/// A fixture of a format 4, or of what came with it.
fn v4(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v4").join(name)
}

fn text(path: PathBuf) -> String {
    fs_err::read_to_string(path).expect("a fixture")
}

/// A sandbox whose state folder an earlier mlctl wrote.
fn with_state() -> Sandbox {
    let sandbox = Sandbox::new();
    copy_tree(&v1("state"), &sandbox.state());
    sandbox
}

/// The folder of the fixture's run of this name.
fn run(name: &str) -> PathBuf {
    runs()
        .into_iter()
        .find(|run| run.file_name().unwrap().to_string_lossy().starts_with(&format!("{name}-")))
        .unwrap_or_else(|| panic!("a run {name}"))
}

fn runs() -> Vec<PathBuf> {
    let entries = fs_err::read_dir(v1("state/runs")).expect("runs");
    let mut runs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    runs.sort();
    runs
}

/// Reads a document and writes it again: nothing of it may be lost or written otherwise.
#[track_caller]
fn comes_back<T: DeserializeOwned + Serialize + Debug>(text: &str) -> T {
    let document: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let before: Json = serde_json::from_str(text).expect("JSON");
    let after = serde_json::to_value(&document).expect("JSON");
    assert!(before == after, "read:\n{before:#}\nwritten:\n{after:#}");
    document
}

/// The same for each line.
#[track_caller]
fn lines_come_back<T: DeserializeOwned + Serialize + Debug>(text: &str) -> Vec<T> {
    text.lines().map(comes_back).collect()
}

/// The variants of an enum that is tagged with `type`: all of their names, and the one of a value. A
/// variant that is left out doesn't compile.
macro_rules! kinds {
    ($type:ty: $($variant:ident $name:literal),+ $(,)?) => {{
        fn name(kind: &$type) -> &'static str {
            type Kind = $type;
            match kind {
                $(Kind::$variant { .. } => $name,)+
            }
        }
        (&[$($name),+][..], name as fn(&$type) -> &'static str)
    }};
}
use kinds;

/// Every kind has a line, and each line is called as its kind is.
#[track_caller]
fn covers<T>(text: &str, found: &[T], (names, name): (&[&str], fn(&T) -> &'static str)) {
    let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (line, value) in lines.iter().zip(found) {
        assert_eq!(line["type"], name(value));
    }
    for wanted in names {
        assert!(lines.iter().any(|line| line["type"] == *wanted), "no line of kind {wanted}");
    }
}
