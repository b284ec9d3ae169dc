//! Studies whose processes are killed: every trial comes to one end, and none runs twice to it.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use serde_json::Value as Json;

use super::support::{report, states, toy};
use crate::support::{Sandbox, stdout, wait_for};

// Killed commands are failed trials. Without a limit of its own a study ends when all of its first
// trials fail, and a test that kills at random would now and then kill just those.
const STUDY: &str = "
metrics: [{name: loss, goal: minimize}]
parameters: {x: {double: [-2, 2]}}
maxTrials: 8
maxFailedTrials: 8
parallelTrials: 3
algorithm: quasirandom
seed: 1
trial:
  framework: none
  code: .
  command: [python3, train.py]
  args: {epochs: 3, pause: 0.15}
  env: [{name: TOLD, value: 'TOLD_FILE'}]
";

/// Processes of the sandbox whose command line has one of these words.
fn with(sandbox: &Sandbox, words: &[&str]) -> Vec<i32> {
    let has = |pid: &i32| {
        let line = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        words.iter().any(|word| line.contains(word))
    };
    sandbox.processes().into_iter().filter(has).collect()
}

fn kill(pids: &[i32]) {
    let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
    let _ = Command::new("kill").arg("-9").args(&pids).output();
}

/// How often each trial's command came to its end.
fn ends(sandbox: &Sandbox) -> BTreeMap<String, u32> {
    let told = fs_err::read_to_string(sandbox.dir().join("told")).unwrap_or_default();
    let mut ends = BTreeMap::new();
    for line in told.lines().filter_map(|line| line.strip_suffix(" end")) {
        *ends.entry(line.to_owned()).or_default() += 1;
    }
    ends
}

fn study() -> Sandbox {
    let sandbox = toy("");
    let told = sandbox.dir().join("told").display().to_string();
    sandbox.write(
        "study.yaml",
        &format!("{}{}", super::support::HEAD, STUDY.replace("TOLD_FILE", &told)),
    );
    sandbox
}

#[track_caller]
fn is_whole(sandbox: &Sandbox) {
    let report = report(sandbox);
    assert_eq!(states(&report), ["succeeded"; 8], "{report}");
    let ends = ends(sandbox);
    assert!(ends.len() == 8 && ends.values().all(|times| *times == 1), "{ends:?}");
}

/// The loop is started again by its agent, as often as it takes, and nobody has to do anything.
#[test]
fn a_loop_that_is_killed_again_and_again_has_a_successor() {
    let sandbox = study();
    sandbox.run(0, ["tune", "study.yaml", "--detach"]);
    for pause in [50, 300, 450, 700] {
        wait_for("a loop", Duration::from_secs(30), || !with(&sandbox, &["tune-loop"]).is_empty());
        std::thread::sleep(Duration::from_millis(pause));
        kill(&with(&sandbox, &["tune-loop"]));
    }
    sandbox.run(0, ["wait", "toy"]);
    is_whole(&sandbox);
    sandbox.wait_until_empty(Duration::from_secs(20));
}

/// Everything is killed at once, the loop and its agent alone, or trials: `resume` goes on, until the
/// study is over. What a trial had begun is begun again; what had ended well is not.
#[test]
fn whatever_is_killed_the_study_is_resumed() {
    let seed = fastrand::u64(..);
    let mut rng = fastrand::Rng::with_seed(seed);
    let sandbox = study();
    sandbox.run(0, ["tune", "study.yaml", "--detach"]);
    for round in 0..8 {
        std::thread::sleep(Duration::from_millis(rng.u64(20..900)));
        match rng.u32(..4) {
            0 => kill(&sandbox.processes()),
            1 => kill(&with(&sandbox, &["tune-loop", "study-0.json", "agent-guard"])),
            2 => {
                kill(&with(&sandbox, &["train.py"])[..].iter().take(1).copied().collect::<Vec<_>>())
            }
            _ => kill(&with(&sandbox, &["worker-0.json"])),
        }
        let output = sandbox.mlctl(["tune", "resume", "--detach"]).output().expect("mlctl starts");
        // It may be over already.
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 5)), "seed {seed}, round {round}: {output:?}");
    }
    let _ = sandbox.mlctl(["tune", "resume"]).output().expect("mlctl starts");
    let report = report(&sandbox);
    let states = states(&report);
    assert_eq!(states.len(), 8, "seed {seed}: {states:?}");
    // A command that was killed itself has failed, as any run's command; its trial is not lost.
    let good = states.iter().all(|state| ["succeeded", "failed"].contains(state));
    assert!(good, "seed {seed}: {states:?}");
    let listed = sandbox.run(0, ["list", "--study", "toy", "--limit", "0", "-o", "json"]);
    let runs: Json = serde_json::from_str(&stdout(&listed)).expect("a document");
    let ends = ends(&sandbox);
    for (number, state) in states.iter().enumerate() {
        let number = number + 1;
        let of_trial = |run: &&Json| run["trial"]["trial"] == number && run["state"] == "succeeded";
        let whole = runs["runs"].as_array().expect("runs").iter().filter(of_trial).count();
        let is_good = *state == "succeeded";
        assert_eq!(whole, usize::from(is_good), "seed {seed}: runs of trial {number}");
        // A command that had just ended when its agent was killed has ended, and nobody knows.
        let lost = report["trials"][number - 1]["lostRuns"].as_array().map_or(0, Vec::len);
        let ended = ends.get(&number.to_string()).copied().unwrap_or_default() as usize;
        assert!(ended <= whole + lost, "seed {seed}: trial {number} ended {ended} times");
        assert!(ended > 0 || !is_good, "seed {seed}: trial {number} never ended");
    }
    sandbox.wait_until_empty(Duration::from_secs(20));
}

/// A machine that shuts down tells every process to go. Nobody has cancelled the study.
#[test]
fn an_agent_that_is_told_to_go_leaves_the_trials_alone() {
    let sandbox = study();
    sandbox.run(0, ["tune", "study.yaml", "--detach"]);
    wait_for("a trial runs", Duration::from_secs(30), || !with(&sandbox, &["train.py"]).is_empty());
    let agent = sandbox.agent("study-0").expect("the loop's agent");
    let _ = Command::new("kill").args(["-TERM", &agent.to_string()]).status();
    wait_for("the loop is gone", Duration::from_secs(30), || {
        with(&sandbox, &["tune-loop"]).is_empty()
    });
    sandbox.run(0, ["tune", "resume"]);
    is_whole(&sandbox);
}
