//! Studies of which parts are lost, or say what isn't so of others' runs.

use std::io::Write;

use serde_json::{Value as Json, json};

use super::support::{report, states, toy};
use crate::support::{Sandbox, stderr, stdout};

const SEARCH: &str = "
metrics: [{name: loss, goal: minimize}]
parameters: {x: {double: [-2, 2]}}
maxTrials: 2
parallelTrials: 2
trial: {framework: none, code: ., command: [python3, train.py]}
";

fn listed(sandbox: &Sandbox, args: &[&str]) -> Json {
    let args = ["list", "-o", "json"].iter().chain(args).copied();
    serde_json::from_str(&stdout(&sandbox.run(0, args))).expect("JSON")
}

#[test]
fn trials_are_listed_and_paid_for_whatever_is_left_of_their_study() {
    let sandbox = toy(SEARCH);
    sandbox.run(0, ["tune", "study.yaml"]);
    sandbox.run(0, ["tune", "resume", "--max-trials", "3"]);
    let of_study = || -> Json {
        serde_json::from_str(&stdout(&sandbox.run(0, ["cost", "toy", "-o", "json"]))).expect("JSON")
    };
    let runs = listed(&sandbox, &["--study", "toy"]);
    assert_eq!(runs["total"], 3);
    // Two loops and three trials: the whole of a study is what both its sessions have used.
    let hours =
        |cost: &Json| cost["all"]["replicaHours"].as_f64().unwrap_or_else(|| panic!("{cost}"));
    let alone: f64 = ["toy/1", "toy/2", "toy/3"]
        .map(|trial| {
            let cost = stdout(&sandbox.run(0, ["cost", trial, "-o", "json"]));
            hours(&serde_json::from_str(&cost).expect("JSON"))
        })
        .iter()
        .sum();
    assert!(hours(&of_study()) >= alone && alone > 0.0, "{}", of_study());

    let study = report(&sandbox)["study"].as_str().unwrap().to_owned();
    let folder = sandbox.state().join("studies").join(&study);
    for part in ["journal.jsonl", "study.json"] {
        fs_err::remove_file(folder.join(part)).unwrap();
        assert_eq!(listed(&sandbox, &["--study", "toy"])["total"], 3, "without {part}");
    }
    let said = stderr(&sandbox.run(4, ["tune", "best"]));
    assert!(said.contains(&format!("mlctl list --study {study}")), "{said}");
    // What the hint says shows what it promises.
    assert_eq!(listed(&sandbox, &["--study", &study])["total"], 3);
}

#[test]
fn a_study_is_cleaned_up_with_its_trials() {
    let sandbox = toy(SEARCH);
    sandbox.run(0, ["tune", "study.yaml"]);
    sandbox.run(0, ["tune", "resume", "--max-trials", "3"]);
    let runs = || fs_err::read_dir(sandbox.state().join("runs")).unwrap().count();
    assert_eq!(runs(), 5);
    sandbox.run(0, ["cleanup", "--study", "toy", "--all", "--models", "--yes"]);
    assert_eq!(runs(), 2, "its loops");
    sandbox.run(0, ["tune", "study.yaml"]);
    sandbox.run(0, ["cleanup", "toy", "--models", "--yes"]);
    assert_eq!(runs(), 2, "the first study's");
    sandbox.run(0, ["tune", "study.yaml"]);
    // The tests' environments are in the shared one.
    let mut all = sandbox.mlctl(["cleanup", "--all", "--models", "--yes"]);
    let all = all.env("XDG_CACHE_HOME", sandbox.dir().join("cache")).output().unwrap();
    assert!(all.status.success(), "{}", stderr(&all));
    assert_eq!(runs(), 0);
    assert_eq!(fs_err::read_dir(sandbox.state().join("studies")).unwrap().count(), 0);
}

#[test]
fn a_journal_that_names_a_run_of_somebody_else_reaches_it_by_no_verb() {
    let sandbox = toy(SEARCH);
    sandbox.run(0, ["tune", "study.yaml"]);
    let study = report(&sandbox)["study"].as_str().unwrap().to_owned();
    sandbox.write("other.yaml", "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: other\nframework: none\ncommand: [sleep, '300']\n");
    let other =
        stdout(&sandbox.run(0, ["train", "other.yaml", "--detach", "-q"])).trim().to_owned();
    let journal = sandbox.state().join("studies").join(&study).join("journal.jsonl");
    let text = fs_err::read_to_string(&journal).unwrap();
    let forged = |word: &str| {
        let line = text.lines().find(|line| line.contains(&format!("\"{word}\""))).expect("a line");
        let mut line: Json = serde_json::from_str(line).expect("JSON");
        line["run"] = json!(other);
        line
    };
    let is_left = || {
        let state = &listed(&sandbox, &["--state", "running"])["runs"][0]["id"];
        assert_eq!(state, &json!(other));
    };
    let mut file = fs_err::OpenOptions::new().append(true).open(&journal).unwrap();
    // A loop that isn't one, and a trial that is going on under the name of another's run.
    let mut made = text
        .lines()
        .find(|line| line.contains("\"trial\""))
        .map(|line| serde_json::from_str::<Json>(line).expect("JSON"))
        .expect("a trial");
    made["trial"] = json!(3);
    for line in [forged("session"), made, {
        let mut line = forged("submitting");
        line["trial"] = json!(3);
        line
    }] {
        writeln!(file, "{line}").unwrap();
    }
    let _ = sandbox.mlctl(["cancel", "toy"]).output().unwrap();
    is_left();
    let refused = sandbox.mlctl(["tune", "stop-trial", "3"]).output().unwrap();
    assert!(!refused.status.success(), "{}", stderr(&refused));
    is_left();
    sandbox.run(0, ["cancel", &other]);
    let trials = stdout(&sandbox.run(0, ["tune", "trials", &study, "-o", "json"]));
    let trials: Json = serde_json::from_str(&trials).expect("JSON");
    assert_eq!(states(&trials)[..2], ["succeeded"; 2]);
}

#[test]
fn what_best_writes_is_one_job_that_is_the_users_own() {
    let sandbox = toy(r#"
metrics: [{name: "loss\nkind: Forged", goal: minimize}]
parameters: {x: {categorical: [a]}}
maxTrials: 1
collect: {from: stdout, format: json}
trial:
  framework: none
  env: [{name: CLOUD_ML_TRIAL_ID, value: mine}]
  command: [sh, -c, 'printf %s\\n "{\"loss\\nkind: Forged\": 1}"; test $CLOUD_ML_TRIAL_ID = mine']
"#);
    let output = sandbox.mlctl(["tune", "study.yaml"]).output().expect("mlctl");
    assert!(output.status.success(), "{}", stderr(&output));
    let yaml = stdout(&sandbox.run(0, ["tune", "best", "-o", "yaml"]));
    assert!(!yaml.lines().any(|line| line.starts_with("kind: Forged")), "{yaml}");
    assert!(yaml.contains("CLOUD_ML_TRIAL_ID") && yaml.contains("mine"), "{yaml}");
}
