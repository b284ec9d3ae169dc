//! `outputs` and `evaluate` on an output that no state knows.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Sandbox, stderr, stdout};

const RESULTS: &str = "{\"instance\":[0.1,0.9],\"prediction\":[0.1,0.9]}\n\
     {\"instance\":[0.9,0.1],\"prediction\":[0.9,0.1]}\n";
const ERRORS: &str = "{\"instance\":\"{x\",\"error\":{\"code\":400,\"message\":\"no JSON\"},\
     \"source\":{\"file\":\"a.jsonl\",\"line\":3,\"offset\":20,\"row\":2}}\n";

/// An output as a worker leaves it, with the results so many times.
fn output(dir: &Path, times: usize) {
    let results = RESULTS.repeat(times);
    let out = dir.join("out");
    let crc =
        |text: &str| crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, text.as_bytes()) as u32;
    fs_err::create_dir_all(out.join("_mlctl/shards")).unwrap();
    fs_err::write(dir.join("a.jsonl"), "[0.1,0.9]\n[0.9,0.1]\n{x\n").unwrap();
    fs_err::write(out.join("prediction.results-00000-of-00001"), &results).unwrap();
    fs_err::write(out.join("prediction.errors_stats-00000-of-00001"), ERRORS).unwrap();
    fs_err::write(out.join("prediction.results-of-somebody-else"), "not ours\n").unwrap();
    let job = json!({
        "schemaVersion": 1, "id": "j", "model": "m", "asked": null, "format": "jsonl",
        "outputFormat": "jsonl", "instances": {},
        "inputs": [{"place": dir.join("a.jsonl"), "size": 23}],
        "shards": [{"input": 0, "begin": 0, "end": 23}],
    });
    let marker = json!({
        "schemaVersion": 1, "job": "j", "shard": 0, "generation": 0, "writer": "w",
        "inputEtag": null, "succeeded": 2 * times, "failed": 1, "latency": [], "seconds": 1.0,
        "results": {"name": "r", "size": results.len(), "crc32c": crc(&results)},
        "errors": {"name": "e", "size": ERRORS.len(), "crc32c": crc(ERRORS)},
    });
    fs_err::write(out.join("_mlctl/job.json"), job.to_string()).unwrap();
    fs_err::write(out.join("_mlctl/shards/00000.0.json"), marker.to_string()).unwrap();
}

#[test]
fn outputs_are_read_without_a_state() {
    let sandbox = Sandbox::new();
    output(&sandbox.dir(), 1);
    assert_eq!(stdout(&sandbox.run(0, ["outputs", "./out"])), RESULTS);
    assert_eq!(stdout(&sandbox.run(0, ["outputs", "./out", "--errors"])), ERRORS);
    let joined = stdout(&sandbox.run(0, ["outputs", "./out", "--join", "--limit", "1"]));
    assert_eq!(joined.trim_end(), format!("{{\"input\":[0.1,0.9],{}", RESULTS[1..46].trim_end()));
    let error = stderr(&sandbox.run(4, ["outputs", "./nothing"]));
    assert!(error.contains("is no output of a batch prediction"), "{error}");
    let file = sandbox.dir().join("out/prediction.results-00000-of-00001");
    fs_err::write(file, RESULTS.replace("0.9", "0.8")).unwrap();
    let error = stderr(&sandbox.run(5, ["outputs", "./out"]));
    assert!(error.contains("checksum"), "{error}");
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let sandbox = Sandbox::new();
    output(&sandbox.dir(), 50_000);
    let mut command = sandbox.mlctl(["outputs", "./out"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), stderr(&ended)), (Some(0), String::new()));
}

#[test]
fn an_evaluation_is_a_gate() {
    let sandbox = Sandbox::new();
    output(&sandbox.dir(), 1);
    sandbox.write("truth.jsonl", "1\n1\n0\n");
    let evaluate = ["evaluate", "./out", "--truth", "truth.jsonl"];
    let document = stdout(&sandbox.run(0, evaluate.iter().copied().chain(["-o", "json"])));
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["metrics"]["accuracy"], 0.5);
    assert_eq!((&document["scored"], &document["failed"]), (&json!(2), &json!(1)));
    sandbox.run(0, evaluate.iter().copied().chain(["--min", "accuracy=0.5"]));
    let below = sandbox.run(10, evaluate.iter().copied().chain(["--min", "accuracy=0.6"]));
    assert!(stderr(&below).contains("accuracy >= 0.6"), "{}", stderr(&below));
    sandbox.run(2, evaluate.iter().copied().chain(["--min", "rmse=1"]));
    sandbox.run(5, evaluate.iter().copied().chain(["--key", "id"]));
}
