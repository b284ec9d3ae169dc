//! `mlctl cleanup` on this machine: real runs, and what killed commands leave.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{Sandbox, stderr, stdout};

const MODEL: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: good
command: [sh, -c, 'mkdir -p ${AIP_MODEL_DIR} && echo weights >${AIP_MODEL_DIR}/w && echo done']
";

const FAILS: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: bad
labels: {team: vision}
command: [sh, -c, 'exit 3']
";

/// It succeeds and makes no model.
const PLAIN: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: plain
command: ['true']
";

const SLEEPS: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: busy
command: [sleep, '1000']
";

fn train(sandbox: &Sandbox, spec: &str, code: i32) -> String {
    sandbox.write("mlctl.yaml", spec);
    sandbox.run(code, ["train"]);
    newest(sandbox)
}

fn newest(sandbox: &Sandbox) -> String {
    let text = stdout(&sandbox.run(0, ["list", "--limit", "1", "--quiet"]));
    text.trim().to_owned()
}

/// `cleanup` with a cache of its own: the tests share theirs.
fn command(sandbox: &Sandbox, args: &[&str]) -> Command {
    let mut command = sandbox.mlctl(["cleanup"].iter().chain(args));
    command.env("XDG_CACHE_HOME", sandbox.home().join("cache"));
    command
}

#[track_caller]
fn cleanup(sandbox: &Sandbox, args: &[&str]) -> Output {
    let output = command(sandbox, args).output().expect("mlctl");
    assert!(output.status.success(), "{}", stderr(&output));
    output
}

fn proposal(sandbox: &Sandbox, args: &[&str]) -> serde_json::Value {
    let all: Vec<&str> = ["-o", "json"].iter().chain(args).copied().collect();
    serde_json::from_str(&stdout(&cleanup(sandbox, &all))).expect("JSON")
}

fn names(proposal: &serde_json::Value) -> Vec<&str> {
    let all = proposal["removals"].as_array().expect("removals");
    all.iter().map(|removal| removal["run"].as_str().unwrap_or_default()).collect()
}

fn files(dir: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(dir).into_iter().flatten().flatten();
    let mut all: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    all.sort();
    all
}

#[test]
fn what_was_shown_goes_and_the_rest_stays() {
    let sandbox = Sandbox::new();
    let good = train(&sandbox, MODEL, 0);
    let plain = train(&sandbox, PLAIN, 0);
    let bad = train(&sandbox, FAILS, 10);
    sandbox.write("mlctl.yaml", SLEEPS);
    sandbox.run(0, ["train", "--detach"]);
    let busy = newest(&sandbox);
    // Too young, unless somebody says so.
    assert_eq!(names(&proposal(&sandbox, &["--dry-run"])), Vec::<&str>::new());
    let wanted = proposal(&sandbox, &["--all", "--dry-run"]);
    let mut shown = names(&wanted);
    shown.sort_unstable();
    assert_eq!(shown, [&*bad, &*good, &*plain]);
    assert_eq!(wanted["kept"][0]["run"], busy.as_str());
    assert_eq!(names(&proposal(&sandbox, &["--label", "team=vision", "--dry-run"])), [&*bad]);
    let runs = sandbox.state().join("runs");
    assert_eq!(files(&runs).len(), 4, "looking removed nothing");

    // Nobody can be asked here.
    let refused = command(&sandbox, &["--all"]).output().expect("mlctl");
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("--yes"), "{}", stderr(&refused));
    let done = cleanup(&sandbox, &["--all", "--yes"]);
    assert!(stderr(&done).contains("removed 3 "), "{}", stderr(&done));
    assert!(!runs.join(&bad).exists() && !runs.join(&plain).exists());
    // The model and its story stay.
    let left = runs.join(&good);
    assert_eq!(fs_err::read_to_string(left.join("output/model/w")).expect("model"), "weights\n");
    assert!(!left.join("work").exists() && !left.join("logs").exists(), "{:?}", files(&left));
    assert!(stdout(&sandbox.run(0, ["status", &good])).contains("succeeded"));
    sandbox.run(4, ["status", &bad]);
    let again = cleanup(&sandbox, &["--all", "--yes"]);
    assert!(stderr(&again).contains("nothing to remove"), "{}", stderr(&again));

    cleanup(&sandbox, &[&busy, "--running", "--yes"]);
    assert!(!runs.join(&busy).exists());
    cleanup(&sandbox, &[&good, "--models", "--yes"]);
    assert_eq!(files(&runs), Vec::<String>::new());
    sandbox.run(0, ["state", "check"]);
    assert_eq!(stdout(&sandbox.run(0, ["list", "--quiet"])), "");
}

