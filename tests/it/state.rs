//! The verbs that look at runs, over a state folder made by the library.

use std::io::Read;
use std::process::Stdio;

use mlctl::gang::{Exit, ExitStatus, FailureClass, FirstFailure, Outcome, Verdict};
use mlctl::plan::Plan;
use mlctl::store::{NewRun, Store};

use crate::support::{Sandbox, stderr, stdout};

fn plan(run: &str, name: &str) -> Plan {
    let span = |secs: u64| serde_json::json!({"secs": secs, "nanos": 0});
    serde_json::from_value(serde_json::json!({
        "schemaVersion": 1, "run": run, "name": name, "labels": {"team": "vision"},
        "framework": "none", "strategy": null,
        "roles": [{
            "name": "worker", "replicas": 2, "image": null, "command": ["python", "train.py"],
            "entrypointArgs": [], "env": [], "secrets": [], "cpu": null, "memory": "1Gi",
            "accelerators": null, "nodeSelector": {}, "tolerations": [], "volumes": []
        }],
        "code": null, "setup": null, "output": null, "security": "restricted",
        "gang": {
            "run": run, "jobUid": run,
            "members": [{"replica": "worker-0"}, {"replica": "worker-1"}],
            "completion": "all", "budgets": {}, "timeout": null, "startTimeout": span(60),
            "rejoinTimeout": span(0), "drain": span(1), "grace": span(1), "lease": span(15),
            "killBound": span(1), "blameHold": span(3), "outsidePause": span(3)
        }
    }))
    .expect("a plan")
}

/// A run that has ended so.
fn ended(sandbox: &Sandbox, name: &str, outcome: Outcome, class: Option<FailureClass>) -> String {
    let store = Store::open(sandbox.state()).expect("state");
    let reservation = store.reserve(name).expect("id");
    let plan = plan(reservation.run(), name);
    let new = NewRun {
        kind: "TrainJob",
        runtime: "local".into(),
        created: mlctl::store::now(),
        cwd: fs_err::canonicalize(sandbox.dir()).expect("folder"),
        user: "tester".into(),
        host: "laptop".into(),
        argv: vec!["mlctl".into(), "train".into()],
        git: None,
        code: None,
        source: "",
        resolved: "",
        plan: &plan,
    };
    let created = store.create_run(reservation, &new).expect("run");
    let first_failure = class.map(|class| FirstFailure {
        attempt: 1,
        replica: "worker-1".parse().unwrap(),
        class,
        exit: Some(Exit {
            status: ExitStatus::Code(1),
            class: Some(class),
            peer_loss: false,
            killed_by_gang: false,
            reason: "exit code 1".into(),
            last_lines: vec!["ValueError: no".into()],
        }),
        reason: "exit code 1".into(),
    });
    let verdict = Verdict { outcome, attempt: 1, first_failure, reason: "as it was".into() };
    store.finish(&created.lock, &created.paths, verdict, None).expect("end");
    created.paths.run.to_string()
}

#[test]
fn runs_are_listed_and_filtered() {
    let sandbox = Sandbox::new();
    let output = sandbox.run(0, ["list"]);
    assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), ("", "no runs\n"));
    assert!(!sandbox.state().exists(), "looking makes nothing");
    let good = ended(&sandbox, "good", Outcome::Succeeded, None);
    let bad = ended(&sandbox, "bad", Outcome::Failed, Some(FailureClass::UserError));
    let text = stdout(&sandbox.run(0, ["list"]));
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("RUN ") && lines[0].contains("STATE"), "{text}");
    assert!(lines[1].starts_with(&bad) && lines[2].starts_with(&good), "{text}");
    assert!(!text.contains('\x1b') && text.lines().all(|line| line == line.trim_end()));
    assert_eq!(stdout(&sandbox.run(0, ["list", "-q", "--state", "failed"])), format!("{bad}\n"));
    assert_eq!(stdout(&sandbox.run(0, ["list", "-q", "--label", "team=text"])), "");
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&sandbox.run(0, ["list", "-o", "json"]))).expect("JSON");
    assert_eq!(json["schemaVersion"], 1);
    assert_eq!(json["runs"][1]["state"], "succeeded");
    assert!(stdout(&sandbox.run(0, ["list", "-o", "yaml"])).starts_with("schemaVersion: 1\n"));
    sandbox.run(2, ["list", "--state", "happy"]);
}

