//! What a study gives to other tools: tables, a page, and a journal that the real Optuna loads and its
//! dashboard shows.

use std::process::Command;

use serde_json::Value as Json;

use super::support::{report, toy};
use crate::support::stores::{Running, folder, free_port};
use crate::support::{Sandbox, stderr, stdout};

const STUDY: &str = "
metrics: [{name: loss, goal: minimize}]
parameters:
  x: {double: [0.1, 10], scale: log}
  kind: {categorical: [good, fine, broken]}
  n: {integer: [1, 4], when: {kind: fine}}
maxTrials: 12
parallelTrials: 4
algorithm: quasirandom
seed: 5
trial: {framework: none, code: ., command: [python3, train.py]}
";

fn study() -> Sandbox {
    let sandbox = toy(STUDY);
    let train = fs_err::read_to_string(sandbox.dir().join("train.py")).expect("the script");
    sandbox.write(
        "train.py",
        &train.replace("args = parser", "parser.add_argument(\"--n\")\nargs = parser"),
    );
    sandbox.run(0, ["tune", "study.yaml"]);
    sandbox
}

/// What Optuna makes of a journal, by a few lines of Python.
fn optuna(sandbox: &Sandbox, journal: &str) -> Json {
    let script = r#"
import json, sys
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
storage = JournalStorage(JournalFileBackend(sys.argv[1]))
(name,) = optuna.get_all_study_names(storage)
study = optuna.load_study(study_name=name, storage=storage)
print(json.dumps({
    "name": name,
    "direction": study.direction.name,
    "best": study.best_trial.number,
    "value": study.best_value,
    "states": [trial.state.name for trial in study.trials],
    "params": [trial.params for trial in study.trials],
    "curves": [len(trial.intermediate_values) for trial in study.trials],
}))
"#;
    let output = Command::new("python3")
        .args(["-c", script, journal])
        .current_dir(sandbox.dir())
        .env("PYTHONPATH", folder("optuna"))
        .output()
        .expect("python3");
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

#[test]
fn optuna_loads_a_study_and_its_dashboard_shows_it() {
    let sandbox = study();
    sandbox.run(0, ["tune", "export", "--format", "optuna", "--to", "journal.log"]);
    let ours = report(&sandbox);
    let theirs = optuna(&sandbox, "journal.log");
    let trials = ours["trials"].as_array().expect("trials");
    assert_eq!(theirs["direction"], "MINIMIZE");
    let best = ours["best"][0].as_u64().expect("a best trial");
    assert_eq!(theirs["best"], best - 1);
    let loss = &trials[usize::try_from(best).unwrap() - 1]["values"]["loss"];
    assert_eq!(&theirs["value"], loss);
    for (number, trial) in trials.iter().enumerate() {
        let is_good = trial["state"] == "succeeded";
        assert_eq!(theirs["states"][number] == "COMPLETE", is_good, "{number}");
        assert_eq!(theirs["states"][number] == "FAIL", !is_good, "{number}");
        assert_eq!(theirs["params"][number], trial["params"], "{number}");
        assert_eq!(theirs["curves"][number], if is_good { 3 } else { 0 }, "{number}");
    }
    let port = free_port();
    let mut dashboard = Command::new("python3");
    dashboard
        .args(["-c", "from optuna_dashboard._cli import main; main()", "journal.log"])
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .current_dir(sandbox.dir())
        .env("PYTHONPATH", folder("optuna"));
    let _dashboard = Running::start("the dashboard", port, &mut dashboard);
    let get = |path: &str| -> Json {
        let url = format!("http://127.0.0.1:{port}/api/{path}");
        let output = Command::new("python3")
            .args([
                "-c",
                "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().decode())",
            ])
            .arg(url)
            .output()
            .expect("python3");
        serde_json::from_str(&stdout(&output)).expect("JSON")
    };
    let studies = get("studies");
    let shown = &studies["study_summaries"][0];
    assert_eq!(shown["study_name"], ours["study"], "{studies}");
    let details = get(&format!("studies/{}", shown["study_id"]));
    assert_eq!(details["trials"].as_array().map(Vec::len), Some(trials.len()), "{details}");
}

#[test]
fn tables_and_a_page() {
    let sandbox = study();
    let csv = stdout(&sandbox.run(0, ["tune", "export"]));
    let mut lines = csv.lines();
    let header = "trial,state,found,loss,step,x,kind,n,seconds,run,reason";
    assert_eq!(lines.next(), Some(header));
    assert_eq!(lines.count(), 12, "{csv}");
    let json = stdout(&sandbox.run(0, ["tune", "export", "--format", "json"]));
    assert_eq!(json, stdout(&sandbox.run(0, ["tune", "trials", "-o", "json"])));
    sandbox.run(0, ["tune", "plot", "--to", "study.html"]);
    sandbox.run(5, ["tune", "plot", "--to", "study.html"]);
    let page = fs_err::read_to_string(sandbox.dir().join("study.html")).expect("the page");
    // Nothing is asked for anywhere: the only address is the name of SVG's elements.
    let addresses = page.matches("://").count();
    assert_eq!((addresses, page.matches("http://www.w3.org/2000/svg").count()), (1, 1));
    for part in ["<link", "src=", "@import", "innerHTML"] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(page.contains("prefers-color-scheme") && page.contains("\"trials\":["));
}
