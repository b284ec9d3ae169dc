//! What goes wrong in a gang, and what the user is told.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Sandbox, stderr, stdout, wait_for};

const END: Duration = Duration::from_secs(40);

/// A gang of two whose worker 1 runs `second`, while worker 0 runs `first`.
fn gang(sandbox: &Sandbox, first: &str, second: &str, more: &str) {
    sandbox.write("first.sh", first);
    sandbox.write("second.sh", second);
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: gang\ncode: .\ngrace: 2s\ndrain: 3s\n\
             command: [sh, -c, 'case $RANK in 0) . ./first.sh;; *) . ./second.sh;; esac']\n\
             roles: {{worker: {{replicas: 2}}}}\n{more}"
        ),
    );
}

fn why(sandbox: &Sandbox) -> String {
    stdout(&sandbox.run(0, ["why"]))
}

#[test]
fn the_first_failure_takes_the_gang_down() {
    let sandbox = Sandbox::new();
    gang(&sandbox, "trap '' TERM; while :; do sleep 0.1; done", "echo boom >&2; exit 3", "");
    sandbox.run(10, ["train"]);
    sandbox.wait_until_empty(END);
    let why = why(&sandbox);
    assert!(
        why.contains("worker-1") && why.contains("exit code 3") && why.contains("boom"),
        "{why}"
    );
}

#[test]
fn a_survivors_error_is_not_the_cause() {
    let sandbox = Sandbox::new();
    gang(
        &sandbox,
        "sleep 0.2; echo 'UnavailableError: Connection reset by peer'; exit 1",
        "sleep 1; echo 'ValueError: the real one'; exit 7",
        "",
    );
    sandbox.run(10, ["train"]);
    let why = why(&sandbox);
    assert!(why.contains("worker-1") && why.contains("exit code 7"), "{why}");
}

#[test]
fn the_gang_restarts_within_its_budget() {
    let sandbox = Sandbox::new();
    gang(
        &sandbox,
        "sleep 1; echo attempt $MLCTL_ATTEMPT",
        "test $MLCTL_ATTEMPT = 2 || exit 1",
        "retries: {userError: 1}\n",
    );
    sandbox.run(0, ["train"]);
    let logs = stdout(&sandbox.run(0, ["logs", "--attempt", "2", "--replica", "worker-0"]));
    assert_eq!(logs.trim(), "attempt 2");
}

#[test]
fn a_timeout_ends_the_run() {
    let sandbox = Sandbox::new();
    gang(&sandbox, "sleep 100", "sleep 100", "timeout: 2s\n");
    sandbox.run(13, ["train"]);
    sandbox.wait_until_empty(END);
}

#[test]
fn a_missing_program_is_told_before_anything_starts() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: typo\ncommand: [pyhton-nowhere, x.py]\n",
    );
    let output = sandbox.run(5, ["train"]);
    assert!(stderr(&output).contains("no program `pyhton-nowhere`"), "{}", stderr(&output));
    assert!(stdout(&sandbox.run(0, ["list", "-q"])).is_empty());
}

#[test]
fn a_failed_setup_says_what_pip_said() {
    let sandbox = Sandbox::new();
    sandbox.write("requirements.txt", "./no-package\n");
    sandbox.write("no-package/pyproject.toml", "this is no TOML");
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: setup\ncode: .\ncommand: [python, -V]\n\
         setup: {python: {requirements: requirements.txt}}\n",
    );
    let output = sandbox.run(10, ["train"]);
    assert!(stderr(&output).contains("pip install failed: exit code"), "{}", stderr(&output));
}

#[test]
fn cancel_ends_everything() {
    let sandbox = Sandbox::new();
    gang(&sandbox, "setsid sleep 1000 & echo up; sleep 1000", "sleep 1000", "");
    sandbox.run(0, ["train", "-d"]);
    wait_for("the command runs", END, || {
        stdout(&sandbox.mlctl(["logs"]).output().expect("logs")).contains("up")
    });
    sandbox.run(0, ["cancel"]);
    sandbox.wait_until_empty(END);
    sandbox.run(12, ["wait"]);
}