/// The state folder is lost while a run goes on: its processes are found by their mark.
#[test]
fn processes_of_a_lost_run_are_found_and_ended() {
    let sandbox = Sandbox::new();
    sandbox.write("mlctl.yaml", SLEEPS);
    sandbox.run(0, ["train", "--detach"]);
    let run = newest(&sandbox);
    fs_err::remove_file(sandbox.state().join("index")).expect("index");
    fs_err::remove_dir_all(sandbox.state().join("runs").join(&run)).expect("the folder goes");
    assert!(!sandbox.processes().is_empty());
    cleanup(&sandbox, &["--orphans", "--yes"]);
    assert_eq!(sandbox.processes(), Vec::<i32>::new(), "nothing of it runs");
}

/// Killed at any moment, the next command finds a state that it understands.
#[test]
fn an_interrupted_cleanup_is_finished_by_the_next() {
    let sandbox = Sandbox::new();
    let runs: Vec<String> = (0..6).map(|_| train(&sandbox, FAILS, 10)).collect();
    let keep = train(&sandbox, MODEL, 0);
    for pause in 0..20 {
        let mut child = command(&sandbox, &["--state", "failed", "--yes"])
            .stderr(Stdio::null())
            .spawn()
            .expect("mlctl");
        std::thread::sleep(std::time::Duration::from_millis(2 * pause));
        child.kill().expect("killed");
        child.wait().expect("ended");
        sandbox.run(0, ["list"]);
        sandbox.run(0, ["state", "check"]);
        let model = sandbox.state().join("runs").join(&keep).join("output/model/w");
        assert!(model.exists(), "the model of {keep} stays");
    }
    cleanup(&sandbox, &["--state", "failed", "--yes"]);
    let left = files(&sandbox.state().join("runs"));
    assert_eq!(left, [keep]);
    assert_eq!(files(&sandbox.state().join("removed")), Vec::<String>::new());
    for run in runs {
        sandbox.run(4, ["status", &run]);
    }
}

/// The setting does the same by itself, once a day, and says nothing.
#[test]
fn retention_removes_quietly() {
    let sandbox = Sandbox::new();
    let old = train(&sandbox, FAILS, 10);
    let settings = sandbox.home().join(".config/mlctl");
    fs_err::create_dir_all(&settings).expect("folder");
    let text = "retention: {olderThan: 0s, states: [failed]}\n";
    fs_err::write(settings.join("config.yaml"), text).expect("settings");
    let listed = sandbox.run(0, ["list", "-q"]);
    assert_eq!((stdout(&listed).trim(), stderr(&listed).as_str()), (old.as_str(), ""));
    assert_eq!(stdout(&sandbox.run(0, ["list", "-q"])), "");
    let young = train(&sandbox, FAILS, 10);
    sandbox.run(0, ["list"]);
    assert_eq!(files(&sandbox.state().join("runs")), [young], "not twice a day");
}

/// An environment that is being taken into use stays, and an unused one goes with nothing half left.
#[test]
fn environments_in_use_stay() {
    let sandbox = Sandbox::new();
    let venvs = sandbox.home().join("cache/mlctl/venvs");
    for name in ["used", "idle"] {
        fs_err::create_dir_all(venvs.join(name).join("bin")).expect("folder");
        fs_err::write(venvs.join(name).join(".complete"), "").expect("file");
        fs_err::write(venvs.join(format!("{name}.lock")), "").expect("lock");
    }
    let lock = fs_err::File::open(venvs.join("used.lock")).expect("lock");
    lock.file().lock().expect("locked");
    let output = command(&sandbox, &["--all", "--yes"]).output().expect("mlctl");
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stderr(&output).contains("in use again"), "{}", stderr(&output));
    assert!(venvs.join("used/.complete").exists() && !venvs.join("idle").exists());
    drop(lock);
    cleanup(&sandbox, &["--all", "--yes"]);
    assert!(!venvs.join("used").exists());
    // What would go is data: a pipe gets it.
    fs_err::create_dir_all(venvs.join("more")).expect("folder");
    let shown = stdout(&cleanup(&sandbox, &["--all", "--dry-run"]));
    assert!(shown.contains("environment more"), "{shown}");
}
