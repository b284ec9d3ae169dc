//! The whole way of a model: trained, its model kept in a real S3 server, the held-out digits predicted
//! from there and back, and held against the truth.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use crate::support::stores::S3;
use crate::support::{Sandbox, both, heavy, serving_api, stderr, stdout};

#[test]
fn what_training_said_of_its_model_is_what_its_predictions_say() {
    let _alone = heavy();
    let (sandbox, s3) = (Sandbox::new(), S3::start());
    let digits = sandbox.example("digits");
    fs_err::create_dir_all(s3.files("bucket").join("in")).expect("a folder");
    fs_err::copy(digits.join("held-out.jsonl"), s3.files("bucket").join("in/held-out.jsonl"))
        .expect("an object");
    let run_to = |output: &str, args: &[&str]| {
        let mut command = sandbox.mlctl(args);
        command.envs(s3.env());
        command.env("MODEL", "s3://bucket/digits/model");
        command.env("INPUT", "s3://bucket/in/*.jsonl");
        command.env("OUTPUT", format!("s3://bucket/{output}"));
        let output = command.output().expect("mlctl");
        assert!(output.status.success(), "{args:?}\n{}", stderr(&output));
        output
    };
    let run = |args: &[&str]| run_to("predictions", args);
    let trained =
        both(&run(&["train", "digits/single.yaml", "--set", "output=s3://bucket/digits"]));
    let line = trained.lines().rfind(|line| line.contains("accuracy=")).expect("an accuracy");
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

    // The same over gRPC says the same.
    let path = format!("env=[{{name: PYTHONPATH, value: {}}}]", serving_api().display());
    let grpc = ["batch-predict", "digits/batch.yaml", "--set", "model.protocol=grpc"];
    run_to("over-grpc", &[&grpc[..], &["--set", &path]].concat());
    let predicted = |folder: &str| predictions(&s3.files("bucket").join(folder));
    let (rest, grpc) = (predicted("predictions"), predicted("over-grpc"));
    assert_eq!(rest.len(), 360);
    assert!(rest.keys().eq(grpc.keys()), "other rows");
    for (key, (one, other)) in
        rest.iter().map(|(key, row)| (key, (numbers(row), numbers(&grpc[key]))))
    {
        assert_eq!((one.len(), other.len()), (10, 10), "{key}");
        let near = one.iter().zip(&other).all(|(one, other)| (one - other).abs() < 1e-5);
        assert!(near, "{key}: {one:?} over REST, {other:?} over gRPC");
    }
    let summary = fs_err::read(s3.files("bucket").join("over-grpc/_mlctl/summary.json"));
    let summary: Json = serde_json::from_slice(&summary.expect("a summary")).expect("JSON");
    assert_eq!(summary["modelVersions"]["1"], 360, "{summary}");
}

/// The predictions in an output, by their rows' keys.
fn predictions(folder: &Path) -> BTreeMap<String, Json> {
    let entries = fs_err::read_dir(folder).expect("an output");
    let files = entries.map(|entry| entry.expect("a file").path());
    files
        .filter(|file| file.to_string_lossy().contains("/prediction.results-"))
        .flat_map(|file| {
            let text = fs_err::read_to_string(file).expect("text");
            let lines = text.lines().map(|line| serde_json::from_str::<Json>(line).expect(line));
            lines.collect::<Vec<_>>()
        })
        .map(|mut line| (line["key"].to_string(), line["prediction"].take()))
        .collect()
}

/// All numbers in it, in order.
fn numbers(json: &Json) -> Vec<f64> {
    match json {
        Json::Object(fields) => fields.values().flat_map(numbers).collect(),
        Json::Array(items) => items.iter().flat_map(numbers).collect(),
        other => other.as_f64().into_iter().collect(),
    }
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
