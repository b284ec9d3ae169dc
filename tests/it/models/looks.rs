//! `model inspect` and `model diff` as people and programs see them, over models that lie here.

use insta::assert_snapshot;
use serde_json::Value as Json;

use crate::support::{Sandbox, copy_tree, repository, stderr, stdout};

/// A folder with the models of the tests.
pub fn with_models() -> Sandbox {
    let sandbox = Sandbox::new();
    copy_tree(&repository().join("tests/it/models/fixtures"), sandbox.dir().as_path());
    sandbox
}

#[test]
fn each_format_is_shown() {
    let sandbox = with_models();
    for model in [
        "text",
        "int8.tflite",
        "flex.tflite",
        "web-layers",
        "web-graph",
        "network.keras",
        "network.onnx",
    ] {
        let text = stdout(&sandbox.run(0, ["model", "inspect", &format!("./{model}")]));
        assert_snapshot!(format!("inspect_{}", model.replace('.', "_")), text);
    }
}

#[test]
fn a_program_gets_the_same_in_a_document() {
    let sandbox = with_models();
    for model in ["text", "int8.tflite", "web-graph"] {
        let text =
            stdout(&sandbox.run(0, ["model", "inspect", &format!("./{model}"), "-o", "json"]));
        let text = text.replace(&sandbox.dir().display().to_string(), "/work");
        assert_snapshot!(format!("inspect_{}_document", model.replace('.', "_")), text);
    }
}

#[test]
fn a_request_comes_by_itself() {
    let sandbox = with_models();
    let said = |form: &str| {
        let args = ["model", "inspect", "./text", form, "decode"];
        let text = stdout(&sandbox.run(0, args));
        serde_json::from_str::<Json>(&text).expect("JSON")
    };
    assert_eq!(said("--row")["b64"], "AA==");
    assert_eq!(said("--request")["signature_name"], "decode");
    assert_eq!(said("--grpc")["model_spec"]["name"], "text");
    let wrong = sandbox.run(4, ["model", "inspect", "./text", "--row", "nope"]);
    assert!(stderr(&wrong).contains("decode, serving_default"), "{}", stderr(&wrong));
    // The folder, the file in it, a version of the registry: all are the same model.
    sandbox.run(0, ["models", "push", "./text", "words"]);
    for model in ["./text/saved_model.pb", "words@1", "words"] {
        let text = stdout(&sandbox.run(0, ["model", "inspect", model, "-o", "json"]));
        let document: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(document["savedModel"]["warmupRequests"], 3, "{model}");
    }
    let several = stderr(&sandbox.run(5, ["model", "inspect", "./*.tflite"]));
    assert!(several.contains("2 models: flex.tflite, int8.tflite"), "{several}");
    // So are the files of a model of TensorFlow.js whose description alone is named.
    let text = stdout(&sandbox.run(0, ["model", "inspect", "./web-graph/model.json"]));
    assert!(text.contains("shards      1\n"), "{text}");
}

#[test]
fn what_is_missing_is_told() {
    let sandbox = with_models();
    let remove = |name: &str| fs_err::remove_file(sandbox.dir().join(name)).unwrap();
    remove("web-graph/group1-shard1of1.bin");
    remove("text/variables/variables.index");
    remove("text/assets/text.words");
    for (model, missing) in [
        ("./web-graph/model.json", "group1-shard1of1.bin is missing"),
        ("./text", "variables/variables.index is missing"),
        ("./text", "assets/text.words is missing"),
    ] {
        let said = stderr(&sandbox.run(10, ["model", "inspect", model]));
        assert!(said.contains(missing), "{said}");
    }
}

#[test]
fn what_another_model_changes_is_told() {
    let sandbox = with_models();
    let diff = |code: i32, to: &str, more: &[&str]| {
        sandbox.run(code, [&["model", "diff", "./text", to], more].concat())
    };
    let (same, other) = (diff(0, "./text", &[]), diff(10, "./web-graph", &[]));
    assert_snapshot!("diff_same", stdout(&same));
    assert_snapshot!("diff_other", stdout(&other));
    let document: Json =
        serde_json::from_str(&stdout(&diff(10, "./web-graph", &["-o", "json"]))).unwrap();
    assert_eq!(document["breaks"], true);
    assert_eq!(document["changes"][0]["effect"], "breaks");
    fs_err::write(sandbox.dir().join("old.h5"), b"\x89HDF\r\n\x1a\n").unwrap();
    let said = stderr(&diff(5, "./old.h5", &[]));
    assert!(said.contains("old.h5 doesn't say what it takes"), "{said}");
}
