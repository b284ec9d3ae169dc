//! Putting an object under the name of a run's before mlctl does, while it submits.

use serde_json::{Value, json};

use crate::kube::support::{Kube, LONG, Thief, poll};
use crate::support::stderr;

/// The code that the victim's pods would run, with the victim's secrets.
fn code(mut object: Value) -> Option<Value> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    object["data"].as_object_mut()?;
    object["data"] = json!({"0000.000.worker-0.sh": "echo stolen"});
    name.ends_with("-code-0").then_some(object)
}

/// What the victim's agents are told to run.
fn document(mut object: Value) -> Option<Value> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    object["data"] = json!({"pod.json": "{}"});
    name.ends_with("-pod").then_some(object)
}

/// Another Job, under the run's name and labels.
fn job(mut object: Value) -> Option<Value> {
    let is_job = object["kind"] == "Job";
    *object.pointer_mut("/spec/template/spec/containers/0/image")? = json!("localhost/other:1");
    is_job.then_some(object)
}

/// A Secret with a token that the attacker knows. Without mlctl's request nobody knows its name, so
/// this shows only that a foreign one is not taken either.
fn secret(mut object: Value) -> Option<Value> {
    let is_secret = object["kind"] == "Secret";
    object["data"]["token"] = json!("c3RvbGVu");
    is_secret.then_some(object)
}

#[test]
fn what_somebody_else_made_first_is_not_taken_for_ones_own() {
    for forge in [code, document, job, secret] {
        let Some(kube) = Kube::without_pods() else { return };
        let _thief = Thief::start(&kube, forge);
        kube.gang(&["sleep 1000"], "");
        let said = stderr(&kube.run(5, ["train", "--detach"]));
        assert!(said.contains("already exists") && said.contains("not this run's"), "{said}");
        poll("nothing of it is left, the forged one included", LONG, || {
            kube.get("configmaps,secrets,services,jobs").is_empty().then_some(())
        });
    }
}
