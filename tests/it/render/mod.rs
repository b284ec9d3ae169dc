//! `render`: what a run is in a cluster.

mod endpoints;
mod objects;
mod refused;

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::support::{Sandbox, repository, stdout};

/// A sandbox whose settings name a runner image, and say `more`.
fn sandbox(more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let dir = sandbox.home().join(".config/mlctl");
    fs_err::create_dir_all(&dir).expect("folder");
    let image = "runnerImage: registry.example/mlctl:1\nrunnerArchitectures: [amd64]\n";
    fs_err::write(dir.join("config.yaml"), format!("{image}{more}")).expect("settings");
    sandbox
}

/// The specs whose manifests are looked at.
fn specs() -> PathBuf {
    repository().join("tests/it/specs/render")
}

/// The objects of a spec.
fn objects(sandbox: &Sandbox, spec: &Path, more: &[&str]) -> Vec<Json> {
    let spec = spec.to_str().expect("a path");
    let args = [&["render", spec, "-o", "json", "--user", "tester"], more].concat();
    let list: Json = serde_json::from_str(&stdout(&sandbox.run(0, args))).expect("JSON");
    assert_eq!(list["kind"], "List");
    list["items"].as_array().expect("items").clone()
}

/// The objects of one kind.
fn of_kind<'a>(objects: &'a [Json], kind: &str) -> Vec<&'a Json> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

/// The run that the objects are of.
fn run_of(objects: &[Json]) -> String {
    objects[0]["metadata"]["name"].as_str().expect("a name").to_owned()
}

/// What `pod.json` says.
fn document(objects: &[Json]) -> Json {
    let run = run_of(objects);
    let map = objects.iter().find(|object| object["metadata"]["name"] == format!("{run}-pod"));
    let text = map.expect("the agents' document")["data"]["pod.json"].as_str().expect("text");
    serde_json::from_str(text).expect("JSON")
}
