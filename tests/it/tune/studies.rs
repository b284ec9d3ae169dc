//! Whole studies on this machine.

use std::time::Duration;

use serde_json::Value as Json;

use super::support::{report, states, toy};
use crate::support::{both, stderr, stdout, wait_for};

const SEARCH: &str = "
metrics: [{name: loss, goal: minimize}]
parameters: {x: {double: [-2, 2]}}
maxTrials: 6
parallelTrials: 3
seed: 1
trial: {framework: none, code: ., command: [python3, train.py]}
";

#[test]
fn a_study_finds_the_best_parameters_and_every_verb_knows_it() {
    let sandbox = toy(SEARCH);
    let told = both(&sandbox.run(0, ["tune", "study.yaml"]));
    assert!(told.contains("trial 1 starts: x=0 ("), "{told}");
    assert!(told.contains(", 6 of 6 trials: all 6 trials were made"), "{told}");
    let report = report(&sandbox);
    assert_eq!(states(&report), ["succeeded"; 6]);
    let best = &report["trials"][report["best"][0].as_u64().unwrap() as usize - 1];
    let least = |trial: &Json| trial["values"]["loss"].as_f64().unwrap();
    let all = report["trials"].as_array().unwrap();
    assert!(all.iter().all(|trial| least(trial) >= least(best)));
    assert_eq!(best["curve"].as_array().unwrap().len(), 3, "{best}");

    // What it found is a job that runs by itself, with the user's own folder as its code.
    let yaml = stdout(&sandbox.run(0, ["tune", "best", "-o", "yaml"]));
    let x = best["params"]["x"].to_string();
    let code = format!("code: {}", sandbox.dir().display());
    assert!(yaml.contains(&format!("--x={x}")) && yaml.contains(&code), "{yaml}");
    sandbox.write("best.yaml", &yaml.replace("name: toy", "name: again"));
    let again = sandbox
        .mlctl(["train", "best.yaml"])
        .env("CLOUD_ML_TRIAL_ID", "0")
        .output()
        .expect("mlctl starts");
    assert!(again.status.success(), "{}", stderr(&again));

    // A study stands for its trials.
    let list = |args: &[&str]| -> Json {
        let args = ["list", "-o", "json"].iter().chain(args).copied();
        serde_json::from_str(&stdout(&sandbox.run(0, args))).unwrap()
    };
    assert_eq!(list(&[])["total"], 2);
    assert_eq!(list(&["--study", "toy"])["total"], 6);
    let status = stdout(&sandbox.run(0, ["status", "toy"]));
    assert!(status.contains("6 of 6 have ended") && status.contains("best      trial"), "{status}");
    let number = best["trial"].as_u64().unwrap();
    let log = stdout(&sandbox.run(0, ["logs", &format!("toy/{number}")]));
    assert_eq!(log.lines().count(), 3, "{log}");
    sandbox.run(4, ["logs", "toy/7"]);
    sandbox.run(0, ["wait", "toy"]);
    sandbox.run(4, ["tune", "trials", "again"]);
    sandbox.wait_until_empty(Duration::from_secs(20));
}

