//! What a server speaks is found out.

use std::process::Command;

use serde_json::json;

use super::server::{Answer, Server};
use super::tensorflow;
use crate::support::stores::{Running, free_port};
use crate::support::{Sandbox, repository, stderr, stdout};

const ROW: &str = r#"{"x": 1}"#;

/// The test server of batch predictions, whose protocol nobody has said.
#[test]
fn tf_serving_is_known_by_the_status_of_its_model() {
    let (sandbox, port) = (Sandbox::new(), free_port());
    let mut command = Command::new("python3");
    command.arg(repository().join("tests/it/batch/server.py")).arg(port.to_string());
    let _server = Running::start("the model server", port, &mut command);
    let url = format!("http://127.0.0.1:{port}");
    let output = sandbox.run(0, ["predict", &url, "--json", ROW, "-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(document["predictions"][0]["prediction"], json!({"y": 2}));
    assert_eq!(document["predictions"][0]["version"], "7");
    assert_eq!(document["schemaVersion"], 1);
}

#[test]
fn a_model_of_another_name_is_asked_for() {
    let (sandbox, server) = (
        Sandbox::new(),
        Server::start(|request| match &*request.path {
            "/v1/models/digits" => Answer::json(200, r#"{"model_version_status":[]}"#),
            "/v1/models/digits:predict" => Answer::json(200, r#"{"predictions":[1]}"#),
            path if path.starts_with("/v1/models/") => {
                let name = path.trim_start_matches("/v1/models/");
                let error = format!("Could not find any versions of model {name}");
                Answer::json(404, json!({ "error": error }).to_string())
            }
            path => Answer::json(
                404,
                json!({"error": format!("Malformed request: {path}")}).to_string(),
            ),
        }),
    );
    let said = stderr(&sandbox.run(2, ["predict", &server.url(""), "--json", ROW]));
    assert!(said.contains("speaks TF Serving's REST API") && said.contains("--model"), "{said}");
    let output = sandbox.run(0, ["predict", &server.url("/"), "--model", "digits", "--json", ROW]);
    assert_eq!(stdout(&output), "1\n");
}

/// As MLServer, Triton and KServe answer.
fn v2(models: &'static str) -> Server {
    Server::start(move |request| match (&*request.method, &*request.path) {
        ("GET", "/v2") => Answer::json(200, r#"{"name":"s","version":"1","extensions":[]}"#),
        ("GET", "/v2/models") => Answer::json(200, models),
        ("GET", "/v2/models/sums") => Answer::json(
            200,
            r#"{"name":"sums","versions":["3"],"inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}]}"#,
        ),
        ("POST", "/v2/models/sums/infer") => {
            let body = request.json();
            if body["inputs"][0]["shape"][1] != 2 {
                return Answer::json(
                    422,
                    r#"{"detail":[{"loc":["body","inputs",0],"msg":"two numbers"}]}"#,
                );
            }
            let rows = body["inputs"][0]["shape"][0].as_u64().expect("rows");
            let data: Vec<u64> = (0..rows).collect();
            let outputs =
                json!([{"name": "y", "shape": [rows], "datatype": "INT64", "data": data}]);
            let answer = json!({"model_name": "sums", "model_version": "3", "outputs": outputs});
            Answer::json(200, answer.to_string())
        }
        _ => Answer::json(404, r#"{"detail":"Not Found"}"#),
    })
}

#[test]
fn version_2_of_the_open_inference_protocol_is_known_by_its_root() {
    let (sandbox, server) = (Sandbox::new(), v2(r#"{"models":["sums"]}"#));
    let url = server.url("");
    let output = sandbox
        .run(0, ["predict", &url, "--json", r#"{"instances":[[1,2],[3,4]]}"#, "--batch", "2"]);
    assert_eq!(stdout(&output), "0\n1\n");
    let sent = server.posted().pop().expect("a request").json();
    assert_eq!(sent["inputs"][0]["data"], json!([[1, 2], [3, 4]]));
    // A body of its own is sent as it is, and the answer is the prediction.
    let body = r#"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#;
    let output = sandbox.run(0, ["predict", &server.url("/v2/models/sums/infer"), "--json", body]);
    assert!(stdout(&output).contains("\"model_name\":\"sums\""), "{}", stdout(&output));
    assert_eq!(server.posted().pop().expect("a request").text(), body);
    let said = stderr(&sandbox.run(5, ["predict", &url, "--json", "[1]"]));
    assert!(said.contains("answers 422: body.inputs.0: two numbers"), "{said}");
    sandbox.write("a.png", "a");
    let said = stderr(&sandbox.run(2, ["predict", &url, "--image", "a.png"]));
    assert!(said.contains("input `x` is FP32 [-1, 2]"), "{said}");
}

#[test]
fn of_several_models_one_must_be_named() {
    let (sandbox, server) = (Sandbox::new(), v2(r#"{"models":["sums","other"]}"#));
    let said = stderr(&sandbox.run(2, ["predict", &server.url(""), "--json", "[1,2]"]));
    assert!(said.contains("has several models") && said.contains("--model: sums, other"), "{said}");
    let output = sandbox.run(0, ["predict", &server.url(""), "--model", "sums", "--json", "[1,2]"]);
    assert_eq!(stdout(&output), "0\n");
}

#[test]
fn an_openai_style_server_is_known_by_its_list_and_streams_raw() {
    let sandbox = Sandbox::new();
    let server = Server::start(|request| match (&*request.method, &*request.path) {
        ("GET", "/v1/models") => {
            Answer::json(200, r#"{"object":"list","data":[{"id":"tiny","object":"model"}]}"#)
        }
        ("POST", "/v1/chat/completions") if request.text().contains("\"stream\"") => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
            let events = ["data: {\"a\":1}\n\n", "data: [DONE]\n\n"];
            let chunks = events.iter().map(|event| format!("{:x}\r\n{event}\r\n", event.len()));
            let chunks: String = chunks.collect();
            Answer::Bytes(format!("{head}{chunks}0\r\n\r\n").into_bytes())
        }
        ("POST", "/v1/chat/completions") => {
            Answer::json(200, "{\"choices\":\n  [{\"message\":\r\n{\"content\":\"a\\nb\"}}]}")
        }
        _ => Answer::json(404, r#"{"error":{"message":"no such route"}}"#),
    });
    let chat = r#"{"messages":[{"role":"user","content":"hi"}]}"#;
    let output = sandbox.run(0, ["predict", &server.url(""), "--json", chat]);
    assert_eq!(stdout(&output), "{\"choices\":   [{\"message\":  {\"content\":\"a\\nb\"}}]}\n");
    assert_eq!(server.posted()[0].json()["model"], "tiny");
    let streamed = r#"{"stream": true, "messages": []}"#;
    let url = server.url("/v1/chat/completions");
    let output = sandbox.run(0, ["predict", &url, "--raw", "--json", streamed]);
    assert_eq!(stdout(&output), "data: {\"a\":1}\n\ndata: [DONE]\n\n");
    assert_eq!(server.posted().pop().expect("a request").text(), streamed);
}

#[test]
fn a_route_of_vertex_ai_is_posted_to_and_said_protocols_count() {
    let sandbox = Sandbox::new();
    let server = Server::start(|request| match &*request.path {
        "/v1/projects/p/locations/l/endpoints/7:predict" | "/own/route" => {
            Answer::json(200, r#"{"predictions":[{"y":1}],"deployedModelId":"3"}"#)
        }
        _ => Answer::json(404, "nothing here"),
    });
    let vertex = server.url("/v1/projects/p/locations/l/endpoints/7:predict");
    assert_eq!(stdout(&sandbox.run(0, ["predict", &vertex, "--json", ROW])), "{\"y\":1}\n");
    assert_eq!(server.requests().len(), 1);
    let own = server.url("/own/route");
    let said = sandbox.run(0, ["predict", &own, "--json", ROW, "--protocol", "vertex"]);
    assert_eq!(stdout(&said), "{\"y\":1}\n");
    assert_eq!(server.requests().len(), 2);
    // A path that nothing is known of is asked after, and then taken as the route.
    assert_eq!(stdout(&sandbox.run(0, ["predict", &own, "--json", ROW])), "{\"y\":1}\n");
    let said = stderr(&sandbox.run(5, ["predict", &server.url(""), "--json", ROW]));
    assert!(said.contains("GET /v2: 404") && said.contains("--protocol"), "{said}");
}

#[test]
fn a_version_in_the_url_is_the_one_that_is_asked() {
    let (sandbox, server) = (Sandbox::new(), tensorflow());
    let url = server.url("/v1/models/digits/versions/7:predict");
    sandbox.run(4, ["predict", &url, "--json", ROW]);
    let asked = server.posted().pop().expect("a request");
    assert_eq!(asked.path, "/v1/models/digits/versions/7:predict");
}
