//! `mlctl tune suggest`, as programs use it.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Stdio};

use serde_json::{Value as Json, json};

use crate::support::Sandbox;

/// The filter with its two ends.
struct Filter {
    child: std::process::Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    // The folders that it runs in.
    _sandbox: Sandbox,
}

impl Filter {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let mut command = sandbox.mlctl(["tune", "suggest"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the filter");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, input, output, _sandbox: sandbox }
    }

    fn ask(&mut self, request: &[u8]) -> Json {
        let input = self.input.as_mut().expect("its input");
        input.write_all(request).and_then(|()| input.write_all(b"\n")).expect("a request");
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("an answer");
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    fn end(mut self) {
        drop(self.input.take());
        assert_eq!(self.child.wait().expect("its end").code(), Some(0));
    }
}

fn request(completed: &[Json]) -> Json {
    json!({
        "params": [
            {"name": "x", "type": "float", "low": -5.0, "high": 10.0},
            {"name": "y", "type": "float", "low": 0.0, "high": 15.0},
        ],
        "seed": 3, "completed": completed, "n": 1,
    })
}

/// Branin's function, whose least value is 0.397887.
fn branin(x: f64, y: f64) -> f64 {
    let pi = std::f64::consts::PI;
    let bent = y - 5.1 / (4.0 * pi * pi) * x * x + 5.0 / pi * x - 6.0;
    bent * bent + 10.0 * (1.0 - 1.0 / (8.0 * pi)) * x.cos() + 10.0
}

#[test]
fn a_program_finds_a_minimum_by_asking() {
    let mut filter = Filter::new();
    let mut completed = Vec::new();
    let mut best = f64::INFINITY;
    for _ in 0..35 {
        let answer = filter.ask(request(&completed).to_string().as_bytes());
        let params = &answer["suggestions"][0];
        let (x, y) = (params["x"].as_f64().expect("x"), params["y"].as_f64().expect("y"));
        assert!((-5.0..=10.0).contains(&x) && (0.0..=15.0).contains(&y), "{answer}");
        let value = branin(x, y);
        best = best.min(value);
        completed.push(json!({"params": params, "value": value}));
    }
    assert!(best < 0.45, "{best}");
    // What a request is answered depends on nothing but the request.
    let last = request(&completed).to_string();
    let again = filter.ask(last.as_bytes());
    filter.end();
    let mut other = Filter::new();
    assert_eq!(other.ask(last.as_bytes()), again);
    other.end();
}

#[test]
fn a_bad_line_is_answered_and_the_next_one_is_read() {
    let mut filter = Filter::new();
    for (line, word) in [
        (&b"{"[..], "JSON"),
        (b"", "JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"[]", "object"),
        (br#"{"params":[{"name":"x","type":"float","low":2,"high":1}]}"#, "greater"),
        (br#"{"params":[],"n":-1}"#, "\"n\""),
    ] {
        let answer = filter.ask(line);
        let error = answer["error"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(error.contains(word), "{word}: {error}");
        let good = filter.ask(request(&[]).to_string().as_bytes());
        assert_eq!(good["suggestions"].as_array().map(Vec::len), Some(1), "{good}");
    }
    filter.end();
}
