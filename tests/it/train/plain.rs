//! Gangs of shell scripts: what a run does when nothing goes wrong, and the forms of submitting.

use std::time::Duration;

use crate::support::{Sandbox, both, repository, stderr, stdout};

const END: Duration = Duration::from_secs(30);

fn status(sandbox: &Sandbox) -> serde_json::Value {
    let output = sandbox.run(0, ["status", "-o", "json"]);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_gang_runs_and_is_remembered() {
    let sandbox = Sandbox::new();
    sandbox.example("plain");
    let output = sandbox.run(0, ["train", "plain"]);
    let text = both(&output);
    for expected in ["submitted to local", "worker-1 | hello from 1 of 2", "succeeded"] {
        assert!(text.contains(expected), "{expected} in:\n{text}");
    }
    assert!(!stdout(&output).contains("succeeded"), "stdout is data: {}", stdout(&output));
    assert!(!text.contains('\u{1b}'), "no colour in a pipe");
    sandbox.wait_until_empty(END);
    let logs = stdout(&sandbox.run(0, ["logs", "--replica", "worker-0"]));
    assert!(logs.contains("hello from 0 of 2, attempt 1") && !logs.contains("::mlctl:"), "{logs}");
    assert!(stdout(&sandbox.run(0, ["list"])).contains("succeeded"));
    assert_eq!(status(&sandbox)["record"]["state"], "succeeded", "{}", status(&sandbox));
}

#[test]
fn a_script_needs_no_spec() {
    let sandbox = Sandbox::new();
    sandbox.write("job/train.py", "import sys\nprint('got', sys.argv[1:])\n");
    let output = sandbox.run(0, ["train", "job/train.py", "--", "--epochs", "5", "a b"]);
    let text = both(&output);
    assert!(text.contains("got ['--epochs', '5', 'a b']"), "{text}");
}

#[test]
fn a_spec_comes_from_standard_input_too() {
    let sandbox = Sandbox::new();
    let spec = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: in\ncommand: [echo, hello]\n";
    let mut child = sandbox
        .mlctl(["train", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("mlctl");
    std::io::Write::write_all(&mut child.stdin.take().expect("stdin"), spec.as_bytes())
        .expect("spec");
    let output = child.wait_with_output().expect("end");
    assert!(output.status.success() && both(&output).contains("hello"));
}

#[test]
fn detached_runs_are_waited_for() {
    let sandbox = Sandbox::new();
    sandbox.example("plain");
    let id = stdout(&sandbox.run(0, ["train", "plain", "--detach"]));
    assert!(id.trim().starts_with("hello-") && id.trim().len() == "hello-".len() + 6, "{id}");
    sandbox.run(0, ["wait", id.trim(), "-q"]);
    sandbox.run(0, ["wait", "hello"]);
    sandbox.run(0, ["cancel"]);
}

#[test]
fn events_are_json_lines_and_the_journal() {
    let sandbox = Sandbox::new();
    sandbox.example("plain");
    let output = sandbox.run(0, ["train", "plain", "--events"]);
    let lines: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let seqs: Vec<u64> = lines.iter().map(|line| line["seq"].as_u64().expect("seq")).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert_eq!(lines.last().expect("events")["type"], "finished");
    assert_eq!(lines[0]["type"], "submitted");
}

#[test]
fn a_dry_run_starts_nothing_and_hides_secrets() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: dry\ncommand: [echo]\n\
         env: [{name: API_KEY, value: sesame-open-now}]\n",
    );
    for form in [&["train", "--dry-run"][..], &["train", "--dry-run", "-o", "yaml"]] {
        let output = sandbox.run(0, form);
        assert!(stdout(&output).contains("API_KEY"), "{}", stdout(&output));
        assert!(!stdout(&output).contains("sesame"), "{}", stdout(&output));
    }
    assert!(stderr(&sandbox.run(4, ["status"])).contains("no run has been started"));
}

/// A secret reaches the command, and no file of the state.
#[test]
fn secrets_are_in_no_file() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: hush\n\
         command: [sh, -c, 'test ${#API_KEY} = 15 && test ${#OTHER} = 16']\n\
         env:\n- {name: API_KEY, value: sesame-open-now}\n- {name: OTHER, value: '${TOP}'}\n",
    );
    let output = sandbox.mlctl(["train"]).env("TOP", "from-the-shell-1").output().expect("mlctl");
    assert!(output.status.success(), "{}", stderr(&output));
    let grep = std::process::Command::new("grep")
        .args(["-rlE", "sesame-open-now|from-the-shell-1"])
        .arg(sandbox.state())
        .output()
        .expect("grep");
    // 1: it has looked everywhere and found nothing.
    assert_eq!((grep.status.code(), stdout(&grep).as_str()), (Some(1), ""), "{}", stderr(&grep));
}

#[test]
fn vertex_files_run_as_they_are() {
    let sandbox = Sandbox::new();
    sandbox.example("vertex");
    let output = sandbox.run(0, ["train", "vertex/custom-job.yaml"]);
    assert!(stderr(&output).contains("succeeded"));
    let output = sandbox.run(0, ["train", "vertex/worker-pools.yaml"]);
    assert!(stderr(&output).contains("evaluator-0"), "{}", stderr(&output));
    let converted = stdout(&sandbox.run(0, ["convert", "vertex/worker-pools.yaml"]));
    sandbox.write("converted.yaml", &converted);
    sandbox.run(0, ["validate", "converted.yaml"]);
}

#[test]
fn every_template_is_right() {
    for args in [
        &["plain"][..],
        &["pytorch"],
        &["jax"],
        &["sklearn"],
        &["tensorflow"],
        &["tensorflow", "--strategy", "none"],
        &["tensorflow", "--strategy", "mirrored"],
        &["tensorflow", "--strategy", "centralStorage"],
        &["tensorflow", "--strategy", "parameterServer"],
    ] {
        let sandbox = Sandbox::new();
        let init: Vec<&str> = ["init"].iter().chain(args).copied().collect();
        sandbox.run(0, &init);
        let output = sandbox.run(0, ["validate"]);
        assert!(!stderr(&output).contains("warning"), "{args:?}: {}", stderr(&output));
        let again = sandbox.run(5, &init);
        assert!(stderr(&again).contains("--overwrite"), "{}", stderr(&again));
    }
}

#[test]
fn every_example_is_right() {
    let sandbox = Sandbox::new();
    for example in ["digits", "torch-ddp", "jax", "plain"] {
        let dir = repository().join("examples").join(example);
        sandbox.run(0, ["validate".into(), dir.into_os_string()]);
    }
}
