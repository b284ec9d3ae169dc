//! `predict --load`: its counts, and that a pause of the server is seen as callers would see it.

use std::io::Read;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use insta::{assert_snapshot, with_settings};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value as Json;

use super::server::{Answer, Server};
use crate::support::stores::free_port;
use crate::support::{Sandbox, stderr, stdout, wait_for};

/// How long the server stands still, once.
const PAUSE: Duration = Duration::from_millis(900);

/// Answers one request at a time; the 20th takes as long as the pause. Every third is of revision `v2`, and
/// of these every other one is refused.
fn pausing() -> Server {
    let asked = AtomicU64::new(0);
    let alone = Mutex::new(());
    Server::start(move |request| {
        if request.method == "GET" {
            return Answer::json(200, r#"{"model_version_status":[]}"#);
        }
        let _alone = alone.lock();
        let number = asked.fetch_add(1, Ordering::SeqCst);
        if number == 20 {
            std::thread::sleep(PAUSE);
        }
        match number % 6 {
            0 => Answer::json(503, r#"{"error":"busy"}"#).of_revision("v2"),
            3 => Answer::json(200, r#"{"predictions":[1]}"#).of_revision("v2"),
            _ => Answer::json(200, r#"{"predictions":[1]}"#).of_revision("v1"),
        }
    })
}

fn test(sandbox: &Sandbox, server: &Server, args: &[&str]) -> Json {
    let url = server.url("/v1/models/digits");
    let all = [&["predict", &url, "--json", r#"{"x":1}"#, "-o", "json"], args].concat();
    let output = sandbox.run(0, all);
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

/// The numbers add up, whatever they are.
fn adds_up(report: &Json, server: &Server) {
    let number = |json: &Json| json.as_u64().expect("a number");
    let (requests, failed) = (number(&report["requests"]), number(&report["failed"]));
    assert_eq!(number(&report["succeeded"]) + failed, requests);
    // The first one, by which the model is got to know, counts for nothing.
    assert_eq!(server.posted().len() as u64, requests + 1);
    let of = |name: &str| {
        let all = report["revisions"].as_array().expect("revisions");
        all.iter().find(|of| of["revision"] == name).expect("a revision").clone()
    };
    let (v1, v2) = (of("v1"), of("v2"));
    assert_eq!(number(&v1["requests"]) + number(&v2["requests"]), requests);
    assert_eq!((number(&v1["failed"]), number(&v2["failed"])), (0, failed));
    assert_eq!(report["failures"][0]["kind"], "status 503");
    assert_eq!(number(&report["failures"][0]["count"]), failed);
    assert_eq!(report["failures"].as_array().expect("failures").len(), 1);
}

#[test]
fn a_pause_is_seen_by_all_requests_that_were_due_in_it() {
    let (sandbox, server) = (Sandbox::new(), pausing());
    let args = ["--load", "3s", "--rate", "100", "--concurrency", "2"];
    let report = test(&sandbox, &server, &args);
    adds_up(&report, &server);
    assert_eq!((&report["rate"], &report["endedEarly"]), (&100.0.into(), &false.into()));
    // A hundred a second for three seconds are due, sent or not.
    let all =
        report["requests"].as_u64().expect("requests") + report["unsent"].as_u64().expect("unsent");
    assert_eq!(all, 300);
    let seconds = |what: &str, part: &str| report[what][part].as_f64().expect("seconds");
    assert!(seconds("latency", "max") >= PAUSE.as_secs_f64());
    // Ninety of three hundred were due in the pause: the slowest tenth waited for most of it. A tool that
    // waits for its own requests has two of them that were slow, one for each place.
    assert!(seconds("latency", "p90") >= PAUSE.as_secs_f64() / 4.0, "{report:#}");
    assert!(seconds("latency", "p90") > seconds("service", "p90") * 2.0, "{report:#}");
}

#[test]
fn without_a_rate_each_place_sends_when_it_has_its_answer() {
    let (sandbox, server) = (Sandbox::new(), pausing());
    let report = test(&sandbox, &server, &["--load", "2s", "--concurrency", "3"]);
    adds_up(&report, &server);
    assert_eq!((&report["rate"], &report["unsent"]), (&Json::Null, &0.into()));
    assert_eq!(report["concurrency"], 3);
    let max = report["latency"]["max"].as_f64().expect("seconds");
    assert!(max >= PAUSE.as_secs_f64(), "{report:#}");
}

#[test]
fn the_rows_are_asked_in_turn_and_people_get_a_table() {
    let (sandbox, server) = (Sandbox::new(), pausing());
    sandbox.write("rows.jsonl", "{\"x\":1}\n{\"x\":2}\n{\"x\":3}\n");
    let url = server.url("/v1/models/digits");
    let args = ["--file", "rows.jsonl", "--load", "2s", "--rate", "30", "--concurrency", "1"];
    let output = sandbox.run(0, [&["predict", &url], &args[..]].concat());
    let sent: Vec<_> = server.posted().iter().skip(1).map(|one| one.json()).collect();
    for (number, body) in sent.iter().enumerate() {
        assert_eq!(body["instances"][0]["x"], number % 3 + 1);
    }
    assert!(sent.len() > 30, "{}", sent.len());
    let hidden = stdout(&output).replace(&server.url(""), "http://SERVER");
    let filters = [
        (r"\d+(\.\d+)?(us|ms|s)\b( +)?", "TIME "),
        // Columns are as wide as the times in them.
        (r"P50 +P90 +P99 +P99\.9 +MAX", "P50 P90 P99 P99.9 MAX"),
        (r"\d+(\.\d+)? s, ", "SECONDS s, "),
        (r"\d+\.\d/s +", "RATE "),
        (r"(?m)^(all|v1|v2)( +)\d+ +RATE \d+ +", "$1$2 N RATE N "),
        (r"status 503 +\d+ +", "status 503 N "),
    ];
    with_settings!({ filters => filters, omit_expression => true }, {
        assert_snapshot!("load", hidden);
    });
}

#[test]
fn an_interrupt_ends_it_early_and_the_result_is_printed() {
    let (sandbox, server) = (Sandbox::new(), pausing());
    let url = server.url("/v1/models/digits");
    let row = r#"{"x":1}"#;
    let args = ["predict", &url, "--json", row, "--load", "1h", "--rate", "50", "-o", "json"];
    let mut child =
        sandbox.mlctl(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("mlctl");
    wait_for("requests come", Duration::from_secs(60), || server.posted().len() > 10);
    kill_process(Pid::from_child(&child), Signal::INT).expect("a signal");
    let mut printed = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut printed).expect("text");
    assert_eq!(child.wait().expect("an end").code(), Some(0));
    let report: Json = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(report["endedEarly"], true);
    assert!(report["requests"].as_u64().expect("requests") >= 8, "{report:#}");
    assert_eq!(report["unsent"], 0);
}

#[test]
fn a_server_that_never_answers_holds_nobody_up() {
    let sandbox = Sandbox::new();
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let held = Mutex::new(held);
    let server = Server::start(move |request| {
        if request.method == "POST" {
            let _ = held.lock().expect("a lock").recv();
        }
        Answer::json(404, "{}")
    });
    let url = server.url("/v1/models/digits:predict");
    let args = ["predict", &url, "--json", "1", "--load", "1h", "--timeout", "1h"];
    let mut child = sandbox.mlctl(args).stderr(Stdio::piped()).spawn().expect("mlctl");
    wait_for("it is asked", Duration::from_secs(60), || !server.posted().is_empty());
    kill_process(Pid::from_child(&child), Signal::INT).expect("a signal");
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert_eq!(child.wait().expect("an end").code(), Some(12), "{said}");
    assert!(said.contains("ended before any request"), "{said}");
    drop(hold);
}

#[test]
fn when_every_request_fails_it_is_an_error() {
    let sandbox = Sandbox::new();
    let url = format!("http://127.0.0.1:{}/v1/models/m:predict", free_port());
    let args = ["predict", &url, "--json", "1", "--load", "300ms", "--concurrency", "2"];
    let output = sandbox.run(6, args);
    assert!(stdout(&output).contains("unreachable"), "{}", stdout(&output));
    assert!(stderr(&output).contains("every request has failed"), "{}", stderr(&output));
    let server = Server::start(|_| Answer::json(400, r#"{"error":"no"}"#));
    let url = server.url("/v1/models/m:predict");
    let args =
        ["predict", &url, "--json", "1", "--load", "300ms", "--concurrency", "2", "-o", "json"];
    let report: Json = serde_json::from_str(&stdout(&sandbox.run(5, args))).expect("JSON");
    assert_eq!((&report["succeeded"], &report["latency"]), (&0.into(), &Json::Null));
    assert_eq!(report["failures"][0]["example"], format!("{url} answers 400: no"));
    for wrong in [["--rate", "0"], ["--rate", "x"], ["--load", "0s"]] {
        let args = ["predict", &url, "--json", "1", "--load", "1s"];
        let args: Vec<_> = match wrong[0] {
            "--load" => args[..4].iter().chain(&wrong).copied().collect(),
            _ => args.iter().chain(&wrong).copied().collect(),
        };
        sandbox.run(2, args);
    }
}
