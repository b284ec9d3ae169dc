//! Batch predictions with models of the registry, by their names.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::whole::{every_row_once, rows};
use crate::support::{Sandbox, both, repository, stderr, stdout};

/// A registry with two versions, of which the first is the champion, and a job that asks for a model.
fn job(sandbox: &Sandbox, model: &str) {
    let server = repository().join("tests/it/batch/server.py");
    fs_err::copy(server, sandbox.dir().join("server.py")).expect("server");
    sandbox.write("in/a.jsonl", &rows(20));
    sandbox.write("one/saved_model.pb", "graph");
    sandbox.write("two/saved_model.pb", "another graph");
    sandbox.run(0, ["models", "push", "./one", "doubles", "--alias", "champion"]);
    sandbox.run(0, ["models", "push", "./two", "doubles"]);
    spec(sandbox, model);
}

fn spec(sandbox: &Sandbox, model: &str) {
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: BatchPredictJob\nname: rows\ncode: server.py\nmodel:\n  \
             uri: {model}\n  server: tensorflow-serving\n  command: [python3, server.py, '{{port}}', \
             'model={{model}}']\ninput: in/*.jsonl\noutput: out\n"
        ),
    );
}

fn document(sandbox: &Sandbox, name: &str) -> Json {
    let text = fs_err::read_to_string(sandbox.dir().join("out/_mlctl").join(name));
    serde_json::from_str(&text.expect("a document")).expect("JSON")
}

#[test]
fn a_version_of_the_registry_predicts_and_is_remembered() {
    let sandbox = Sandbox::new();
    job(&sandbox, "doubles@champion");
    let shown = stdout(&sandbox.run(0, ["batch-predict", "--dry-run"]));
    assert!(shown.contains("doubles@1"), "{shown}");
    let output = sandbox.run(0, ["batch-predict"]);
    assert!(both(&output).contains("model    doubles@1"), "{}", both(&output));
    assert!(every_row_once(&sandbox, &rows(20)).is_empty());
    let place = sandbox.state().join("models/doubles/1").display().to_string();
    let job = document(&sandbox, "job.json");
    assert_eq!((&job["registered"], &job["model"]), (&"doubles@1".into(), &place.into()));
    assert_eq!(document(&sandbox, "summary.json")["model"], "doubles@1");
    // What the server was told: the version's files, under its number.
    let run = stdout(&sandbox.run(0, ["list", "-q"])).trim().to_owned();
    let folder = sandbox.state().join("runs").join(&run);
    let plan = fs_err::read_to_string(folder.join("plan.json")).expect("a plan");
    let plan: Json = serde_json::from_str(&plan).expect("JSON");
    assert_eq!(plan["batch"]["server"]["version"], "1");
    // Whoever goes on with it later means the same version, whatever the alias says then.
    let resolved = fs_err::read_to_string(folder.join("resolved.yaml")).expect("a spec");
    assert!(resolved.contains("uri: doubles@1\n"), "{resolved}");
    sandbox.run(0, ["batch-predict"]);
    sandbox.run(0, ["models", "alias", "doubles@2", "champion"]);
    let said = stderr(&sandbox.run(5, ["batch-predict"]));
    assert!(said.contains("`doubles@1`") && said.contains("`doubles@2`"), "{said}");
    sandbox.run(0, ["batch-predict", "--retry-failed", &run]);
    sandbox.wait_until_empty(Duration::from_secs(20));
}

#[test]
fn predictions_are_found_by_the_version_that_made_them() {
    let sandbox = Sandbox::new();
    job(&sandbox, "doubles@1");
    let labels: String = (0..20).map(|x| format!("{}\n", f64::from(2 * x) + 1.0)).collect();
    sandbox.write("labels.jsonl", &labels);
    let evaluate = |model: &str, code| {
        let args = ["evaluate", model, "--truth", "labels.jsonl", "--prediction", "y"];
        sandbox.run(code, [&args[..], &["--task", "regression", "-o", "json"]].concat())
    };
    let said = stderr(&evaluate("doubles@champion", 4));
    assert!(said.contains("no batch prediction of this state was made with doubles@1"), "{said}");
    sandbox.run(0, ["batch-predict"]);
    for name in ["doubles@1", "doubles@champion"] {
        let found: Json = serde_json::from_str(&stdout(&evaluate(name, 0))).expect("JSON");
        assert_eq!(
            (&found["model"], &found["metrics"]["rmse"]),
            (&"doubles@1".into(), &json!(0.0))
        );
    }
    let lines = stdout(&sandbox.run(0, ["outputs", "doubles@champion", "--limit", "3"]));
    assert_eq!(lines.lines().count(), 3);
    let said = stderr(&evaluate("doubles@2", 4));
    assert!(said.contains("mlctl batch-predict --model doubles@2"), "{said}");
    let said = stderr(&evaluate("doubles@9", 4));
    assert!(said.contains("doubles"), "{said}");
    sandbox.wait_until_empty(Duration::from_secs(20));
}

#[test]
fn a_name_without_a_model_is_said_and_a_folder_is_one_by_its_bare_name() {
    let sandbox = Sandbox::new();
    job(&sandbox, "dubles");
    let said = stderr(&sandbox.run(4, ["batch-predict"]));
    assert!(said.contains("dubles"), "{said}");
    spec(&sandbox, "doubles@best");
    let said = stderr(&sandbox.run(4, ["batch-predict"]));
    assert!(said.contains("best"), "{said}");
    spec(&sandbox, "doubles@");
    let said = stderr(&sandbox.run(3, ["validate"]));
    assert!(said.contains("`doubles@` can't be a model"), "{said}");
    spec(&sandbox, "one");
    sandbox.run(0, ["batch-predict"]);
    let job = document(&sandbox, "job.json");
    let folder = sandbox.dir().join("one").display().to_string();
    assert_eq!((&job["model"], &job["registered"]), (&folder.into(), &Json::Null));
    // Flags name it in the same way, whether or not this machine has the server.
    let flags = ["batch-predict", "--model", "doubles", "--server", "tensorflow-serving"];
    let flags = [&flags[..], &["--input", "in/*.jsonl", "--output", "other", "--dry-run"]].concat();
    let shown = stdout(&sandbox.mlctl(flags).output().expect("mlctl"));
    assert!(shown.contains("doubles@2"), "{shown}");
    sandbox.wait_until_empty(Duration::from_secs(20));
}
