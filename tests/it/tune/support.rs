//! What the tests of studies share.

use serde_json::Value as Json;

use crate::support::{Sandbox, stdout};

/// The head of a study, up to its metrics.
pub const HEAD: &str = "apiVersion: mlctl.dev/v1\nkind: TuneJob\nname: toy\n";

/// A trial that does what its parameters say, and tells when its command starts and ends.
pub const TRAIN: &str = r#"
import argparse, os, sys, time
parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float, default=0.0)
parser.add_argument("--kind", default="good")
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--pause", type=float, default=0.0)
args = parser.parse_args()
trial = os.environ["CLOUD_ML_TRIAL_ID"]
told = os.environ.get("TOLD", os.devnull)
def tell(word):
    with open(told, "a") as file:
        file.write(f"{trial} {word}\n")
tell("start")
if args.kind == "broken":
    sys.exit("this kind is broken")
for epoch in range(args.epochs):
    time.sleep(args.pause)
    if args.kind != "silent":
        print(f"epoch={epoch} loss={(args.x - 1) ** 2 + 1 / (epoch + 1)}", flush=True)
tell("end")
"#;

/// A sandbox with a study of that trial.
pub fn toy(study: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("train.py", TRAIN);
    sandbox.write("study.yaml", &format!("{HEAD}{study}"));
    sandbox
}

/// The report of the last study.
#[track_caller]
pub fn report(sandbox: &Sandbox) -> Json {
    let output = sandbox.run(0, ["tune", "trials", "-o", "json"]);
    serde_json::from_str(&stdout(&output)).expect("a document")
}

/// The states of its trials, in their order.
#[track_caller]
pub fn states(report: &Json) -> Vec<&str> {
    let trials = report["trials"].as_array().expect("trials");
    trials.iter().map(|trial| trial["state"].as_str().expect("a state")).collect()
}
