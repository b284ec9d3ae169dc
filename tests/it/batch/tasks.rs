//! Tasks as processes of this machine: each ends by itself, and the run follows from their ends.

use std::collections::BTreeMap;
use std::time::Duration;

use mlctl::plan::Plan;
use mlctl::run::{Order, Submitter, submit};
use mlctl::runtime::SubmitOptions;
use mlctl::runtime::local::{Local, LocalConfig};
use mlctl::store::Store;
use serde_json::{Value as Json, json};

use crate::support::{Sandbox, cache, kill, stdout, wait_for};

const END: Duration = Duration::from_secs(40);

/// A plan of so many tasks with this command into `output`; `more` goes over the rules.
fn plan(run: &str, count: u32, command: &[&str], more: &Json, output: &str) -> Plan {
    let members: Vec<Json> =
        (0..count).map(|index| json!({"replica": format!("worker-{index}")})).collect();
    let span = |secs: u64| json!({"secs": secs, "nanos": 0});
    let mut rules = json!({
        "run": run, "jobUid": run, "members": members, "completion": "all",
        "budgets": {}, "timeout": null, "startTimeout": span(60), "rejoinTimeout": span(0),
        "drain": span(2), "grace": span(2), "lease": span(15), "killBound": span(10),
        "blameHold": span(3), "outsidePause": span(0),
    });
    for (name, value) in more.as_object().unwrap() {
        rules[name] = value.clone();
    }
    let plan = json!({
        "schemaVersion": 2, "run": run, "name": "job", "labels": {},
        "framework": "none", "strategy": null, "code": null, "setup": null, "output": null,
        "security": "restricted", "gang": rules,
        "roles": [{
            "name": "worker", "replicas": count, "image": null, "command": command,
            "entrypointArgs": [], "env": [], "secrets": [], "cpu": null, "memory": null,
            "accelerators": null, "nodeSelector": {}, "tolerations": [], "volumes": [],
        }],
        "batch": {
            "output": output, "job": "0", "maxBatchSize": 64, "maxBatchBytes": 1 << 20,
            "maxLineBytes": 1 << 20, "requestTimeout": span(60),
            "server": {"protocol": "tensorflowRest", "modelName": "m", "startTimeout": span(60),
                "restarts": 3},
        },
    });
    Plan::read(plan.to_string().as_bytes()).expect("a plan")
}

/// Submits tasks whose command this is.
fn start(sandbox: &Sandbox, count: u32, command: &[&str], more: Json) {
    let store = Store::open(sandbox.state()).expect("the state");
    let reservation = store.reserve("job").expect("an id");
    // What workers leave behind that have found their job complete.
    let summary = json!({
        "schemaVersion": 1, "job": "0", "shards": 1, "rows": 1, "succeeded": 1, "failed": 0,
        "seconds": 1.0, "rowsPerSecond": 1.0, "latencyMs": {"p50": 1, "p90": 1, "p99": 1},
        "modelVersions": {}, "bytes": 1,
    });
    sandbox.write("out/_mlctl/summary.json", &summary.to_string());
    let output = sandbox.dir().join("out").display().to_string();
    let plan = plan(reservation.run(), count, command, &more, &output);
    let variables = [
        ("HOME", sandbox.home().to_string_lossy().into_owned()),
        ("PATH", std::env::var("PATH").unwrap_or_default()),
    ];
    let local = Local::new(LocalConfig {
        exe: env!("CARGO_BIN_EXE_mlctl").into(),
        state: sandbox.state(),
        cache: cache(),
        env: variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        nvidia_smi: "nvidia-smi".into(),
        secrets: BTreeMap::new(),
        secrets_file: None,
        claims: BTreeMap::new(),
    });
    let dir = sandbox.dir();
    let order = Order {
        kind: "BatchPredictJob",
        plan,
        secrets: Default::default(),
        code: None,
        base: &dir,
        source: "name: job\n",
        resolved: "name: job\n",
    };
    let submitter = Submitter {
        cwd: dir.clone(),
        user: "tester".into(),
        host: "here".into(),
        argv: vec!["mlctl".into()],
        git: Box::new(|_| None),
        patience: None,
    };
    let options = SubmitOptions::default();
    submit(&store, &local, reservation, order, &submitter, &options, &mut |_| {}).expect("a run");
}

fn shell(sandbox: &Sandbox, count: u32, script: &str, more: Json) {
    start(sandbox, count, &["sh", "-c", script], more);
}

