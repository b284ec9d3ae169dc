//! Model servers of other makers: KServe in both versions of its protocol, and MLServer.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::support::stores::{Running, folder, free_port};
use crate::support::{Sandbox, repository, stderr, stdout};

/// Good rows, one that the model has no number for, one of the wrong shape, one that is no row at all.
const ROWS: &str = "[1, 2]\n[0.50, 0.25]\n[-1, 4]\n[1, 2, 3]\n\"two\"\n[3, 4.5]\n";

/// Predicts the rows into a folder `out`; gives the predictions and what is said of the wrong rows.
fn predict(sandbox: &Sandbox, out: &str, model: &str) -> (Vec<Json>, Vec<Json>) {
    sandbox.write("rows.jsonl", ROWS);
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: BatchPredictJob\nname: rows\ncode: .\n{model}input: \
             rows.jsonl\noutput: {out}\n"
        ),
    );
    let done = sandbox.run(20, ["batch-predict"]);
    assert!(!stderr(&done).contains("no use for image"), "{}", stderr(&done));
    let lines = |args: &[&str]| -> Vec<Json> {
        let text = stdout(&sandbox.run(0, [&["outputs", &format!("./{out}")], args].concat()));
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    };
    let results = lines(&[]);
    let rows: Vec<_> = results.iter().map(|line| &line["instance"]).collect();
    let good = [json!([1, 2]), json!([0.5, 0.25]), json!([-1, 4]), json!([3, 4.5])];
    assert_eq!(rows, good.iter().collect::<Vec<_>>(), "{}", stderr(&done));
    let errors = lines(&["--errors"]);
    let rows: Vec<_> = errors.iter().map(|line| &line["instance"]).collect();
    assert_eq!(rows, [&json!([1, 2, 3]), &json!("two")]);
    let predictions = results.into_iter().map(|line| line["prediction"].clone()).collect();
    (predictions, errors)
}

/// Which version answered, by the summary.
fn versions(sandbox: &Sandbox, out: &str) -> Json {
    let summary = sandbox.dir().join(out).join("_mlctl/summary.json");
    let summary = fs_err::read_to_string(summary).expect("a summary");
    serde_json::from_str::<Json>(&summary).expect("JSON")["modelVersions"].clone()
}

#[test]
fn kserve_answers_in_both_versions_of_its_protocol() {
    let (sandbox, port) = (Sandbox::new(), free_port());
    let mut command = Command::new("python3");
    command
        .arg(repository().join("tests/it/batch/servers/kserve_model.py"))
        .arg(port.to_string())
        .env("PYTHONPATH", folder("kserve"));
    let _server = Running::start("KServe", port, &mut command);
    let there = format!("endpoint: http://127.0.0.1:{port}\nmodel: {{server: kserve, name: sums");
    let (predictions, errors) = predict(&sandbox, "out-2", &format!("{there}}}\n"));
    // KServe has null for what is no number.
    assert_eq!(predictions, [json!(3.0), json!(0.75), json!(null), json!(7.5)]);
    let said = errors[0]["error"]["message"].as_str().expect("a message");
    assert!(said.contains("two numbers a row, not [1, 3]"), "{said}");
    assert_eq!(versions(&sandbox, "out-2"), json!({"7": 4}));
    let first = format!("{there}, routes: {{predict: '/v1/models/sums:predict'}}}}\n");
    let (predictions, errors) = predict(&sandbox, "out-1", &first);
    assert_eq!(predictions, [json!(3.0), json!(0.75), json!(null), json!(7.5)]);
    let said = errors[0]["error"]["message"].as_str().expect("a message");
    assert!(said.contains("two numbers a row, not [1, 3]"), "{said}");
    sandbox.wait_until_empty(Duration::from_secs(20));
}

/// By its own command, which the worker starts, and with its metadata.
#[test]
fn mlserver_is_started_and_asked() {
    let (sandbox, packages) = (Sandbox::new(), folder("mlserver"));
    let model = repository().join("tests/it/batch/servers/mlserver_model.py");
    sandbox.write("model/mlserver_model.py", &fs_err::read_to_string(model).expect("a model"));
    let settings = json!({
        "name": "model",
        "implementation": "mlserver_model.Sums",
        "parameters": {"version": "v3"},
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1]}],
    });
    sandbox.write("model/model-settings.json", &settings.to_string());
    sandbox.write("model/settings.json", "{\"parallel_workers\": 0}");
    let path = std::env::var("PATH").expect("PATH");
    let model = format!(
        "model: {{uri: model, server: mlserver}}\nenv:\n- {{name: PYTHONPATH, value: '{}'}}\n- {{name: PATH, \
         value: '{}/bin:{path}'}}\n",
        packages.display(),
        packages.display()
    );
    let (predictions, errors) = predict(&sandbox, "out", &model);
    assert_eq!(predictions, [json!([3.0]), json!([0.75]), json!([null]), json!([7.5])]);
    // Out of a traceback.
    let said = errors[0]["error"]["message"].as_str().expect("a message");
    assert_eq!(said, "ValueError: two numbers a row, not [1, 3]");
    assert_eq!(versions(&sandbox, "out"), json!({"v3": 4}));
    sandbox.wait_until_empty(Duration::from_secs(20));
}
