//! What an export refuses before an environment is made for it, and what it would run.

use serde_json::Value as Json;

use crate::support::{Sandbox, stderr, stdout};

/// A model of TensorFlow Lite by its first bytes: a table without anything in it.
const TFLITE: &[u8] =
    b"\x1c\0\0\0TFL3\x14\0\x20\0\x1c\0\x18\0\x14\0\x10\0\x0c\0\0\0\x08\0\x04\0\x14\0\0\0";

#[test]
fn what_can_be_no_export_is_refused_with_what_to_do() {
    let sandbox = Sandbox::new();
    fs_err::write(sandbox.dir().join("small.tflite"), TFLITE).unwrap();
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
        (5, "export small.tflite --to tfjs", "export the model that it was made of"),
    ] {
        let output = sandbox.run(code, line.split(' '));
        let text = stderr(&output);
        assert!(text.contains(said), "{line}\n{text}");
        assert!(text.contains("hint: ") || code == 2, "{line}\n{text}");
    }
    let given = ["export", "./m", "--to", "tflite", "--representative", rows];
    assert!(stderr(&sandbox.run(2, given)).contains("--quantize int8 uses it"));
    // Nothing of it was begun.
    assert!(
        stdout(&sandbox.run(0, ["list"])).contains("no runs") || sandbox.processes().is_empty()
    );
}

#[test]
fn a_rehearsal_shows_the_run() {
    let sandbox = Sandbox::new();
    sandbox.run(0, ["init", "plain", "hello"]);
    sandbox.write("net.h5", "\u{89}HDF");
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
