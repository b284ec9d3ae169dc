//! What an export refuses before an environment is made for it, and what it would run.

use std::process::Command;

use serde_json::Value as Json;

use crate::support::{Sandbox, both, repository, stderr};

/// A model of TensorFlow.js without any weights.
const TFJS: &str =
    r#"{"format": "graph-model", "modelTopology": {"node": []}, "weightsManifest": []}"#;

#[test]
fn what_can_be_no_export_is_refused_with_what_to_do() {
    let sandbox = Sandbox::new();
    sandbox.write("page/model.json", TFJS);
    sandbox.write("folder/readme.txt", "no model");
    let rows = sandbox.write("rows.jsonl", "{}\n");
    let rows = rows.to_str().unwrap();
    for (code, line, said) in [
        (2, "export ./m --to tflite --quantize uint8", "tflite can't be quantized to uint8"),
        (2, "export ./m --to tflite --quantize int8", "--representative FILE"),
        (2, "export ./m --to tflite --pwa", "add --to tfjs"),
        (2, "export ./m --to tfjs --min-accuracy 0.9", "--evaluate FILE --label FIELD"),
        (2, "export ./m --to coreml", "possible values: tflite, tfjs, onnx"),
        (2, "export ./m", "--to <TARGET>"),
        (5, "export ./folder --to tflite", "folder"),
        (4, "export nothing --to tflite", "nothing"),
        (5, "export ./page --to tflite --runtime kubernetes", "needs --output"),
        (5, "export ./page --to tflite", "export the model that it was made of"),
    ] {
        let output = sandbox.run(code, line.split(' '));
        let text = stderr(&output);
        assert!(text.contains(said), "{line}\n{text}");
        assert!(text.contains("hint: ") || code == 2, "{line}\n{text}");
    }
    let given = ["export", "./m", "--to", "tflite", "--representative", rows];
    assert!(stderr(&sandbox.run(2, given)).contains("--quantize int8 uses it"));
    // Nothing of it was begun.
    let list = sandbox.run(0, ["list", "-o", "json"]);
    let list: Json = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list["total"], 0, "{list}");
}

#[test]
fn a_rehearsal_shows_the_run() {
    let sandbox = Sandbox::new();
    sandbox.run(0, ["init", "plain", "hello"]);
    fs_err::write(sandbox.dir().join("net.h5"), b"\x89HDF\r\n\x1a\n").unwrap();
    let args =
        ["export", "net.h5", "--to", "tflite,tfjs", "--output", "edge", "--dry-run", "-o", "json"];
    let output = sandbox.run(0, args);
    let plan: Json = serde_json::from_slice(&output.stdout).unwrap();
    let text = plan.to_string();
    for part in ["export-net", "export.py", "net.h5", "/edge"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!stderr(&output).contains("warning"), "{}", stderr(&output));
}

/// Rows, labels and requests as the exporter reads them; conversions are tried by `just test-export`.
#[test]
fn the_scripts_read_rows_and_requests() {
    let python = std::env::var_os("MLCTL_TEST_TORCH_PYTHON");
    let mut tests = Command::new(python.unwrap_or_else(|| "/usr/bin/python3".into()));
    let output =
        tests.arg("-B").arg("tests/python/export_test.py").current_dir(repository()).output();
    let output = output.expect("Python");
    assert!(output.status.success(), "{}", both(&output));
}
