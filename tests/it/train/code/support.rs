//! What tests of a run's code share.

use std::path::Path;

use serde_json::Value as Json;

use crate::support::{Sandbox, stderr};

pub const HEAD: &str = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: code\n";

pub fn spec(sandbox: &Sandbox, text: &str) {
    sandbox.write("p/mlctl.yaml", &format!("{HEAD}{text}"));
}

pub fn status(sandbox: &Sandbox) -> Json {
    serde_json::from_slice(&sandbox.run(0, ["status", "-o", "json"]).stdout).expect("JSON")
}

/// The names of all files below a folder.
pub fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).expect("folder") {
            let entry = entry.expect("entry");
            if entry.file_type().expect("type").is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                found.push(path.strip_prefix(dir).expect("below").display().to_string());
            }
        }
    }
    found.sort();
    found
}

/// A repository as git has made it.
pub fn git(sandbox: &Sandbox, dir: &Path, args: &[&str]) {
    let mut command = std::process::Command::new("git");
    command
        .arg("-C")
        .arg(dir)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(args);
    let output = command.env("HOME", sandbox.home()).output().expect("git");
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
}
