//! Rows from a store of a cloud and predictions back into it, with nothing said but what its users set.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::stores::{Azurite, Gcs};
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
    // The same once more sends nothing, and another input is refused the output.
    run(&["batch-predict"]);
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