#[test]
fn trials_that_fail_or_say_nothing_are_told_apart_and_none_is_the_best() {
    let sandbox = toy("
metrics: [{name: loss, goal: minimize}]
parameters: {kind: {categorical: [good, broken, silent]}}
algorithm: grid
trial: {framework: none, code: ., command: [python3, train.py]}
");
    let told = both(&sandbox.run(0, ["tune", "study.yaml"]));
    assert!(told.contains("trial 2 failed: exit code 1: this kind is broken"), "{told}");
    let report = report(&sandbox);
    assert_eq!(states(&report), ["succeeded", "failed", "infeasible"]);
    let reason = report["trials"][2]["reason"].as_str().unwrap();
    assert_eq!(reason, "it ended with exit code 0 and had reported no loss");
    assert_eq!(report["best"], serde_json::json!([1]));
}

#[test]
fn a_study_whose_trials_all_fail_says_why_and_stops_early() {
    let sandbox = toy("
metrics: [{name: loss, goal: minimize}]
parameters: {x: {double: [-2, 2]}}
trial: {framework: none, code: ., command: [python3, train.py, --kind=broken]}
");
    let told = both(&sandbox.run(10, ["tune", "study.yaml"]));
    let why = "all of the first 3 trials have failed, the last one because: exit code 1: this kind is \
               broken";
    assert!(told.contains(why), "{told}");
    assert_eq!(states(&report(&sandbox)), ["failed"; 3]);
    assert!(stderr(&sandbox.run(4, ["tune", "best"])).contains("has a result yet"));
    let why = stdout(&sandbox.run(0, ["why", "toy"]));
    assert!(why.contains("all of the first 3 trials have failed"), "{why}");
}

#[test]
fn bad_trials_are_ended_early_and_places_are_filled() {
    let sandbox = toy("
metrics: [{name: loss, goal: minimize}]
parameters: {x: {double: [-9, 9]}}
maxTrials: 8
parallelTrials: 4
seed: 3
algorithm: random
earlyStopping: {type: median, minTrials: 2}
baseline: [{x: 1}, {x: 0.9}]
trial: {framework: none, code: ., command: [python3, train.py], args: {epochs: 10, pause: 0.6}}
");
    sandbox.run(0, ["tune", "study.yaml"]);
    let report = report(&sandbox);
    let states = states(&report);
    assert_eq!(states.len(), 8);
    assert_eq!(&states[..2], ["succeeded"; 2], "{states:?}");
    assert!(states.contains(&"stopped"), "{states:?}");
    let trials = report["trials"].as_array().unwrap();
    let stopped: Vec<_> = trials.iter().filter(|trial| trial["state"] == "stopped").collect();
    let reason =
        |trial: &&Json| trial["reason"].as_str().unwrap().contains("worse than the median");
    assert!(stopped.iter().all(reason), "{stopped:?}");
    // One that is ended in its last epochs has reported them all by the time it is gone.
    let points = stopped.iter().map(|trial| trial["curve"].as_array().unwrap().len()).min();
    assert!(points < Some(10), "{stopped:?}");
    assert_eq!(trials[0]["found"], "baseline");
}

#[test]
fn a_study_is_cancelled_with_its_trials_and_goes_on_with_as_many() {
    let sandbox = toy("
metrics: [{name: loss, goal: minimize}]
parameters: {x: {double: [-2, 2]}}
maxTrials: 4
parallelTrials: 2
trial: {framework: none, code: ., command: [python3, train.py], args: {epochs: 2, pause: 0.5}}
");
    sandbox.run(0, ["tune", "-f", "study.yaml", "--detach"]);
    wait_for("two trials run", Duration::from_secs(30), || {
        states(&report(&sandbox)).iter().filter(|state| **state == "running").count() == 2
    });
    sandbox.run(0, ["tune", "stop-trial", "1"]);
    sandbox.run(0, ["cancel", "toy"]);
    sandbox.wait_until_empty(Duration::from_secs(20));
    let report_then = report(&sandbox);
    let ended = states(&report_then);
    assert!(ended.iter().all(|state| ["cancelled", "stopped"].contains(state)), "{ended:?}");
    assert_eq!(stdout(&sandbox.run(0, ["list", "-q", "--state", "running"])), "");
    sandbox.run(0, ["tune", "resume"]);
    let report_now = report(&sandbox);
    let good = states(&report_now).iter().filter(|state| **state == "succeeded").count();
    let stopped = states(&report_now).iter().filter(|state| **state == "stopped").count();
    assert_eq!(good + stopped, 4, "{:?}", states(&report_now));
    // It is over: it goes on only if it is given more.
    assert!(stderr(&sandbox.run(5, ["tune", "resume"])).contains("--max-trials"));
    sandbox.run(2, ["tune", "resume", "--max-trials", "2"]);
    sandbox.run(0, ["tune", "resume", "--max-trials", "5"]);
    assert_eq!(stdout(&sandbox.run(0, ["list", "-q", "--name", "toy"])).lines().count(), 3);
}

#[test]
fn secrets_of_a_trial_reach_it_and_are_nowhere_in_the_state() {
    let sandbox = toy("
metrics: [{name: loss, goal: minimize}]
parameters: {x: {double: [-2, 2]}}
maxTrials: 2
trial:
  framework: none
  code: .
  command: [sh, check.sh]
  env: [{name: API_TOKEN, value: s3cr3t-value-1}, {name: OTHER, value: '${FROM_SHELL}'}]
");
    let check = "test $API_TOKEN = s3cr3t-value-1 && test $OTHER = from-the-shell && echo loss=1";
    sandbox.write("check.sh", check);
    let tune = |args: &[&str]| {
        let mut command = sandbox.mlctl(args);
        command.env("FROM_SHELL", "from-the-shell").output().expect("mlctl starts")
    };
    let output = tune(&["tune", "study.yaml"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(states(&report(&sandbox)), ["succeeded"; 2]);
    let found = std::process::Command::new("grep")
        .args(["-rlE", "--exclude-dir=code", "--exclude-dir=work", "s3cr3t-value-1|from-the-shell"])
        .arg(sandbox.state())
        .output()
        .expect("grep");
    assert_eq!(stdout(&found), "", "secrets in the state");
    let refused = stderr(&sandbox.run(5, ["tune", "resume", "--max-trials", "3"]));
    assert!(refused.contains("-f FILE"), "{refused}");
    let output = tune(&["tune", "resume", "--max-trials", "3", "-f", "study.yaml"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(states(&report(&sandbox)), ["succeeded"; 3]);
}

#[test]
fn several_metrics_have_a_front_and_a_study_learns_from_another() {
    let sandbox = toy("
metrics: [{name: loss, goal: minimize}, {name: size, goal: minimize}]
parameters: {x: {double: [0, 1]}}
maxTrials: 5
parallelTrials: 5
trial: {framework: none, command: [sh, -c, 'echo loss=${params.x} size=$(echo \"1-${params.x}\" | bc -l)']}
");
    sandbox.write(
        "study.yaml",
        &fs_err::read_to_string(sandbox.dir().join("study.yaml")).unwrap().replace(
            "'echo loss=${params.x} size=$(echo \"1-${params.x}\" | bc -l)'",
            "'python3 -c \"x=${params.x}; print(f\\\"loss={x} size={1-x}\\\")\"'",
        ),
    );
    sandbox.run(0, ["tune", "study.yaml"]);
    let report_of_both = report(&sandbox);
    assert_eq!(report_of_both["best"].as_array().unwrap().len(), 5, "{report_of_both}");
    let jobs = stdout(&sandbox.run(0, ["tune", "best", "-o", "yaml"]));
    assert_eq!(jobs.matches("kind: TrainJob").count(), 5, "{jobs}");

    let next = "
metrics: [{name: size, goal: minimize}]
parameters: {x: {double: [0, 1]}}
maxTrials: 1
warmStart: [toy]
trial: {framework: none, command: [sh, -c, 'echo size=${params.x}']}
";
    sandbox.write(
        "next.yaml",
        &format!("apiVersion: mlctl.dev/v1\nkind: TuneJob\nname: next\n{next}"),
    );
    sandbox.run(0, ["tune", "next.yaml"]);
    // Five trials are known already, so that the model chooses the first one.
    assert_eq!(report(&sandbox)["trials"][0]["found"], "model");
    sandbox.write(
        "other.yaml",
        &format!("apiVersion: mlctl.dev/v1\nkind: TuneJob\nname: other\n{next}")
            .replace("size", "miss"),
    );
    let refused = stderr(&sandbox.run(3, ["tune", "other.yaml"]));
    assert!(refused.contains("toy has no metric `miss`"), "{refused}");
}

#[test]
fn a_trial_that_has_diverged_is_no_winner() {
    let sandbox = toy("
metrics: [{name: loss, goal: minimize}]
parameters: {x: {categorical: ['0.2', nan, 1e400]}}
algorithm: grid
trial:
  framework: none
  command: [sh, -c, 'echo step=1 loss=0.1; echo step=2 loss=${params.x}']
");
    sandbox.run(0, ["tune", "study.yaml"]);
    let report = report(&sandbox);
    assert_eq!(states(&report), ["succeeded", "infeasible", "infeasible"], "{report}");
    assert_eq!(report["trials"][1]["reason"], "its last loss was no finite number");
    assert_eq!(report["best"], serde_json::json!([1]));
}

#[test]
fn a_file_that_all_trials_share_is_read_for_one_at_a_time() {
    let sandbox = toy("");
    let shared = sandbox.dir().join("shared.log").display().to_string();
    sandbox.write(
        "study.yaml",
        &format!(
            "{}metrics: [{{name: loss, goal: minimize}}]\nparameters: {{x: {{integer: [1, 4]}}}}\n\
             algorithm: grid\nparallelTrials: 4\ncollect: {{from: file, path: {shared}}}\n\
             trial: {{framework: none, command: [sh, -c, 'echo loss=${{params.x}} >> {shared}; sleep 0.3']}}\n",
            super::support::HEAD
        ),
    );
    sandbox.run(0, ["tune", "study.yaml"]);
    let report = report(&sandbox);
    for trial in report["trials"].as_array().unwrap() {
        assert_eq!(trial["values"]["loss"].as_f64(), trial["params"]["x"].as_f64(), "{trial}");
    }
    assert!(stdout(&sandbox.run(0, ["logs", "toy"])).contains("trials run one at a time"));
}

#[test]
fn two_who_resume_at_once_have_one_loop_and_a_refused_one_changes_nothing() {
    let sandbox = toy("
metrics: [{name: loss, goal: minimize}]
parameters: {x: {double: [-2, 2]}}
maxTrials: 1
trial:
  framework: none
  code: .
  command: [python3, train.py]
  args: {epochs: 3, pause: 0.3}
");
    sandbox.run(0, ["tune", "study.yaml"]);
    let resume = || {
        let mut command = sandbox.mlctl(["tune", "resume", "--max-trials", "6", "--detach"]);
        command.stdout(std::process::Stdio::null()).spawn().expect("mlctl starts")
    };
    let both = [resume(), resume()];
    for mut one in both {
        assert!(one.wait().expect("its end").success());
    }
    let running = stdout(&sandbox.run(0, ["list", "-q", "--state", "running,submitted,starting"]));
    assert_eq!(running.lines().count(), 1, "{running}");
    sandbox.run(0, ["cancel", "toy"]);
    sandbox.wait_until_empty(Duration::from_secs(20));
    // An empty journal is no study without trials.
    let study = report(&sandbox)["study"].as_str().unwrap().to_owned();
    let journal = sandbox.state().join("studies").join(study).join("journal.jsonl");
    fs_err::write(&journal, "").unwrap();
    let refused = stderr(&sandbox.run(1, ["tune", "resume"]));
    assert!(refused.contains("is empty, and it has had trials"), "{refused}");
}
