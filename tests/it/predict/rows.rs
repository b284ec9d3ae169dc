//! What is sent, and what is printed of the answers.

use insta::assert_snapshot;
use serde_json::json;

use super::server::{Answer, Server};
use super::tensorflow;
use crate::pty::at_terminal;
use crate::support::{Sandbox, stderr, stdout};

/// Runs `predict` against the server's model.
fn predict(sandbox: &Sandbox, server: &Server, code: i32, args: &[&str]) -> (String, String) {
    let url = server.url("/v1/models/digits");
    let output = sandbox.run(code, [&["predict", &url], args].concat());
    (stdout(&output), stderr(&output))
}

#[test]
fn an_instance_or_a_body_is_asked_and_each_prediction_is_a_line() {
    let (sandbox, server) = (Sandbox::new(), tensorflow());
    let ask = |args: &[&str]| predict(&sandbox, &server, 0, args).0;
    assert_eq!(ask(&["--json", r#"{"x": 1.50}"#]), "3.0\n");
    let body = r#"{"instances": [{"x": 1}, {"x": 2}],  "note": "as it is"}"#;
    assert_eq!(ask(&["--json", body]), "2.0\n4.0\n");
    sandbox.write("inputs.json", r#"{"inputs": {"x": [1, 2]}}"#);
    assert_eq!(ask(&["--json", "@inputs.json"]), "{\"echo\":{\"x\":[1,2]}}\n");
    let sent: Vec<String> = server.posted().iter().map(|request| request.text()).collect();
    assert_eq!(sent[0], r#"{"instances":[{"x": 1.50}]}"#);
    assert_eq!(sent[1], body);
    assert_eq!(sent[2], r#"{"inputs": {"x": [1, 2]}}"#);
    // With a signature, the rows of a body go with it.
    assert_eq!(ask(&["--json", body, "--signature", "numbers"]), "2.0\n4.0\n");
    let last = server.posted().pop().expect("a request").json();
    let rows = json!([{"x": 1}, {"x": 2}]);
    assert_eq!(last, json!({"signature_name": "numbers", "instances": rows}));
}

#[test]
fn rows_of_files_are_asked_in_order_with_an_answer_each() {
    let (sandbox, server) = (Sandbox::new(), tensorflow());
    let rows: String = (0..50).map(|x| format!("{{\"x\": {x}}}\n")).collect();
    sandbox.write("rows.jsonl", &rows);
    let doubles: String = (0..50).map(|x| format!("{}.0\n", 2 * x)).collect();
    for more in [&["--batch", "1", "--concurrency", "8"][..], &["--batch", "16"], &[]] {
        let before = server.posted().len();
        let args = [&["--file", "rows.jsonl"], more].concat();
        assert_eq!(predict(&sandbox, &server, 0, &args).0, doubles);
        let wanted = if more.first() == Some(&"--batch") && more.len() == 2 { 4 } else { 50 };
        assert_eq!(server.posted().len() - before, wanted, "{more:?}");
    }
    sandbox.write("rows.csv", "a,b\n1,x\n2,\"3\"\n");
    let (_, said) = predict(&sandbox, &server, 5, &["--csv", "rows.csv"]);
    assert!(said.contains("no x in"), "{said}");
    let last: Vec<_> = server.posted().iter().rev().take(2).map(|one| one.text()).collect();
    assert!(last.contains(&r#"{"instances":[[1.0,"x"]]}"#.to_owned()), "{last:?}");
    assert!(last.contains(&r#"{"instances":[[2.0,"3"]]}"#.to_owned()), "{last:?}");
}

#[test]
fn a_row_without_a_prediction_has_its_error_in_its_place() {
    let (sandbox, server) = (Sandbox::new(), tensorflow());
    sandbox.write("rows.jsonl", "{\"x\": 1}\n{\"y\": 1}\n\n{\"x\": 2\n{\"x\": 3}\n");
    let (printed, said) = predict(&sandbox, &server, 20, &["--file", "rows.jsonl"]);
    assert_snapshot!("rows_that_fail", format!("{printed}---\n{}", hidden(&said, &server)));
    let (printed, _) = predict(&sandbox, &server, 20, &["--file", "rows.jsonl", "-o", "json"]);
    let mut document: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    for entry in document["predictions"].as_array_mut().expect("entries") {
        if let Some(seconds) = entry.get_mut("seconds") {
            assert!(seconds.as_f64().is_some_and(|seconds| seconds > 0.0));
            *seconds = json!("SECONDS");
        }
    }
    let text = serde_json::to_string_pretty(&document).expect("JSON");
    assert_snapshot!("document_of_rows_that_fail", hidden(&text, &server));
}

/// The text without the port.
fn hidden(text: &str, server: &Server) -> String {
    text.replace(&server.url(""), "http://SERVER")
}

#[test]
fn files_that_the_model_decodes_are_sent_as_their_bytes() {
    let (sandbox, server) = (Sandbox::new(), tensorflow());
    sandbox.write("a.png", "abc");
    sandbox.write("b.png", "abcd");
    let (printed, _) = predict(&sandbox, &server, 0, &["--image", "a.png", "b.png"]);
    assert_eq!(printed, "4\n8\n");
    // Rows are asked at once, so that either may come first.
    let sent: Vec<_> = server.posted().iter().map(|request| request.json()).collect();
    for file in ["YWJj", "YWJjZA=="] {
        assert!(sent.contains(&json!({"instances": [{"b64": file}]})), "{sent:?}");
    }
    let args = ["--image", "a.png", "--signature", "numbers"];
    let (_, said) = predict(&sandbox, &server, 2, &args);
    assert!(said.contains("input `x` is FP32 [-1], so it takes pixels"), "{said}");
    let (_, said) = predict(&sandbox, &server, 4, &["--image", "none.png"]);
    assert!(said.contains("none.png"), "{said}");
}

#[test]
fn a_raw_body_and_its_answer_pass_byte_for_byte() {
    let sandbox = Sandbox::new();
    let server = Server::start(|request| {
        let body = [b"\xff\x00\x1b[2J ".as_slice(), &request.body, b" no line end"].concat();
        let status = if request.body == b"refused" { 418 } else { 200 };
        Answer::Whole(status, Vec::new(), body)
    });
    let url = server.url("/some/route?with=query");
    let body = "{not json, \u{e9}\r\n}";
    let ask = |code, body: &str| sandbox.run(code, ["predict", &url, "--raw", "--json", body]);
    let output = ask(0, body);
    let wanted = [b"\xff\x00\x1b[2J ", body.as_bytes(), b" no line end"].concat();
    assert_eq!(output.stdout, wanted);
    let requests = server.requests();
    assert_eq!(requests.len(), 1, "nobody else is asked: {requests:?}");
    assert_eq!(requests[0].path, "/some/route?with=query");
    let output = ask(5, "refused");
    assert!(output.stdout.ends_with(b"refused no line end"));
    assert!(stderr(&output).contains("answers 418"), "{}", stderr(&output));
    // A terminal gets nothing that it would obey.
    let (bytes, _) = at_terminal(&mut sandbox.mlctl(["predict", &url, "--raw", "--json", "x"]));
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("no line end") && !text.contains("\u{1b}[2J"), "{text:?}");
}

#[test]
fn headers_tokens_and_revisions_are_sent() {
    let (sandbox, server) = (Sandbox::new(), tensorflow());
    let url = server.url("/v1/models/digits");
    let row = r#"{"x": 1}"#;
    let headers = ["--header", "X-One: a: b", "--header", "x-two:c", "--revision", "v2"];
    let mut command = sandbox.mlctl([&["predict", &url, "--json", row], &headers[..]].concat());
    let output = command.env("MLCTL_TOKEN", "secret").output().expect("mlctl");
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "", "the revision that was asked for has answered");
    let sent = server.posted().pop().expect("a request");
    for (name, value) in [
        ("x-one", "a: b"),
        ("x-two", "c"),
        ("x-mlctl-revision", "v2"),
        ("authorization", "Bearer secret"),
        ("content-type", "application/json"),
    ] {
        assert_eq!(sent.header(name), Some(value), "{name}");
    }
    let args = ["predict", &url, "--json", row, "--token-env", "OTHER"];
    let said = stderr(&sandbox.run(2, args));
    assert!(said.contains("the variable OTHER, which is to have the token, is not set"), "{said}");
    let output = sandbox.mlctl(args).env("OTHER", "x").output().expect("mlctl");
    assert!(output.status.success());
    let sent = server.posted().pop().expect("a request");
    assert_eq!(sent.header("authorization"), Some("Bearer x"));
}