fn status(sandbox: &Sandbox) -> Json {
    let output = sandbox.mlctl(["status", "-o", "json"]).output().expect("mlctl");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The state of each replica.
fn states(status: &Json) -> Vec<String> {
    let replicas = status["view"]["replicas"].as_array().expect("replicas");
    replicas.iter().map(|replica| replica["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn one_success_is_the_runs_and_ends_the_others() {
    let sandbox = Sandbox::new();
    // It succeeds once the others run.
    let dir = sandbox.dir().display().to_string();
    let script = format!(
        "if test $RANK != 1; then touch {dir}/up-$RANK; sleep 1000; fi; \
         until test -e {dir}/up-0 && test -e {dir}/up-2; do sleep 0.05; done"
    );
    shell(&sandbox, 3, &script, json!({}));
    sandbox.run(0, ["wait"]);
    sandbox.wait_until_empty(END);
    let status = status(&sandbox);
    assert_eq!(status["record"]["state"], "succeeded", "{status:#}");
    assert_eq!(states(&status), ["stopped", "succeeded", "stopped"], "{status:#}");
}

#[test]
fn an_agent_that_is_killed_takes_no_other_task_with_it() {
    let sandbox = Sandbox::new();
    let go = sandbox.dir().join("go");
    let script = format!("until test -e {}; do sleep 0.05; done", go.display());
    shell(&sandbox, 3, &script, json!({}));
    for replica in ["worker-0", "worker-2"] {
        kill(sandbox.agent(replica).expect("an agent"));
    }
    wait_for("both are lost", END, || states(&status(&sandbox)) == ["lost", "running", "lost"]);
    fs_err::write(go, "").unwrap();
    sandbox.run(0, ["wait"]);
    sandbox.wait_until_empty(END);
}

#[test]
fn agents_that_are_all_killed_fail_the_run() {
    let sandbox = Sandbox::new();
    shell(&sandbox, 2, "sleep 1000", json!({}));
    for replica in ["worker-1", "worker-0"] {
        kill(sandbox.agent(replica).expect("an agent"));
    }
    sandbox.run(11, ["wait"]);
    sandbox.wait_until_empty(END);
    let why = stdout(&sandbox.run(0, ["why"]));
    assert!(why.contains("was killed or its machine went down"), "{why}");
}

#[test]
fn each_task_restarts_by_itself_within_its_budget() {
    let sandbox = Sandbox::new();
    let script = "test $RANK = 0 && { sleep 2; exit 7; }; test $MLCTL_ATTEMPT = 3";
    shell(&sandbox, 2, script, json!({"budgets": {"userError": 2}}));
    sandbox.run(0, ["wait"]);
    sandbox.wait_until_empty(END);
    let status = status(&sandbox);
    let replicas = &status["view"]["replicas"];
    assert_eq!((&replicas[0]["attempt"], &replicas[1]["attempt"]), (&json!(1), &json!(3)));
    let attempts = status["view"]["attempts"].as_array().unwrap();
    let of = |name: &str| attempts.iter().filter(|one| one["replica"] == name).count();
    assert_eq!((of("worker-0"), of("worker-1")), (1, 3), "{status:#}");
}

#[test]
fn a_job_over_its_limit_is_not_tried_again() {
    let sandbox = Sandbox::new();
    let script = "test $RANK = 0 && exit 3; sleep 0.5; echo too many rows; exit 21";
    shell(&sandbox, 2, script, json!({"budgets": {"userError": 0}}));
    sandbox.run(21, ["wait"]);
    let why = stdout(&sandbox.run(0, ["why"]));
    assert!(why.contains("worker-1: exit code 21") && why.contains("too many rows"), "{why}");
    assert!(why.contains("worker-0 (attempt 1, userError): exit code 3"), "{why}");

    let sandbox = Sandbox::new();
    shell(&sandbox, 1, "exit 21", json!({"budgets": {"userError": 3}}));
    sandbox.run(21, ["wait"]);
    assert_eq!(status(&sandbox)["view"]["attempt"], 1);
}

#[test]
fn a_cancel_reaches_every_task() {
    let sandbox = Sandbox::new();
    shell(&sandbox, 3, "sleep 1000", json!({}));
    sandbox.run(0, ["cancel"]);
    sandbox.run(12, ["wait"]);
    sandbox.wait_until_empty(END);
    assert_eq!(status(&sandbox)["record"]["state"], "cancelled");
}

#[test]
fn a_timeout_ends_every_task() {
    let sandbox = Sandbox::new();
    let timeout = json!({"timeout": {"secs": 1, "nanos": 0}});
    shell(&sandbox, 2, "test $RANK = 0 && exit 3; sleep 1000", timeout);
    sandbox.run(13, ["wait"]);
    sandbox.wait_until_empty(END);
}

#[test]
fn a_command_may_be_mlctl_itself() {
    let sandbox = Sandbox::new();
    start(&sandbox, 1, &["{mlctl}", "--version"], json!({}));
    sandbox.run(0, ["wait"]);
    let logs = stdout(&sandbox.run(0, ["logs"]));
    assert!(logs.contains("mlctl"), "{logs}");
}