/// In a pipeline SIGTERM cancels; nothing burns on.
#[test]
fn a_cancelled_pipeline_cancels_the_run() {
    let sandbox = Sandbox::new();
    gang(&sandbox, "echo up; sleep 1000", "sleep 1000", "");
    let child =
        sandbox.mlctl(["train"]).env("CI", "true").stderr(Stdio::piped()).spawn().expect("mlctl");
    wait_for("the command runs", END, || {
        stdout(&sandbox.mlctl(["logs"]).output().expect("logs")).contains("up")
    });
    let _ = Command::new("kill").arg(child.id().to_string()).status();
    let output = child.wait_with_output().expect("end");
    assert_eq!(output.status.code(), Some(12), "{}", stderr(&output));
    sandbox.wait_until_empty(END);
}

/// `kill -9` of the follower changes nothing for the run.
#[test]
fn a_killed_mlctl_leaves_the_run_alone() {
    let sandbox = Sandbox::new();
    gang(&sandbox, "sleep 2; echo done", "sleep 2", "");
    let mut child = sandbox.mlctl(["train"]).stderr(Stdio::null()).spawn().expect("mlctl");
    wait_for("the gang runs", END, || {
        stdout(&sandbox.mlctl(["status"]).output().expect("status")).contains("running")
    });
    child.kill().expect("kill");
    child.wait().expect("reaped");
    sandbox.run(0, ["wait"]);
    sandbox.wait_until_empty(END);
}

#[test]
fn gpus_that_are_not_there_are_an_error_or_a_warning() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: gpu\ncommand: ['true']\n\
         accelerators: {type: nvidia-l4, count: 1}\n",
    );
    sandbox.write("bin/nvidia-smi", "#!/bin/sh\nexit 9\n");
    let path =
        format!("{}:{}", sandbox.dir().join("bin").display(), std::env::var("PATH").expect("PATH"));
    let train = |args: &[&str]| sandbox.mlctl(args).env("PATH", &path).output().expect("mlctl");
    let refused = train(&["train"]);
    assert_eq!(refused.status.code(), Some(5));
    assert!(stderr(&refused).contains("--allow-cpu"), "{}", stderr(&refused));
    let allowed = train(&["train", "--allow-cpu"]);
    assert_eq!(allowed.status.code(), Some(0), "{}", stderr(&allowed));
}

/// A run that leaves nothing keeps nobody out; what one has left is another's only where that is asked for.
#[test]
fn an_output_is_one_runs_until_somebody_says_otherwise() {
    let sandbox = Sandbox::new();
    let script = "ls $AIP_CHECKPOINT_DIR; [ $STEP != fail ] || exit 1; touch $AIP_CHECKPOINT_DIR/$STEP; \
                  while [ $STEP = four ] && [ ! -e $AIP_CHECKPOINT_DIR/go ]; do sleep 0.05; done";
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: out\noutput: out\n\
             env: [{{name: STEP, value: fail}}]\ncommand: [sh, -c, {script:?}]\n"
        ),
    );
    let step = |step: &str| format!("env[0].value={step}");
    sandbox.run(10, ["train"]);
    sandbox.run(0, ["train", "--set", &step("one")]);
    let refused = stderr(&sandbox.run(5, ["train", "--set", &step("two")]));
    for told in ["was filled by run out-", "--resume", "--overwrite"] {
        assert!(refused.contains(told), "{refused}");
    }
    sandbox.run(0, ["train", "--resume", "--set", &step("two")]);
    assert!(stdout(&sandbox.run(0, ["logs"])).contains("one"), "it goes on from there");
    sandbox.run(0, ["train", "--overwrite", "--set", &step("three")]);
    let log = stdout(&sandbox.run(0, ["logs"]));
    assert!(!log.contains("one") && !log.contains("two"), "{log}");
    let unnamed = stderr(&sandbox.run(5, ["train", "--resume", "--set", "output=out/{run}"]));
    assert!(unnamed.contains("another place for each run"), "{unnamed}");
    // Two at once.
    let first = sandbox.run(0, ["train", "--detach", "--overwrite", "--set", &step("four")]);
    let run = stdout(&first).trim().to_owned();
    for flag in [&["train"][..], &["train", "--resume"], &["train", "--overwrite"]] {
        let refused = stderr(&sandbox.run(5, flag.iter().copied()));
        assert!(refused.contains(&format!("run {run}, which is running")), "{refused}");
    }
    sandbox.write("out/checkpoints/go", "");
    sandbox.run(0, ["wait"]);
}
