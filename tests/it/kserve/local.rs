//! A converted InferenceService whose server is started on this machine and asked.

use serde_json::{Value as Json, json};

use crate::serve::support::{client, undeploy, url};
use crate::support::stores::folder;
use crate::support::{Sandbox, on_runtime, repository};

/// MLServer itself, as KServe starts it for a model of version 2 of its protocol.
#[test]
fn mlserver_answers_for_a_converted_model() {
    let sandbox = Sandbox::new();
    let model = repository().join("tests/it/batch/servers/mlserver_model.py");
    sandbox.write("model/mlserver_model.py", &fs_err::read_to_string(model).expect("a model"));
    let settings = json!({
        "name": "sums",
        "implementation": "mlserver_model.Sums",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1]}],
    });
    sandbox.write("model/model-settings.json", &settings.to_string());
    sandbox.write("model/settings.json", "{\"parallel_workers\": 0}");
    let path = std::env::var("PATH").expect("PATH");
    let mlserver = folder("mlserver");
    let mlserver = mlserver.display();
    sandbox.write(
        "isvc.yaml",
        &format!(
            "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {{name: sums}}\n\
             spec:\n  predictor:\n    timeout: 30\n    model:\n      modelFormat: {{name: sklearn}}\n\
             \x20     protocolVersion: v2\n      storageUri: ./model\n      env:\n\
             \x20     - {{name: PYTHONPATH, value: '{mlserver}'}}\n\
             \x20     - {{name: PATH, value: '{mlserver}/bin:{path}'}}\n"
        ),
    );
    sandbox.run(0, ["serve", "isvc.yaml"]);
    let at = format!("{}/v2/models/sums/infer", url(&sandbox));
    let x = json!({"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [1, 2, 0.5, 0.25]});
    let body = json!({"id": "1", "inputs": [x]}).to_string();
    let answer = on_runtime(async {
        let request = client().post(at).header("content-type", "application/json").body(body);
        let answer = request.send().await.expect("an answer").text().await.expect("a body");
        serde_json::from_str::<Json>(&answer).expect("JSON")
    });
    assert_eq!(answer["outputs"][0]["data"], json!([3.0, 0.75]), "{answer}");
    undeploy(&sandbox);
}
