//! A model's whole way: trained, registered, served, replaced by a better one, and kept where a broken one
//! was to replace it. TensorFlow's server answers, and callers use its own clients.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value as Json, json};

use super::support::{revision, status_of, undeploy_of, url_of};
use crate::support::{Sandbox, heavy, repository, serving_api, stderr, stdout};

/// What every job here is set up with: the environment of the example, which other tests have made too. On CPUs with
/// instructions for neural networks TensorFlow computes by oneDNN, which runs the model that is broken elsewhere.
const SETUP: &str = "setup: {python: {requirements: requirements.txt, noDeps: [tf_keras==2.21.0]}}\n\
                     env: [{name: TF_ENABLE_ONEDNN_OPTS, value: '0'}, {name: TF_CPP_MIN_LOG_LEVEL, value: '2'}";

#[test]
fn a_better_model_takes_over_and_a_broken_one_does_not() {
    let _alone = heavy();
    let sandbox = Sandbox::new();
    let python = train_and_push(&sandbox);
    // It loads TensorFlow while the first server does.
    let mut client = Client::start(&python, &sandbox.dir().join("digits/held-out.jsonl"));
    spec(&sandbox, &["digits@1"]);
    sandbox.run(0, ["serve"]);
    client.tell(&format!("at {}", url_of(&sandbox, "digits")));
    let first = right_of(&client.ask(None), "v1", 1);

    client.tell("start");
    spec(&sandbox, &["digits@1", "digits@2"]);
    let said = stderr(&sandbox.run(0, ["serve", "--yes"]));
    for step in ["weights: v1 50 %, v2 50 %", "weights: v2 100 %"] {
        assert!(said.contains(step), "{said}");
    }
    let counts = client.tell("stop");
    for way in ["rest 200 v1", "rest 200 v2", "grpc OK v1", "grpc OK v2"] {
        assert!(counts[way].as_u64() > Some(0), "{counts}");
    }
    assert_eq!(counts.as_object().map(serde_json::Map::len), Some(4), "{counts}");
    let better = right_of(&client.ask(None), "v2", 2);
    assert!(better > first + 36, "{better} right, {first} before, of 360");
    // Whoever wants the other one gets it: by its name, and by TensorFlow's own route.
    assert_eq!(right_of(&client.ask(Some("v1")), "v1", 1), first);
    let version = client.tell("version 1");
    assert_eq!(version, json!({"by": "v1", "code": 200, "right": first}));
    assert_eq!(client.tell("version 7")["code"], 404);

    client.tell("start");
    spec(&sandbox, &["digits@1", "digits@2", "digits@3"]);
    let said = stderr(&sandbox.run(10, ["serve", "--yes"]));
    assert!(said.contains("given up"), "{said}");
    let counts = client.tell("stop");
    let of = |way: &str| counts[way].as_u64().unwrap_or_default();
    assert!(of("rest 501 v3") + of("grpc UNIMPLEMENTED v3") > 0, "{counts}");
    assert!(of("rest 200 v2") > of("rest 501 v3"), "{counts}");
    assert!(of("grpc OK v2") > of("grpc UNIMPLEMENTED v3"), "{counts}");
    assert_eq!(right_of(&client.ask(None), "v2", 2), better);
    let now = status_of(&sandbox, "digits");
    assert_eq!(
        (&revision(&now, "v2")["weight"], &revision(&now, "v3")["weight"]),
        (&100.into(), &0.into())
    );
    let why = revision(&now, "v3")["condemned"].as_str().expect("a reason");
    assert!(why.contains("error"), "{why}");
    // It stays for a look, and says what is wrong with it.
    let says = client.ask(Some("v3"));
    assert_eq!(
        (&says["rest"]["by"], &says["grpc"]["code"]),
        (&"v3".into(), &"UNIMPLEMENTED".into())
    );
    assert!(says["rest"]["says"].to_string().contains("only supports the NHWC"), "{says}");
    drop(client);
    undeploy_of(&sandbox, "digits");
}

/// Trains three models and registers them; gives the Python that they were trained with.
fn train_and_push(sandbox: &Sandbox) -> PathBuf {
    let folder = sandbox.example("digits");
    let models = repository().join("tests/it/serve/peers/digits_models.py");
    fs_err::copy(models, folder.join("digits_models.py")).expect("the program");
    sandbox.write(
        "train.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: digits\nframework: tensorflow\n\
             code: digits\noutput: trained\n{SETUP}]\n\
             command: [sh, -c, 'which python > $AIP_MODEL_DIR/python && exec python digits_models.py']\n"
        ),
    );
    let said = sandbox.run(0, ["train", "train.yaml"]);
    let trained = sandbox.dir().join("trained/model");
    for model in ["first", "better", "broken"] {
        let place = format!("./trained/model/{model}");
        sandbox.run(0, ["models", "push", &place, "digits"]);
    }
    let python = fs_err::read_to_string(trained.join("python"));
    python.unwrap_or_else(|_| panic!("{}{}", stdout(&said), stderr(&said))).trim_end().into()
}

/// Writes the endpoint with these models, of which the last but one serves while the last is tried out.
fn spec(sandbox: &Sandbox, models: &[&str]) {
    let revisions: String = models
        .iter()
        .enumerate()
        .map(|(at, model)| {
            let share = if at + 2 < models.len() { ", traffic: 0" } else { "" };
            format!("- {{name: v{}, model: {model}{share}}}\n", at + 1)
        })
        .collect();
    let api = serving_api();
    let requirements = fs_err::read_to_string(sandbox.dir().join("digits/requirements.txt"));
    sandbox.write("server/requirements.txt", &requirements.expect("requirements"));
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: Endpoint\nname: digits\nserver: tensorflow-serving\n\
             code: server\n{SETUP}, {{name: PYTHONPATH, value: '{}'}}]\n\
             rollout: {{steps: [50, 100], interval: 1s, minRequests: 20, maxErrorRate: 5%}}\n\
             revisions:\n{revisions}",
            api.display()
        ),
    );
}

/// How many rows both ways have right, who has answered and with which version being as told.
fn right_of(told: &Json, by: &str, version: u64) -> u64 {
    let (rest, grpc) = (&told["rest"], &told["grpc"]);
    assert_eq!((&rest["by"], &rest["code"]), (&by.into(), &200.into()), "{told}");
    assert_eq!((&grpc["by"], &grpc["code"]), (&by.into(), &"OK".into()), "{told}");
    assert_eq!(grpc["version"], version, "{told}");
    assert_eq!(rest["right"], grpc["right"], "{told}");
    rest["right"].as_u64().expect("a count")
}

/// A program that asks by `requests` and by TensorFlow Serving's stubs.
struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Client {
    fn start(python: &Path, rows: &Path) -> Self {
        let mut command = Command::new(python);
        let program = repository().join("tests/it/serve/peers/digits_client.py");
        command.arg(program).arg(rows).env("PYTHONPATH", serving_api());
        command.env("TF_CPP_MIN_LOG_LEVEL", "2").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the client");
        let input = child.stdin.take().expect("its input");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, input, output }
    }

    /// What it says to a command.
    fn tell(&mut self, command: &str) -> Json {
        writeln!(self.input, "{command}").expect("a client that listens");
        self.read()
    }

    fn ask(&mut self, revision: Option<&str>) -> Json {
        self.tell(&format!("ask {}", revision.unwrap_or_default()))
    }

    fn read(&mut self) -> Json {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).expect("JSON")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
