//! Models by name and version, as users keep them: in a folder, and in a bucket.

mod after;
mod folder;
mod hostile;
mod library;
mod looks;
mod pushes;
mod real;

use serde_json::Value as Json;

use crate::support::{Sandbox, stdout};

/// A SavedModel by its names, whose weights are these.
fn saved_model(sandbox: &Sandbox, folder: &str, weights: &str) {
    sandbox.write(&format!("{folder}/saved_model.pb"), "graph");
    sandbox.write(&format!("{folder}/variables/variables.data-00000-of-00001"), weights);
}

/// The document that `mlctl models` prints.
#[track_caller]
fn document(sandbox: &Sandbox, args: &[&str]) -> Json {
    let output = sandbox.run(0, [&["models"], args, &["-o", "json"]].concat());
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

/// The numbers of a model's versions.
#[track_caller]
fn versions(sandbox: &Sandbox, name: &str) -> Vec<u64> {
    let document = document(sandbox, &["show", name]);
    let versions = document["versions"].as_array().expect("versions");
    versions.iter().map(|version| version["version"].as_u64().unwrap()).collect()
}