#[test]
fn the_exit_code_of_wait_is_the_runs() {
    let sandbox = Sandbox::new();
    let cases = [
        (Outcome::Succeeded, None, 0),
        (Outcome::Failed, Some(FailureClass::UserError), 10),
        (Outcome::Failed, Some(FailureClass::Infrastructure), 11),
        (Outcome::Cancelled, None, 12),
        (Outcome::TimedOut, None, 13),
        (Outcome::CouldNotStart, None, 14),
    ];
    for (outcome, class, code) in cases {
        let run = ended(&sandbox, "digits", outcome, class);
        // Without a name: the last run of this folder. With its spec's name: the latest.
        assert!(stderr(&sandbox.run(code, ["wait"])).contains(&run));
        let output = sandbox.run(code, ["wait", "digits", "-o", "json"]);
        let json: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        assert_eq!(
            (json["run"].as_str(), json["exitCode"].as_i64()),
            (Some(&*run), Some(code.into()))
        );
        let output = sandbox.run(code, ["wait", "--events"]);
        let events: Vec<serde_json::Value> = stdout(&output)
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON Lines"))
            .collect();
        assert_eq!(events.last().expect("an event")["type"], "finished");
        assert_eq!(stderr(&sandbox.run(0, ["cancel"])).lines().count(), 1, "already ended");
    }
}

#[test]
fn why_and_status_explain() {
    let sandbox = Sandbox::new();
    let run = ended(&sandbox, "digits", Outcome::Failed, Some(FailureClass::UserError));
    let text = stdout(&sandbox.run(0, ["why"]));
    assert!(text.starts_with(&format!("{run} failed: worker-1: exit code 1\n")), "{text}");
    assert!(text.contains("fix the code: ValueError: no"), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&sandbox.run(0, ["why", "-o", "json"]))).expect("JSON");
    assert_eq!(json["causes"][0]["replica"], "worker-1");
    let text = stdout(&sandbox.run(0, ["status", &run[..8]]));
    assert!(text.contains("worker-0") && text.contains("userError"), "{text}");
    let output = sandbox.run(5, ["exec", &run, "--", "true"]);
    assert!(stderr(&output).contains("has ended"), "{}", stderr(&output));
}

