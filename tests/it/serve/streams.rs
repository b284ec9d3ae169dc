//! Answers that come bit by bit, as those of language models do.

use std::io::Read;
use std::process::Stdio;

use serde_json::{Value as Json, json};

use super::support::{client, sandbox, undeploy, url};
use crate::support::{on_runtime, repository, stdout};

/// The rest of an answer is only written once its beginning has been seen behind the router.
#[test]
fn a_stream_of_events_is_passed_on_as_it_comes() {
    let sandbox = sandbox();
    let server = repository().join("tests/it/serve/peers/openai.py");
    sandbox.write("app/openai.py", &fs_err::read_to_string(server).expect("the server"));
    let go = sandbox.dir().join("go");
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: Endpoint\nname: sums\nmodelName: chat\ncode: app\n\
             server: openai\ncommand: [python3, openai.py, '{{port}}', '{}']\nrevisions: [{{name: v1}}]\n",
            go.display()
        ),
    );
    sandbox.run(0, ["serve"]);
    let whole = stdout(&sandbox.run(0, ["predict", "sums", "--json", r#"{"messages": []}"#]));
    let whole: Json = serde_json::from_str(&whole).expect("JSON");
    assert_eq!(whole["choices"][0]["message"]["content"], "one two three");
    assert_eq!(whole["model"], "chat");

    let body = json!({"model": "chat", "messages": [], "stream": true}).to_string();
    let url = format!("{}/v1/chat/completions", url(&sandbox));
    on_runtime(async {
        let request = client().post(&url).header("content-type", "application/json");
        let mut answer = request.body(body.clone()).send().await.expect("an answer");
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert_eq!(answer.headers()["x-mlctl-revision"], "v1");
        let first = answer.chunk().await.expect("an answer").expect("a chunk");
        assert_eq!(words(&String::from_utf8_lossy(&first)), ["one"]);
        fs_err::write(&go, "").expect("the rest may come");
        let rest = answer.text().await.expect("the rest");
        assert_eq!(words(&rest), ["two", "three"]);
        assert!(rest.ends_with("data: [DONE]\n\n"), "{rest}");
    });

    // The same through the terminal.
    fs_err::remove_file(&go).expect("the rest must wait");
    let mut predict = sandbox.mlctl(["predict", &url, "--raw", "--json", &body]);
    let mut predict = predict.stdout(Stdio::piped()).spawn().expect("mlctl");
    let mut output = predict.stdout.take().expect("its output");
    let mut seen = Vec::new();
    while !seen.ends_with(b"\n\n") {
        let mut byte = [0];
        output.read_exact(&mut byte).expect("the first event");
        seen.extend(byte);
    }
    assert_eq!(words(&String::from_utf8_lossy(&seen)), ["one"]);
    fs_err::write(&go, "").expect("the rest may come");
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("the rest");
    assert_eq!(words(&rest), ["two", "three"]);
    assert!(predict.wait().expect("mlctl").success());
    undeploy(&sandbox);
}

/// The words in a stream's events, but for its end.
fn words(stream: &str) -> Vec<String> {
    let events = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    let of = |event: &str| {
        let event: Json = serde_json::from_str(event).expect("JSON");
        event["choices"][0]["delta"]["content"].as_str().expect("a word").to_owned()
    };
    events.filter(|event| *event != "[DONE]").map(of).collect()
}
