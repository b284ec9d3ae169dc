//! Where the metrics of trials are read.

use serde_json::Value as Json;

use super::support::{HEAD, report, states};
use crate::support::{Sandbox, repository};

/// A study of one trial with this source and command, and the trial.
#[track_caller]
fn trial(collect: &str, metric: &str, command: &str) -> Json {
    let sandbox = Sandbox::new();
    sandbox.write("trial.sh", command);
    sandbox.write(
        "study.yaml",
        &format!(
            "{HEAD}metrics: [{{name: {metric}, goal: maximize}}]\nparameters: {{x: {{integer: [1, 1]}}}}\n\
             maxTrials: 1\ncollect: {collect}\ntrial: {{framework: none, code: ., command: [sh, trial.sh]}}\n"
        ),
    );
    sandbox.run(0, ["tune", "study.yaml"]);
    let report = report(&sandbox);
    assert_eq!(states(&report), ["succeeded"], "{report}");
    report["trials"][0].clone()
}

#[test]
fn lines_files_and_expressions() {
    let value = |trial: &Json, metric: &str| trial["values"][metric].as_f64();
    // Any name will do, where a study wants it.
    let found = trial("auto", "my-reward", "echo epoch=3 my-reward=0.25");
    assert_eq!((value(&found, "my-reward"), &found["step"]), (Some(0.25), &3.into()));
    let json = r#"echo '{"epoch": 2, "f1": "0.5", "note": "x"}'"#;
    let found = trial("{from: stdout, format: json}", "f1", json);
    assert_eq!((value(&found, "f1"), &found["step"]), (Some(0.5), &2.into()));
    let found = trial(
        "{from: stdout, regex: ['result for (\\w+) is ([0-9.]+)']}",
        "bleu",
        "echo 'the result for bleu is 31.5 today'",
    );
    assert_eq!(value(&found, "bleu"), Some(31.5));
    let file = "printf 'score=1\\n' > m.log; sleep 1; printf 'score=2\\nscore=3' >> m.log";
    let found = trial("{from: file, path: m.log, also: [other]}", "score", file);
    assert_eq!(value(&found, "score"), Some(3.0));
}

#[test]
fn event_files_of_tensorboard() {
    let file = repository().join("tests/tensorboard/torch.tfevents");
    let command = format!("cp {} \"$AIP_TENSORBOARD_LOG_DIR\"; sleep 1", file.display());
    let found = trial("tensorboard", "loss", &command);
    assert!(found["values"]["loss"].is_number(), "{found}");
}
