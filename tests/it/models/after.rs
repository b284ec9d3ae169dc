//! Models of runs that are pushed by whoever follows the run to its end.

use std::process::{Child, Stdio};

use super::{document, versions};
use crate::support::{Sandbox, stderr, stdout, wait_for};

/// A run that leaves a model, or whatever this script leaves, with these lines more in its spec.
fn spec(sandbox: &Sandbox, script: &str, more: &str) {
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: sums\ncommand: [sh, -c, '{script}']\n{more}"
        ),
    );
}

const MODEL: &str = "echo graph > $AIP_MODEL_DIR/saved_model.pb";

#[test]
fn a_run_that_is_followed_pushes_its_model_once() {
    let sandbox = Sandbox::new();
    spec(&sandbox, &format!("{MODEL}; echo accuracy=0.5"), "");
    let said = stderr(&sandbox.run(0, ["train", "--push", "digits"]));
    assert!(said.contains("model    pushed as digits@1"), "{said}");
    let run = stdout(&sandbox.run(0, ["list", "-q"])).trim().to_owned();
    let shown = document(&sandbox, &["show", "digits"]);
    let lineage = &shown["versions"][0]["lineage"];
    assert_eq!(
        (&lineage["run"]["run"], &lineage["run"]["kind"]),
        (&run.clone().into(), &"TrainJob".into())
    );
    let status = stdout(&sandbox.run(0, ["status", &run, "-o", "json"]));
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["record"]["pushed"], serde_json::json!({"name": "digits", "version": 1}));
    // Whoever comes later finds it done, also where a follower died before it could say so.
    let waited = stdout(&sandbox.run(0, ["wait", &run, "-o", "json"]));
    assert!(waited.contains("\"pushed\": \"digits@1\""), "{waited}");
    let path = sandbox.state().join("runs").join(&run).join("run.json");
    let text = fs_err::read_to_string(&path).expect("the record");
    let mut record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    record.as_object_mut().expect("fields").remove("pushed").expect("what is forgotten");
    fs_err::write(&path, record.to_string()).expect("the record");
    sandbox.run(0, ["wait", &run]);
    assert_eq!(versions(&sandbox, "digits"), [1]);
    assert!(fs_err::read_to_string(&path).expect("the record").contains("pushed"));
    // Another run is another version.
    sandbox.run(0, ["train", "--push", "digits"]);
    assert_eq!(versions(&sandbox, "digits"), [1, 2]);
}

#[test]
fn of_several_followers_one_pushes() {
    let sandbox = Sandbox::new();
    let go = sandbox.dir().join("go");
    let script = format!("while [ ! -e {} ]; do sleep 0.05; done; {MODEL}", go.display());
    let push = "push: {name: digits, alias: candidate, labels: {team: vision}}\n";
    spec(&sandbox, &script, push);
    let output = sandbox.run(0, ["train", "--detach"]);
    let run = stdout(&output).trim().to_owned();
    let hint = format!("mlctl wait {run}; or afterwards by: mlctl models push {run} digits");
    assert!(stderr(&output).contains(&hint), "{}", stderr(&output));
    let waits: Vec<Child> = (0..3)
        .map(|_| {
            let mut wait = sandbox.mlctl(["wait", &run]);
            wait.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
        })
        .collect();
    fs_err::write(&go, "").expect("it may go on");
    for mut wait in waits {
        assert!(wait.wait().expect("it ends").success());
    }
    let shown = document(&sandbox, &["show", "digits"]);
    assert_eq!(shown["versions"].as_array().map(Vec::len), Some(1), "{shown:#}");
    let version = &shown["versions"][0];
    assert_eq!(version["labels"]["team"], "vision");
    assert!(version["aliases"].to_string().contains("candidate"), "{version:#}");
}

/// Nothing is pushed by looking; what somebody has pushed by hand is not pushed again.
#[test]
fn without_a_follower_nothing_is_pushed() {
    let sandbox = Sandbox::new();
    spec(&sandbox, MODEL, "push: digits\n");
    let run = stdout(&sandbox.run(0, ["train", "--detach"])).trim().to_owned();
    wait_for("the run has ended", std::time::Duration::from_secs(60), || {
        stdout(&sandbox.run(0, ["status", &run, "-o", "json"])).contains("\"state\": \"succeeded\"")
    });
    sandbox.run(4, ["models", "show", "digits"]);
    let said = stdout(&sandbox.run(0, ["status", &run]));
    assert!(said.contains(&format!("as digits, not yet: mlctl wait {run}")), "{said}");
    sandbox.run(0, ["models", "push", &run, "digits"]);
    let said = stderr(&sandbox.run(0, ["wait", &run]));
    assert!(said.contains("pushed as digits@1"), "{said}");
    let said = stdout(&sandbox.run(0, ["status", &run]));
    assert!(said.contains("push      as digits@1"), "{said}");
    assert_eq!(versions(&sandbox, "digits"), [1]);
}

#[test]
fn what_can_not_be_pushed_is_said() {
    let sandbox = Sandbox::new();
    // A run that fails has no model to push.
    spec(&sandbox, &format!("{MODEL}; exit 1"), "push: digits\n");
    sandbox.run(10, ["train"]);
    sandbox.run(4, ["models", "show", "digits"]);
    // One that leaves none says so at its end.
    spec(&sandbox, "true", "push: digits\n");
    let output = sandbox.mlctl(["train"]).output().expect("mlctl");
    let said = stderr(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("has succeeded, and its model was not pushed"), "{said}");
    assert!(said.contains("mlctl models push sums-"), "{said}");
    // A name that can be none, before anything starts.
    let runs = || stdout(&sandbox.run(0, ["list", "-q"])).lines().count();
    let before = runs();
    let said = stderr(&sandbox.run(2, ["train", "--push", "Digits!"]));
    assert!(said.contains("can't be the name of a model"), "{said}");
    spec(&sandbox, "true", "push: {name: digits@3}\n");
    let said = stderr(&sandbox.run(3, ["train"]));
    assert!(said.contains("`digits@3` can't be a model's name"), "{said}");
    assert_eq!(runs(), before);
    sandbox.write(
        "study.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TuneJob\nname: study\nmetrics: [{name: loss, goal: minimize}]\n\
         parameters: {x: {double: [0, 1]}}\nmaxTrials: 1\ntrial: {command: [python3, t.py], push: digits}\n",
    );
    let said = stderr(&sandbox.run(3, ["validate", "study.yaml"]));
    assert!(said.contains("nobody follows a trial"), "{said}");
}
