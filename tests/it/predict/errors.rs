//! What goes wrong, with an exit code and a way on.

use insta::assert_snapshot;

use super::server::{Answer, Server};
use super::tensorflow;
use crate::support::stores::free_port;
use crate::support::{Sandbox, stderr, stdout};

const ROW: &str = r#"{"x": 1}"#;

#[track_caller]
fn told(sandbox: &Sandbox, code: i32, args: &[&str]) -> String {
    let output = sandbox.run(code, [&["predict"], args].concat());
    assert_eq!(stdout(&output), "", "an error is no data");
    let said = stderr(&output);
    assert!(said.contains("error: "), "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
    said
}

#[test]
fn errors_say_what_and_what_to_do() {
    let (sandbox, server) = (Sandbox::new(), tensorflow());
    let url = server.url("/v1/models/digits");
    let mut all = String::new();
    let port = free_port();
    let nowhere = format!("http://127.0.0.1:{port}");
    sandbox.write("bad.json", "{\"x\": 1,\n  \"y\" 2}");
    sandbox.write("empty.jsonl", "\n\n");
    for (code, args) in [
        (6, &[&*nowhere, "--json", ROW][..]),
        (5, &[&*url, "--json", r#"{"y": 1}"#]),
        (4, &[&*url, "--json", ROW, "--signature", "number"]),
        (4, &[&*url, "--json", ROW, "--revision", "v9"]),
        (2, &[&*url, "--json", "@bad.json"]),
        (2, &[&*url, "--json", ""]),
        (2, &[&*url, "--file", "empty.jsonl"]),
        (2, &["127.0.0.1:8501", "--json", ROW]),
        (2, &["ftp://host", "--json", ROW]),
        (2, &["http://user:word@host", "--json", ROW]),
        (2, &[&*url, "--json", ROW, "--header", "no colon"]),
        (2, &[&*server.url(""), "--model", "digits", "--grpc", "--raw", "--json", ROW]),
        (2, &[&*url]),
        (2, &[&*url, "--json", ROW, "--csv", "rows.csv"]),
    ] {
        let said = told(&sandbox, code, args);
        let shown = args.join(" ").replace(&url, "URL").replace(&nowhere, "http://NOWHERE");
        let said = said.replace(&server.url(""), "http://SERVER");
        let said = said.replace(&nowhere, "http://NOWHERE");
        let shown = shown.replace(&server.url(""), "http://SERVER");
        all.push_str(&format!("$ mlctl predict {shown}\n{said}[{code}]\n\n"));
    }
    assert_snapshot!("errors", all);
}

#[test]
fn hostile_answers_are_told_and_obeyed_by_nobody() {
    let sandbox = Sandbox::new();
    let length = 4 << 20;
    for (what, answer, code, words) in [
        (
            "garbage",
            "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>",
            5,
            "no prediction: its answer is no JSON",
        ),
        ("nothing", "", 6, "broke the connection off"),
        (
            "half",
            "HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"predictions\":[1",
            6,
            "broke the connection off",
        ),
        ("no HTTP", "220 smtp ready\r\n", 6, "broke the connection off"),
        (
            "a redirect",
            "HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n",
            5,
            "a redirect is not followed",
        ),
        (
            "too few",
            "HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{\"predictions\":[]}",
            5,
            "it answered 0 predictions for 1 rows",
        ),
        (
            "a secret asked for",
            "HTTP/1.1 401 X\r\ncontent-length: 29\r\n\r\n{\"error\":\"\u{1b}]0;who\\u001b[31m\"}",
            5,
            "MLCTL_TOKEN",
        ),
    ] {
        let answer = answer.to_owned();
        let server = Server::start(move |_| Answer::Bytes(answer.clone().into_bytes()));
        let url = server.url("/v1/models/digits:predict");
        let said = told(&sandbox, code, &[&url, "--json", ROW]);
        assert!(said.contains(words), "{what}: {said}");
    }
    // An answer that never ends is cut at its limit of time, and one that is very long is shown in part.
    let long = "x".repeat(length);
    let server = Server::start(move |_| Answer::json(500, format!("{{\"error\":\"{long}\"}}")));
    let said = told(&sandbox, 5, &[&server.url("/v1/models/digits:predict"), "--json", ROW]);
    assert!(said.len() < 4000 && said.contains("answers 500: xxx"), "{}", said.len());
}

#[test]
fn a_server_that_does_not_answer_is_waited_for_as_long_as_was_said() {
    let sandbox = Sandbox::new();
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let server = Server::start(move |request| {
        if request.method == "POST" {
            let _ = held.lock().expect("a lock").recv();
        }
        Answer::json(404, "{}")
    });
    let url = server.url("/v1/models/digits:predict");
    let said = told(&sandbox, 6, &[&url, "--json", ROW, "--timeout", "300ms"]);
    assert!(said.contains("has not answered within 0.3 s") && said.contains("--timeout"), "{said}");
    drop(hold);
}
