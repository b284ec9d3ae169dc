//! `mlctl cleanup` of batch predictions and of what was fetched, with real folders.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value as Json, json};

use crate::support::{Sandbox, stderr, stdout};

const FAILS: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: digits
command: [sh, -c, 'exit 3']
";

const JOB: &str = "f00d";

fn command(sandbox: &Sandbox, args: &[&str]) -> Command {
    let mut command = sandbox.mlctl(["cleanup"].iter().chain(args));
    command.env("XDG_CACHE_HOME", sandbox.home().join("cache"));
    command
}

#[track_caller]
fn cleanup(sandbox: &Sandbox, args: &[&str]) -> Output {
    let output = command(sandbox, args).output().expect("mlctl");
    assert!(output.status.success(), "{}", stderr(&output));
    output
}

fn proposal(sandbox: &Sandbox, args: &[&str]) -> Json {
    let all: Vec<&str> = ["-o", "json"].iter().chain(args).copied().collect();
    serde_json::from_str(&stdout(&cleanup(sandbox, &all))).expect("JSON")
}

/// A run that failed, whose records say that it was a batch prediction into `output`.
fn batch(sandbox: &Sandbox, output: &str) -> String {
    sandbox.write("mlctl.yaml", FAILS);
    sandbox.run(10, ["train"]);
    let run = stdout(&sandbox.run(0, ["list", "--limit", "1", "--quiet"])).trim().to_owned();
    let folder = sandbox.state().join("runs").join(&run);
    for file in [sandbox.state().join("index"), folder.join("run.json")] {
        let text = fs_err::read_to_string(&file).expect("a file");
        fs_err::write(&file, text.replace("TrainJob", "BatchPredictJob")).expect("a file");
    }
    let plan = folder.join("plan.json");
    let mut document: Json =
        serde_json::from_str(&fs_err::read_to_string(&plan).expect("a plan")).expect("JSON");
    let span = json!({"secs": 1, "nanos": 0});
    document["schemaVersion"] = 2.into();
    document["batch"] = json!({
        "output": output, "job": JOB, "maxBatchSize": 64, "maxBatchBytes": 1000,
        "maxLineBytes": 1000, "requestTimeout": span,
        "server": {
            "protocol": "tensorflowRest", "modelName": "m", "restarts": 0, "startTimeout": span,
        },
    });
    fs_err::write(&plan, document.to_string()).expect("a plan");
    run
}

/// A job of one shard that was committed and published, with a half-written part.
fn fill(sandbox: &Sandbox) -> PathBuf {
    let job = json!({
        "schemaVersion": 1, "id": JOB, "model": "/m", "asked": {}, "format": "jsonl",
        "outputFormat": "jsonl", "instances": {}, "inputs": [{"place": "/in", "size": 3}],
        "shards": [{"input": 0, "begin": 0, "end": 3}],
    });
    let part = |name: &str| json!({"name": name, "size": 1, "crc32c": 0});
    let marker = json!({
        "schemaVersion": 1, "job": JOB, "shard": 0, "generation": 0, "writer": "w",
        "inputEtag": null, "succeeded": 1, "failed": 0, "results": part("00000.0.w.results"),
        "errors": part("00000.0.w.errors"), "latency": [], "seconds": 1.0,
    });
    sandbox.write("out/_mlctl/job.json", &job.to_string());
    sandbox.write("out/_mlctl/shards/00000.0.json", &marker.to_string());
    sandbox.write("out/_mlctl/parts/00000.0.x.results", "half");
    sandbox.write("out/prediction.results-00000-of-00001", "{}\n");
    sandbox.write("out/prediction.errors_stats-00000-of-00001", "");
    sandbox.write("out/_mlctl/parts/notes", "theirs");
    sandbox.dir().join("out")
}

#[test]
fn what_an_abandoned_job_left_is_shown_and_goes() {
    let sandbox = Sandbox::new();
    let out = fill(&sandbox);
    let run = batch(&sandbox, &out.display().to_string());
    let shown = proposal(&sandbox, &["--all", "--dry-run"]);
    let stored = &shown["removals"][0]["stored"];
    assert_eq!(stored["output"], out.display().to_string());
    let objects = stored["objects"].as_array().expect("objects");
    assert_eq!((objects.len(), shown["frees"]["stored"].as_u64()), (2, Some(2)), "{shown:#}");
    assert_eq!(shown["frees"]["storedBytes"], stored["bytes"]);
    let told = stderr(&cleanup(&sandbox, &["--all", "--dry-run"]));
    assert!(told.contains(&format!("{run}: 2 objects")), "{told}");
    assert!(out.join("_mlctl/shards/00000.0.json").exists(), "looking removed nothing");

    cleanup(&sandbox, &["--all", "--yes"]);
    for name in ["_mlctl/shards", "_mlctl/parts/00000.0.x.results"] {
        assert!(!out.join(name).exists(), "{name}");
    }
    for name in ["_mlctl/job.json", "_mlctl/parts/notes", "prediction.results-00000-of-00001"] {
        assert!(out.join(name).exists(), "{name}");
    }
    sandbox.run(4, ["status", &run]);
}

#[test]
fn results_go_with_outputs() {
    let sandbox = Sandbox::new();
    let out = fill(&sandbox);
    batch(&sandbox, &out.display().to_string());
    cleanup(&sandbox, &["--all", "--outputs", "--yes"]);
    assert!(!out.join("_mlctl/job.json").exists());
    assert!(!out.join("prediction.results-00000-of-00001").exists());
    assert!(out.join("_mlctl/parts/notes").exists(), "what others wrote stays");
}

/// The store answers nothing: it is told, and the run that knows the output stays.
#[test]
fn a_store_that_is_dead_is_told_and_loses_no_run() {
    let sandbox = Sandbox::new();
    let run = batch(&sandbox, "ftp://127.0.0.1/out");
    let shown = proposal(&sandbox, &["--all", "--yes"]);
    assert_eq!(shown["kept"][0]["run"], run.as_str(), "{shown:#}");
    let why = shown["kept"][0]["why"].as_str().expect("a reason");
    assert!(why.starts_with("its output ftp://127.0.0.1/out could not be looked at"), "{why}");
    sandbox.run(0, ["status", &run, "--quiet"]);
}

/// Staged models and fetched data are handled as environments are.
#[test]
fn what_was_fetched_goes_when_it_is_unused() {
    let sandbox = Sandbox::new();
    let cache = sandbox.home().join("cache/mlctl");
    for folder in ["models", "data"] {
        for name in ["used", "idle"] {
            fs_err::create_dir_all(cache.join(folder).join(name)).expect("folder");
            fs_err::write(cache.join(folder).join(name).join(".complete"), "").expect("file");
            fs_err::write(cache.join(folder).join(format!("{name}.lock")), "").expect("lock");
        }
    }
    let shown = stdout(&cleanup(&sandbox, &["--all", "--dry-run"]));
    assert!(shown.contains("model idle") && shown.contains("data used"), "{shown}");
    let lock = fs_err::File::open(cache.join("models/used.lock")).expect("lock");
    lock.file().lock().expect("locked");
    let output = command(&sandbox, &["--all", "--yes"]).output().expect("mlctl");
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(cache.join("models/used/.complete").exists());
    for gone in ["models/idle", "data/idle", "data/used"] {
        assert!(!cache.join(gone).exists(), "{gone}");
    }
}
