//! Rows from a store of a cloud and predictions back into it, with nothing said but what its users set.

use std::collections::BTreeMap;
use std::process::Output;
use std::time::Duration;

use crate::support::stores::{Azurite, Gcs, Web};
use crate::support::{Sandbox, on_runtime, repository, stderr, stdout};

/// What is asked: three rows, one of them without a line break behind it.
const ROWS: [(&str, &str); 2] =
    [("in/a/rows.jsonl", "{\"x\":0.50}\n{\"x\":1}"), ("in/b/rows.jsonl", "{\"x\":2}\n")];

/// Three rows in two objects below `base`, predicted into it; `env` is all that leads to the store.
fn there_and_back(sandbox: &Sandbox, base: &str, env: &BTreeMap<String, String>) {
    let server = repository().join("tests/it/batch/server.py");
    fs_err::copy(server, sandbox.dir().join("server.py")).expect("server");
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: BatchPredictJob\nname: rows\ncode: .\nmodel:\n  server: \
             tensorflow-serving\n  command: [python3, server.py, '{{port}}']\ninput: \
             {base}/in/*/rows.jsonl\noutput: {base}/out\nreplicas: 2\n"
        ),
    );
    let run = |args: &[&str]| {
        let output = sandbox.mlctl(args).envs(env).output().expect("mlctl");
        assert!(output.status.success(), "{args:?}\n{}", stderr(&output));
        stdout(&output)
    };
    run(&["batch-predict"]);
    let order = [
        r#"{"instance":{"x":0.50},"prediction":{"y": 1.0}}"#,
        r#"{"instance":{"x":1},"prediction":{"y": 2}}"#,
        r#"{"instance":{"x":2},"prediction":{"y": 4}}"#,
    ];
    assert_eq!(run(&["outputs"]).lines().collect::<Vec<_>>(), order);
    // The same once more starts nothing.
    let again = sandbox.mlctl(["batch-predict"]).envs(env).output().expect("mlctl");
    assert!(stderr(&again).contains("is complete already"), "{}", stderr(&again));
    sandbox.wait_until_empty(Duration::from_secs(20));
}

#[test]
fn azure_by_a_connection_string() {
    let (sandbox, azure) = (Sandbox::new(), Azurite::start());
    for (key, rows) in ROWS {
        on_runtime(azure.stores().put(&format!("az://bucket/{key}").as_str().into(), rows))
            .expect("an object");
    }
    there_and_back(&sandbox, "az://bucket", &azure.env());
}

#[test]
fn google_by_the_variable_of_an_emulator() {
    let (sandbox, gcs) = (Sandbox::new(), Gcs::start());
    for (key, rows) in ROWS {
        on_runtime(gcs.stores().put(&format!("gs://bucket/{key}").as_str().into(), rows))
            .expect("an object");
    }
    there_and_back(&sandbox, "gs://bucket", &gcs.env());
}

/// A job whose rows are read from places of the web; `model` is one more line of its model.
fn from_the_web(
    sandbox: &Sandbox,
    input: &str,
    model: &str,
    env: &BTreeMap<String, String>,
) -> Output {
    let server = repository().join("tests/it/batch/server.py");
    fs_err::copy(server, sandbox.dir().join("server.py")).expect("server");
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: BatchPredictJob\nname: rows\ncode: .\nmodel:\n  server: \
             tensorflow-serving\n  command: [python3, server.py, '{{port}}']\n{model}input: {input}\noutput: out\n"
        ),
    );
    sandbox.mlctl(["batch-predict"]).envs(env).output().expect("mlctl")
}

#[test]
fn rows_of_a_web_server_are_of_one_version() {
    let (sandbox, web) = (Sandbox::new(), Web::start(None));
    let rows: String = (0..500).map(|x| format!("{{\"x\":{x}}}\n")).collect();
    web.write("www/rows.jsonl", &rows);
    web.write("www/last.jsonl", "{\"x\":1000}");
    let url = |path: &str| format!("{}/{path}", web.endpoint());
    let input = format!("[{}, {}]", url("www/rows.jsonl"), url("old/last.jsonl"));
    let predict = || from_the_web(&sandbox, &input, "", &BTreeMap::new());
    let output = predict();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let results = stdout(&sandbox.run(0, ["outputs"]));
    assert_eq!(results.lines().count(), 501, "{results}");
    let last = r#"{"instance":{"x":1000},"prediction":{"y": 2000}}"#;
    assert!(results.lines().any(|line| line == last), "{results}");
    web.write("www/rows.jsonl", &rows.replace("{\"x\":7}", "{\"x\":8}"));
    let refused = predict();
    assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("rows.jsonl"), "{}", stderr(&refused));
    sandbox.wait_until_empty(Duration::from_secs(20));
}

#[test]
fn rows_of_a_hub_are_of_the_commit_that_is_recorded() {
    let commits = ["0123456789abcdef0123456789abcdef01234567", &"ab".repeat(20)];
    let (sandbox, hub) = (Sandbox::new(), Web::start(Some("hf_of_the_tests")));
    for (commit, rows) in commits.iter().zip(["{\"x\":1}\n{\"x\":2}\n", "{\"x\":3}\n"]) {
        hub.write(&format!("hub/org/rows/{commit}/part-1.jsonl"), rows);
    }
    hub.write("hub/org/rows/refs/main", commits[0]);
    let input = "hf://org/rows/part-*.jsonl";
    let predict = || from_the_web(&sandbox, input, "  uri: hf://org/rows\n", &hub.env());
    let output = predict();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stdout(&sandbox.run(0, ["outputs"]));
    assert_eq!(said.lines().count(), 2, "{said}");
    let job = fs_err::read_to_string(sandbox.dir().join("out/_mlctl/job.json")).expect("a job");
    assert!(job.contains(&format!("hf://org/rows@{}/part-1.jsonl", commits[0])), "{job}");
    assert!(job.contains(&format!("\"model\":\"hf://org/rows@{}", commits[0])), "{job}");
    assert!(!job.contains("hf_of_the_tests"), "{job}");
    let runs = fs_err::read_dir(sandbox.state().join("runs")).expect("runs");
    let run = runs.map(|run| run.expect("a run").path()).next().expect("one");
    let kept = fs_err::read_to_string(run.join("resolved.yaml")).expect("the spec of the run");
    assert!(kept.contains(&format!("hf://org/rows@{}/part-1.jsonl", commits[0])), "{kept}");
    hub.write("hub/org/rows/refs/main", commits[1]);
    let refused = predict();
    assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
    assert!(stderr(&refused).contains(commits[1]), "{}", stderr(&refused));
    sandbox.wait_until_empty(Duration::from_secs(20));
}
