//! A model config whose models are served on this machine, by a program with the name, the flags and the paths of
//! TensorFlow Serving.

use serde_json::{Value as Json, json};

use crate::serve::support::{client, undeploy_of, url_of};
use crate::support::{Sandbox, on_runtime};

/// Answers with the folder that it serves, and the version that it has found there.
const SERVER: &str = r#"#!/usr/bin/env python3
import http.server, json, os, sys

flags = dict(word[2:].split("=", 1) for word in sys.argv[1:])
base = flags["model_base_path"]
version = max((name for name in os.listdir(base) if name.isdigit()), key=int)
real = os.path.realpath(os.path.join(base, version))


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, code, body):
        text = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        known = self.path.split("/")[3] == flags["model_name"]
        state = {"version": version, "state": "AVAILABLE"}
        self.answer(200 if known else 404, {"model_version_status": [state]})

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.answer(200, {"predictions": ["/".join(real.split("/")[-2:]), self.path]})


http.server.ThreadingHTTPServer(("127.0.0.1", int(flags["rest_api_port"])), Handler).serve_forever()
"#;

#[test]
fn every_model_of_a_config_answers_by_its_own_name() {
    let sandbox = Sandbox::new();
    sandbox.write("bin/tensorflow_model_server", SERVER);
    let program = sandbox.dir().join("bin/tensorflow_model_server");
    use std::os::unix::fs::PermissionsExt as _;
    fs_err::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("rights");
    for folder in ["half_plus_two/1", "half_plus_two/2", "half_plus_ten/7", "half_plus_ten/9"] {
        sandbox.write(&format!("models/{folder}/saved_model.pb"), "graph");
    }
    // As editors of Windows leave it.
    sandbox.write(
        "models.config",
        "\u{feff}model_config_list {\r\n config { name: 'half_plus_two' base_path: './models/half_plus_two' }\r\n \
         config { name: 'ten'; base_path: \"./models/\" 'half_plus_ten'\r\n  model_version_policy { specific { \
         versions: [9, 7] } }\r\n  version_labels { key: 'stable' value: 7 } }\r\n}",
    );
    let path =
        format!("{}:{}", sandbox.dir().join("bin").display(), std::env::var("PATH").expect("PATH"));
    let mut serve = sandbox.mlctl(["serve", "models.config"]);
    let said = serve.env("PATH", path).output().expect("mlctl");
    assert!(said.status.success(), "{}", crate::support::stderr(&said));
    let ask = |endpoint: &str, model: &str, revision: Option<&str>| {
        let at = format!("{}/v1/models/{model}:predict", url_of(&sandbox, endpoint));
        let body = json!({"instances": [1]}).to_string();
        on_runtime(async {
            let mut request = client().post(at).header("content-type", "application/json");
            if let Some(revision) = revision {
                request = request.header("x-mlctl-revision", revision);
            }
            let answer = request.body(body).send().await.expect("an answer");
            let answer = answer.text().await.expect("a body");
            serde_json::from_str::<Json>(&answer).expect("JSON")["predictions"].clone()
        })
    };
    // The latest, and the highest of those that are named.
    let path = "/v1/models/half_plus_two:predict";
    assert_eq!(ask("half-plus-two", "half_plus_two", None), json!(["half_plus_two/2", path]));
    assert_eq!(ask("ten", "ten", None)[0], "half_plus_ten/9");
    assert_eq!(ask("ten", "ten", Some("stable"))[0], "half_plus_ten/7");
    sandbox.run(0, ["undeploy", "half-plus-two", "--yes"]);
    undeploy_of(&sandbox, "ten");
}