#[test]
fn unknown_and_ambiguous_runs_are_said() {
    let sandbox = Sandbox::new();
    let output = sandbox.run(4, ["status"]);
    assert!(stderr(&output).contains("no run has been started from"), "{}", stderr(&output));
    let one = ended(&sandbox, "digits", Outcome::Succeeded, None);
    let two = ended(&sandbox, "digits", Outcome::Succeeded, None);
    let output = sandbox.run(4, ["status", "digist"]);
    assert!(stderr(&output).contains(&format!("did you mean {two}")), "{}", stderr(&output));
    let output = sandbox.run(2, ["cancel", "dig"]);
    assert!(stderr(&output).contains(&one), "{}", stderr(&output));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let sandbox = Sandbox::new();
    for _ in 0..3 {
        ended(&sandbox, "digits", Outcome::Succeeded, None);
    }
    let mut child = sandbox
        .mlctl(["list", "-o", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mlctl");
    drop(child.stdout.take());
    let mut text = String::new();
    child.stderr.take().expect("stderr").read_to_string(&mut text).expect("text");
    assert_eq!((child.wait().expect("an end").code(), text.as_str()), (Some(0), ""));
}

#[test]
fn a_garbled_state_hides_no_run_and_its_hints_work() {
    for garbled in [&b""[..], b"\n", b"garbage", b"garbage\n", b"\0\0\0\0", b"\xff\xfe\n", b"{}\n"]
    {
        let sandbox = Sandbox::new();
        let run = ended(&sandbox, "digits", Outcome::Succeeded, None);
        let index = sandbox.state().join("index");
        for verb in [&["list"][..], &["status", "-o", "json"], &["status", "digits", "-o", "json"]]
        {
            fs_err::write(&index, garbled).expect("index");
            let output = sandbox.run(0, verb);
            assert!(stdout(&output).contains(&run), "{verb:?} {garbled:?}: {}", stderr(&output));
            assert!(stderr(&output).contains("it was rebuilt"), "{}", stderr(&output));
            assert!(stdout(&sandbox.run(0, ["state", "check"])).contains("1 runs, 0 problems"));
        }
        // The next run's line does not hide those before it.
        fs_err::write(&index, garbled).expect("index");
        let other = ended(&sandbox, "other", Outcome::Failed, None);
        let list = stdout(&sandbox.run(0, ["list", "-q"]));
        assert!(list.lines().eq([other.as_str(), run.as_str()]), "{garbled:?}: {list}");

        let version = sandbox.state().join("version");
        fs_err::write(&version, garbled).expect("version");
        assert_eq!(stdout(&sandbox.run(0, ["list", "-q"])), list);
        let output = sandbox.run(1, ["state", "check"]);
        assert!(stdout(&output).contains("version: it holds no number"), "{}", stdout(&output));
        assert!(stderr(&output).contains("mlctl state rebuild"), "{}", stderr(&output));
        sandbox.run(0, ["state", "rebuild"]);
        assert!(stdout(&sandbox.run(0, ["state", "check"])).contains("2 runs, 0 problems"));
        assert_eq!(fs_err::read_to_string(&version).expect("version"), "1\n");
        fs_err::write(&version, garbled).expect("version");
        ended(&sandbox, "third", Outcome::Failed, None);
        sandbox.run(0, ["state", "check"]);
    }
}

#[test]
fn a_check_counts_every_problem_that_it_shows() {
    let sandbox = Sandbox::new();
    let run = ended(&sandbox, "digits", Outcome::Succeeded, None);
    let folder = sandbox.state().join("runs").join(&run);
    for (file, text) in [("plan.json", "{"), ("run.json", "\0\0"), ("events.jsonl", "")] {
        let before = fs_err::read(folder.join(file)).expect("file");
        fs_err::write(folder.join(file), text).expect("file");
        let output = stdout(&sandbox.run(1, ["state", "check"]));
        assert!(output.contains("1 runs, 1 problems"), "{file}: {output}");
        fs_err::write(folder.join(file), before).expect("file");
    }
    let study = sandbox.state().join("studies/search-abc123");
    fs_err::create_dir_all(&study).expect("study");
    fs_err::write(study.join("study.json"), "").expect("study");
    assert!(stdout(&sandbox.run(1, ["state", "check"])).contains("study.json is damaged"));
}

#[test]
fn a_record_that_is_gone_is_made_again_like_a_garbled_one() {
    let sandbox = Sandbox::new();
    let spec = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: gone\ncommand: ['true']\n";
    sandbox.write("mlctl.yaml", spec);
    sandbox.run(0, ["train"]);
    let runs = fs_err::read_dir(sandbox.state().join("runs")).expect("runs");
    let record = runs.flatten().next().expect("a run").path().join("run.json");
    for break_it in
        [(|path| fs_err::remove_file(path).expect("record")) as fn(&std::path::Path), |path| {
            fs_err::write(path, "{}").expect("record")
        }]
    {
        break_it(&record);
        sandbox.run(1, ["state", "check"]);
        assert!(stdout(&sandbox.run(0, ["status", "gone"])).contains("succeeded"));
        assert!(stdout(&sandbox.run(0, ["state", "check"])).contains("1 runs, 0 problems"));
    }
}

#[test]
fn the_state_is_checked_and_rebuilt() {
    let sandbox = Sandbox::new();
    let run = ended(&sandbox, "digits", Outcome::Succeeded, None);
    let path = stdout(&sandbox.run(0, ["state", "path"]));
    assert_eq!(path.trim_end(), sandbox.state().display().to_string());
    assert_eq!(stdout(&sandbox.run(0, ["state", "check"])), "1 runs, 0 problems\n");
    fs_err::write(sandbox.state().join("index"), "garbage\n").expect("index");
    assert!(stdout(&sandbox.run(1, ["state", "check"])).contains("not in the index"));
    assert!(stdout(&sandbox.run(0, ["state", "rebuild"])).contains(&format!("found again: {run}")));
    assert_eq!(stdout(&sandbox.run(0, ["list", "-q"])), format!("{run}\n"));
    fs_err::write(sandbox.state().join("version"), "99\n").expect("version");
    assert_eq!(stdout(&sandbox.run(0, ["list", "-q"])), format!("{run}\n"), "newer: readable");
    let output = sandbox.run(5, ["state", "rebuild"]);
    assert!(stderr(&output).contains("newer mlctl"), "{}", stderr(&output));
}
