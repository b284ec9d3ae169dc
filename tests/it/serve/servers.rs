//! Model servers of other makers behind one endpoint: KServe beside MLServer.

use serde_json::{Value as Json, json};

use super::support::{client, revision, sandbox, undeploy, until, url};
use crate::support::stores::folder;
use crate::support::{Sandbox, on_runtime, repository, stderr, stdout};

/// Both know the sum of two numbers by the same name, and either may answer.
#[test]
fn kserve_and_mlserver_are_revisions_of_one_endpoint() {
    let sandbox = sandbox();
    write(&sandbox);
    sandbox.run(0, ["serve"]);
    let url = url(&sandbox);
    let asked = |shape: [u32; 2], data: &[f64]| {
        let x = json!({"name": "x", "datatype": "FP32", "shape": shape, "data": data});
        // KServe can't answer a request that has no id.
        json!({"id": "1", "inputs": [x]})
    };
    let body = asked([2, 2], &[1.0, 2.0, 0.5, 0.25]);
    // Both answer in turn, and the same.
    let mut by = std::collections::BTreeMap::<String, u64>::new();
    for _ in 0..40 {
        let (code, revision, answer) = infer(&url, &body, None);
        assert_eq!((code, &answer["outputs"][0]["data"]), (200, &json!([3.0, 0.75])), "{answer}");
        assert_eq!(answer["model_name"], "sums");
        *by.entry(revision).or_default() += 1;
    }
    assert!(by.len() == 2 && by["v1"] > 5 && by["v2"] > 5, "{by:?}");
    for (name, version) in [("v1", "7"), ("v2", "v3")] {
        let (code, revision, answer) = infer(&url, &body, Some(name));
        assert_eq!((code, revision.as_str()), (200, name));
        assert_eq!(answer["model_version"], version);
        // What is wrong with a row, each says in words of its own, and as the caller's fault.
        let wrong = asked([1, 3], &[1.0, 2.0, 3.0]);
        let (code, _, answer) = infer(&url, &wrong, Some(name));
        assert!(code >= 400, "{code} {answer}");
        assert!(answer.to_string().contains("two numbers a row, not [1, 3]"), "{answer}");
        // By name, and by both ways.
        for way in [&[][..], &["--grpc"]] {
            let ask = ["predict", "sums", "--json", "[20, 22]", "--revision", name];
            let said = sandbox.run(0, [&ask[..], way].concat());
            assert_eq!(stderr(&said), "", "{name} {way:?}");
            let answer: Json = serde_json::from_str(&stdout(&said)).expect("JSON");
            assert!(answer == json!(42.0) || answer == json!([42.0]), "{name} {way:?}: {answer}");
        }
    }
    // One goes, and its callers are the other's.
    sandbox.run(0, ["traffic", "sums", "v1=0", "v2=100"]);
    for _ in 0..5 {
        assert_eq!(infer(&url, &body, None).1, "v2");
    }
    // Figures are about a second old.
    let now = until(&sandbox, "its fault is counted", |now| {
        revision(now, "v2")["traffic"]["errors"] == 1
    });
    assert_eq!(revision(&now, "v2")["weight"], 100);
    undeploy(&sandbox);
}

/// The endpoint, with the programs of both.
fn write(sandbox: &Sandbox) {
    let models = repository().join("tests/it/batch/servers");
    let text = |name: &str| fs_err::read_to_string(models.join(name)).expect("a model");
    sandbox.write("app/kserve_model.py", &text("kserve_model.py"));
    sandbox.write("model/mlserver_model.py", &text("mlserver_model.py"));
    let settings = json!({
        "name": "sums",
        "implementation": "mlserver_model.Sums",
        "parameters": {"version": "v3"},
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1]}],
    });
    sandbox.write("model/model-settings.json", &settings.to_string());
    sandbox.write("model/settings.json", "{\"parallel_workers\": 0}");
    let path = std::env::var("PATH").expect("PATH");
    let (kserve, mlserver) = (folder("kserve"), folder("mlserver"));
    let (kserve, mlserver) = (kserve.display(), mlserver.display());
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: Endpoint\nname: sums\nrevisions:\n\
             - name: v1\n  server: kserve\n  code: app\n  traffic: 50\n\
             \x20 command: [python3, kserve_model.py, '{{port}}', '{{grpcPort}}']\n\
             \x20 env: [{{name: PYTHONPATH, value: '{kserve}'}}]\n\
             - name: v2\n  server: mlserver\n  model: ./model\n  traffic: 50\n\
             \x20 env:\n  - {{name: PYTHONPATH, value: '{mlserver}'}}\n\
             \x20 - {{name: PATH, value: '{mlserver}/bin:{path}'}}\n"
        ),
    );
}

/// Asks in the Open Inference Protocol: the code, who has answered, and the answer.
fn infer(url: &str, body: &Json, revision: Option<&str>) -> (u16, String, Json) {
    on_runtime(async {
        let mut request =
            client().post(format!("{url}/v2/models/sums/infer")).body(body.to_string());
        request = request.header("content-type", "application/json");
        if let Some(revision) = revision {
            request = request.header("x-mlctl-revision", revision);
        }
        let answer = request.send().await.expect("an answer");
        let by = answer.headers().get("x-mlctl-revision").and_then(|name| name.to_str().ok());
        let (code, by) = (answer.status().as_u16(), by.unwrap_or_default().to_owned());
        let text = answer.text().await.expect("a body");
        (code, by, serde_json::from_str(&text).unwrap_or(Json::String(text)))
    })
}
