//! The code of a study: fixed when it begins, and known from then on.

use serde_json::Value as Json;

use super::support::{report, states, toy};
use crate::support::stdout;

#[test]
fn all_trials_run_the_code_that_the_study_has_recorded() {
    let sandbox = toy("
metrics: [{name: loss, goal: minimize}]
parameters: {x: {double: [-2, 2]}}
maxTrials: 1
trial: {framework: none, code: ., command: [python3, train.py]}
");
    sandbox.run(0, ["tune", "study.yaml"]);
    let study = report(&sandbox)["study"].as_str().expect("a study").to_owned();
    let document = sandbox.state().join("studies").join(study).join("study.json");
    let document = fs_err::read(document).expect("a document");
    let document: Json = serde_json::from_slice(&document).expect("JSON");
    assert_eq!(document["codeDigest"]["files"], 2, "{document}");
    // Whatever becomes of the folder.
    sandbox.write("train.py", "raise SystemExit(1)");
    sandbox.run(0, ["tune", "resume", "--max-trials", "2"]);
    assert_eq!(states(&report(&sandbox)), ["succeeded", "succeeded"]);
    for trial in ["toy/1", "toy/2"] {
        let status = stdout(&sandbox.run(0, ["status", trial, "-o", "json"]));
        let status: Json = serde_json::from_str(&status).expect("JSON");
        assert_eq!(status["record"]["code"], document["codeDigest"], "{trial}");
    }
}
