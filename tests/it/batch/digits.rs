//! The whole way of a model: trained, its model kept in a real S3 server, the held-out digits predicted
//! from there and back, and held against the truth.

use serde_json::Value as Json;

use crate::support::stores::S3;
use crate::support::{Sandbox, heavy, stderr, stdout};

#[test]
fn what_training_said_of_its_model_is_what_its_predictions_say() {
    let _alone = heavy();
    let (sandbox, s3) = (Sandbox::new(), S3::start());
    let digits = sandbox.example("digits");
    fs_err::create_dir_all(s3.files("bucket").join("in")).expect("a folder");
    fs_err::copy(digits.join("held-out.jsonl"), s3.files("bucket").join("in/held-out.jsonl"))
        .expect("an object");
    let run = |args: &[&str]| {
        let mut command = sandbox.mlctl(args);
        command.envs(s3.env());
        command.env("MODEL", "s3://bucket/digits/model");
        command.env("INPUT", "s3://bucket/in/*.jsonl");
        command.env("OUTPUT", "s3://bucket/predictions");
        let output = command.output().expect("mlctl");
        assert!(output.status.success(), "{args:?}\n{}", stderr(&output));
        output
    };
    let trained =
        stderr(&run(&["train", "digits/single.yaml", "--set", "output=s3://bucket/digits"]));
    let line = trained.lines().rfind(|line| line.contains("| accuracy=")).expect("an accuracy");
    let said: f64 = line.rsplit('=').next().expect("a value").trim().parse().expect("a number");

    run(&["batch-predict", "digits/batch.yaml"]);
    let summary = fs_err::read(s3.files("bucket").join("predictions/_mlctl/summary.json"));
    let summary: Json = serde_json::from_slice(&summary.expect("a summary")).expect("JSON");
    assert_eq!((&summary["succeeded"], &summary["failed"]), (&360.into(), &0.into()));

    let gate = ["evaluate", "--truth", "s3://bucket/in/held-out.jsonl", "--key", "id"];
    let gate = [&gate[..], &["--label", "label", "--min", "accuracy=0.9", "-o", "json"]].concat();
    let measured: Json = serde_json::from_str(&stdout(&run(&gate))).expect("JSON");
    let found = find(&measured, "accuracy").and_then(Json::as_f64).expect("an accuracy");
    assert!((found - said).abs() < 1e-4, "training said {said}, its predictions say {found}");
}

/// The first value of this name, at any depth.
fn find<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    match json {
        Json::Object(fields) => {
            fields.get(name).or_else(|| fields.values().find_map(|value| find(value, name)))
        }
        Json::Array(items) => items.iter().find_map(|item| find(item, name)),
        _ => None,
    }
}
