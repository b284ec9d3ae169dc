//! Model servers of other makers, of which nothing is said but their URL.

use std::process::Command;

use serde_json::{Value as Json, json};

use crate::support::stores::{Running, folder, free_port};
use crate::support::{Sandbox, repository, stderr, stdout};

fn kserve() -> (Running, String) {
    let port = free_port();
    let mut command = Command::new("python3");
    command
        .arg(repository().join("tests/it/batch/servers/kserve_model.py"))
        .arg(port.to_string())
        .env("PYTHONPATH", folder("kserve"));
    (Running::start("KServe", port, &mut command), format!("http://127.0.0.1:{port}"))
}

#[test]
fn kserve_is_found_out_in_both_versions_of_its_protocol() {
    let (sandbox, (_server, url)) = (Sandbox::new(), kserve());
    let predict = |code: i32, url: &str, row: &str| {
        sandbox.run(code, ["predict", url, "--json", row, "-o", "json"])
    };
    let document = |output: &str| serde_json::from_str::<Json>(output).expect("JSON");
    let found = document(&stdout(&predict(0, &url, "[1, 2.5]")));
    assert_eq!(
        (&found["model"], &found["predictions"][0]["prediction"]),
        (&json!("sums"), &json!(3.5))
    );
    assert_eq!(found["predictions"][0]["version"], "7");
    let first = format!("{url}/v1/models/sums:predict");
    let found = document(&stdout(&predict(0, &first, r#"{"instances": [[1, 2], [3, 4]]}"#)));
    assert_eq!(found["predictions"][1]["prediction"], 7.0);
    for url in [&url, &first] {
        let said = stderr(&predict(5, url, "[1, 2, 3]"));
        assert!(said.contains("two numbers a row, not [1, 3]"), "{said}");
    }
    let said = stderr(&predict(4, &format!("{url}/v2/models/other"), "[1, 2]"));
    assert!(said.contains("answers 404"), "{said}");
    // Many at once, of both versions.
    for url in [&url, &first] {
        let args = ["--json", "[1, 2]", "--load", "1s", "--concurrency", "4", "-o", "json"];
        let output = sandbox.run(0, [&["predict", url], &args[..]].concat());
        let report = document(&stdout(&output));
        assert_eq!(report["failed"], 0, "{report:#}");
        assert!(report["requests"].as_u64().expect("requests") > 0);
    }
}

#[test]
fn mlserver_is_found_out_by_its_metadata() {
    let (sandbox, packages) = (Sandbox::new(), folder("mlserver"));
    let model = repository().join("tests/it/batch/servers/mlserver_model.py");
    sandbox.write("model/mlserver_model.py", &fs_err::read_to_string(model).expect("a model"));
    let settings = json!({
        "name": "sums",
        "implementation": "mlserver_model.Sums",
        "parameters": {"version": "v3"},
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1]}],
    });
    sandbox.write("model/model-settings.json", &settings.to_string());
    sandbox.write("model/settings.json", "{\"parallel_workers\": 0}");
    let [port, grpc] = [free_port(), free_port()];
    let mut command = Command::new(packages.join("bin/mlserver"));
    command
        .arg("start")
        .arg(sandbox.dir().join("model"))
        .env("PYTHONPATH", &packages)
        .env("MLSERVER_HTTP_PORT", port.to_string())
        .env("MLSERVER_GRPC_PORT", grpc.to_string())
        .env("MLSERVER_METRICS_ENDPOINT", "");
    let _server = Running::start("MLServer", port, &mut command);
    crate::support::wait_for("the model is ready", std::time::Duration::from_secs(60), || {
        let url = format!("http://127.0.0.1:{port}/v2/models/sums");
        let asked = sandbox.mlctl(["predict", &url, "--json", "[0, 0]"]).output();
        asked.expect("mlctl").status.success()
    });
    let url = format!("http://127.0.0.1:{port}");
    sandbox.write("rows.csv", "a,b\n1,2\n3,4.5\n");
    for more in [
        &[&*url, "--model", "sums"][..],
        &[&format!("grpc://127.0.0.1:{grpc}"), "--protocol", "v2", "--model", "sums"],
    ] {
        let args = [&["predict"], more, &["--csv", "rows.csv", "-o", "json"]].concat();
        let document: Json = serde_json::from_str(&stdout(&sandbox.run(0, args))).expect("JSON");
        assert_eq!(document["predictions"][0]["prediction"], json!([3.0]), "{document:#}");
        assert_eq!(document["predictions"][1]["prediction"], json!([7.5]));
        assert_eq!(document["predictions"][1]["version"], "v3");
    }
    let said = stderr(&sandbox.run(5, ["predict", &url, "--model", "sums", "--json", "[1]"]));
    assert!(said.contains("ValueError: two numbers a row, not [1, 1]"), "{said}");
}
