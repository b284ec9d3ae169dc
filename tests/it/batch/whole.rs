//! `batch-predict` from the command to the results, with a model server that the worker starts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value as Json;

use crate::support::{Sandbox, repository, stderr, stdout, wait_for};

/// A job in the sandbox's folder: its rows, and a server with these faults.
pub(super) fn job(sandbox: &Sandbox, rows: &str, faults: &str, more: &str) {
    fs_err::copy(repository().join("tests/it/batch/server.py"), sandbox.dir().join("server.py"))
        .expect("server");
    sandbox.write("in/a.jsonl", rows);
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: BatchPredictJob\nname: rows\ncode: .\nmodel:\n  server: \
             tensorflow-serving\n  command: [python3, server.py, '{{port}}'{faults}]\ninput: \
             in/*.jsonl\noutput: out\n{more}"
        ),
    );
}

pub(super) fn rows(count: u32) -> String {
    (0..count).map(|x| format!("{{\"x\":{x}.50}}\n")).collect()
}

/// The lines of all files of this name, in order.
pub(super) fn lines(sandbox: &Sandbox, what: &str) -> Vec<Json> {
    let mut files: Vec<_> = fs_err::read_dir(sandbox.dir().join("out"))
        .expect("an output")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.to_string_lossy().contains(&format!("/prediction.{what}-")))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no file of {what}");
    let text: String =
        files.iter().map(|file| fs_err::read_to_string(file).expect("text")).collect();
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// Every row of the input is in the results or in the errors, once; gives the errors.
#[track_caller]
pub(super) fn every_row_once(sandbox: &Sandbox, input: &str) -> Vec<Json> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for line in lines(sandbox, "results") {
        assert_eq!(
            line["prediction"]["y"].as_f64(),
            line["instance"]["x"].as_f64().map(|x| 2.0 * x),
            "{line}"
        );
        *seen.entry(line["instance"].to_string()).or_default() += 1;
    }
    let errors = lines(sandbox, "errors_stats");
    for line in &errors {
        *seen.entry(line["instance"].to_string()).or_default() += 1;
    }
    assert!(seen.values().all(|count| *count == 1), "{seen:?}");
    let wanted = input.lines().count();
    assert_eq!(seen.len(), wanted, "of {wanted} rows, {} are there", seen.len());
    errors
}

#[test]
fn rows_go_in_and_come_out_as_they_were_written() {
    let sandbox = Sandbox::new();
    job(&sandbox, &rows(300), "", "");
    let output = sandbox.run(0, ["batch-predict", "-o", "json"]);
    let said: Json = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(every_row_once(&sandbox, &rows(300)), Vec::<Json>::new());
    let text = fs_err::read_to_string(sandbox.dir().join("out/prediction.results-00000-of-00001"));
    let text = text.expect("results");
    assert!(
        text.starts_with("{\"instance\":{\"x\":0.50},\"prediction\":{\"y\": 1.0}}\n"),
        "{text}"
    );
    let summary = fs_err::read(sandbox.dir().join("out/_mlctl/summary.json")).expect("a summary");
    let summary: Json = serde_json::from_slice(&summary).expect("JSON");
    assert_eq!(summary["succeeded"], 300);
    assert_eq!(summary["modelVersions"]["7"], 300);
    assert!(said.to_string().contains("300"), "{said}");
    // The same once more sends nothing: it is done.
    sandbox.run(0, ["batch-predict"]);
    let printed = stdout(&sandbox.run(0, ["outputs", "--limit", "2"]));
    assert_eq!(printed.lines().count(), 2);
    sandbox.wait_until_empty(Duration::from_secs(20));
}

#[test]
fn a_bad_row_costs_one_row() {
    let sandbox = Sandbox::new();
    let mut input = rows(100);
    input.push_str("{\"z\":1}\n{\"x\":\n{\"x\":13}\n{\"x\":17}\n{\"x\":19}\n");
    job(&sandbox, &input, ", short=1, garbage=1, missing=1, busy=3", "");
    let output = sandbox.run(20, ["batch-predict"]);
    let errors = every_row_once(&sandbox, &input);
    assert_eq!(errors.len(), 5, "{errors:?}\n{}", stderr(&output));
    let said = stdout(&sandbox.run(0, ["outputs", "--errors"]));
    assert!(said.contains("no x in") && said.contains("a.jsonl"), "{said}");
    sandbox.wait_until_empty(Duration::from_secs(20));
}

#[test]
fn a_batch_that_is_too_much_for_an_accelerator_is_halved_at_once() {
    let sandbox = Sandbox::new();
    job(&sandbox, &rows(300), ", oom=16", "");
    sandbox.run(0, ["batch-predict"]);
    assert!(every_row_once(&sandbox, &rows(300)).is_empty());
    sandbox.wait_until_empty(Duration::from_secs(20));
}

/// A model that is unloaded in the middle is no fault of the rows, which wait for it.
#[test]
fn a_model_that_is_gone_ends_the_run_and_no_row() {
    let sandbox = Sandbox::new();
    let gone = sandbox.dir().join("gone");
    job(&sandbox, &rows(4000), &format!(", slow=0.05, 'gone={}'", gone.display()), "");
    let run = stdout(&sandbox.run(0, ["batch-predict", "--detach"])).trim().to_owned();
    let shards = || fs_err::read_dir(sandbox.dir().join("out/_mlctl/shards")).into_iter().flatten();
    wait_for("a shard is done", Duration::from_mins(1), || shards().next().is_some());
    fs_err::write(&gone, "").expect("a file");
    let told = stderr(&sandbox.run(10, ["wait", &run]));
    let log = stdout(&sandbox.run(0, ["logs", &run]));
    assert!(log.contains("is not there (404: Servable not found"), "{told}\n{log}");
    fs_err::remove_file(&gone).expect("the file");
    sandbox.run(0, ["batch-predict"]);
    assert!(every_row_once(&sandbox, &rows(4000)).is_empty());
    sandbox.wait_until_empty(Duration::from_secs(20));
}

/// Rows, and a token, go to nobody else than the spec says.
#[test]
fn a_redirect_ends_the_job_and_is_not_followed() {
    let sandbox = Sandbox::new();
    job(&sandbox, &rows(20), ", 'moved=1'", "");
    let told = stderr(&sandbox.run(10, ["batch-predict"]));
    assert!(told.contains("a redirect, which is not followed"), "{told}");
    assert!(!sandbox.dir().join("out/_mlctl/summary.json").exists());
    sandbox.wait_until_empty(Duration::from_secs(20));
}

#[test]
fn too_many_bad_rows_end_the_job() {
    let sandbox = Sandbox::new();
    let input = format!("{}{}", rows(50), "{\"z\":1}\n".repeat(5));
    job(&sandbox, &input, "", "failures: {maxFailed: 2}\n");
    let output = sandbox.run(21, ["batch-predict"]);
    assert!(stderr(&output).contains("maxFailed"), "{}", stderr(&output));
    sandbox.wait_until_empty(Duration::from_secs(20));
}

#[test]
fn a_server_that_dies_is_started_again() {
    let sandbox = Sandbox::new();
    job(&sandbox, &rows(2000), ", die=5", "");
    sandbox.run(0, ["batch-predict"]);
    assert!(every_row_once(&sandbox, &rows(2000)).is_empty());
    let log = stdout(&sandbox.run(0, ["logs"]));
    assert!(log.contains("out of luck"), "{log}");
    sandbox.wait_until_empty(Duration::from_secs(20));
}

#[test]
fn a_server_that_never_comes_up_is_told() {
    let sandbox = Sandbox::new();
    job(&sandbox, &rows(5), "", "");
    sandbox.write(
        "server.py",
        "import sys\nprint('no module named torch', file=sys.stderr)\nsys.exit(4)\n",
    );
    let output = sandbox.run(10, ["batch-predict"]);
    let said = format!("{}{}", stderr(&output), stdout(&sandbox.run(0, ["why"])));
    assert!(said.contains("no module named torch"), "{said}");
    sandbox.wait_until_empty(Duration::from_secs(20));
}

/// Replicas of one machine can't all listen on the same port, which is said before they try.
#[test]
fn replicas_at_one_port_are_told_of_it() {
    let sandbox = Sandbox::new();
    sandbox.write("rows.jsonl", "{\"x\": 1}\n");
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: BatchPredictJob\nname: b\ninput: rows.jsonl\noutput: out\n\
         replicas: 2\nmodel: {server: custom, command: [python3, server.py], \
         routes: {predict: /p, health: /h, port: 7080}}\n",
    );
    let said = stderr(&sandbox.run(0, ["batch-predict", "--dry-run"]));
    assert!(said.contains("2 replicas listen on 7080"), "{said}");
}

#[test]
fn another_job_is_refused_the_output() {
    let sandbox = Sandbox::new();
    job(&sandbox, &rows(20), "", "");
    sandbox.run(0, ["batch-predict"]);
    sandbox.write("in/a.jsonl", &rows(21));
    let output = sandbox.run(5, ["batch-predict"]);
    assert!(stderr(&output).contains("a.jsonl"), "{}", stderr(&output));
    assert!(every_row_once(&sandbox, &rows(20)).is_empty());
}

#[test]
fn failed_rows_are_asked_again_once_the_server_is_mended() {
    let sandbox = Sandbox::new();
    let mended = sandbox.dir().join("mended");
    job(&sandbox, &rows(100), &format!(", 'until={}'", mended.display()), "");
    let refused = sandbox.run(4, ["batch-predict", "--retry-failed"]);
    assert!(stderr(&refused).contains("nothing could have failed"), "{}", stderr(&refused));
    let run = stdout(&sandbox.run(0, ["batch-predict", "--detach"])).trim().to_owned();
    // The code says what became of the rows, whoever asks.
    sandbox.run(20, ["wait", &run]);
    assert_eq!(every_row_once(&sandbox, &rows(100)).len(), 10);
    // Nothing is mended yet, and each row keeps its line.
    sandbox.run(20, ["batch-predict", "--retry-failed"]);
    assert_eq!(every_row_once(&sandbox, &rows(100)).len(), 10);
    // The run itself says what the job was, wherever one stands, and so does its output.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let retry = |code: i32, what: &str| {
        let mut mlctl = sandbox.mlctl(["batch-predict", "--retry-failed", what]);
        let output = mlctl.current_dir(elsewhere.path()).output().expect("mlctl");
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        stderr(&output)
    };
    let output = sandbox.dir().join("out").display().to_string();
    retry(20, &run);
    retry(20, &format!("file://{output}/"));
    assert_eq!(every_row_once(&sandbox, &rows(100)).len(), 10);
    let unknown = retry(4, "s3://elsewhere/out");
    assert!(unknown.contains("no run of this state") && unknown.contains("name its spec"));
    fs_err::write(&mended, "").expect("a file");
    let again = retry(0, &output);
    assert!(again.contains("10 failed rows of rows are asked again"), "{again}");
    assert!(every_row_once(&sandbox, &rows(100)).is_empty());
    let order: Vec<_> =
        lines(&sandbox, "results").iter().map(|line| line["instance"]["x"].as_f64()).collect();
    assert!(order.is_sorted(), "{order:?}");
    let none = stderr(&sandbox.run(0, ["batch-predict", "--retry-failed"]));
    assert!(none.contains("no row of rows has failed"), "{none}");
    sandbox.wait_until_empty(Duration::from_secs(20));
}

#[test]
fn a_summary_that_is_gone_is_no_success() {
    let sandbox = Sandbox::new();
    job(&sandbox, &rows(5), "", "");
    let run = stdout(&sandbox.run(0, ["batch-predict", "--detach"])).trim().to_owned();
    sandbox.run(0, ["wait", &run]);
    fs_err::remove_file(sandbox.dir().join("out/_mlctl/summary.json")).expect("a summary");
    let told = stderr(&sandbox.run(6, ["wait", &run]));
    assert!(told.contains("its summary can't be read"), "{told}");
}
