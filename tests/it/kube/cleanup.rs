//! `mlctl cleanup` on a cluster: exactly what it said, and nothing foreign.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::kube::support::{Kube, LONG, poll};
use crate::support::{stderr, stdout};

/// Runs in the tests; `just cleanup-kube` takes more.
const RUNS: u64 = 12;

/// `cleanup` with a cache of its own: the tests share theirs.
fn command(kube: &Kube, args: &[&str]) -> Command {
    let mut command = kube.mlctl(["cleanup"].iter().chain(args));
    command.env("XDG_CACHE_HOME", kube.sandbox.home().join("cache"));
    command
}

#[track_caller]
fn cleanup(kube: &Kube, args: &[&str]) -> Output {
    let output = command(kube, args).output().expect("mlctl");
    assert!(output.status.success(), "{}", stderr(&output));
    output
}

/// Everything in the namespace, as `kind/name`, but for what the cluster makes by itself.
fn objects(kube: &Kube) -> Vec<String> {
    let text = kube.kubectl(["get", "jobs,pods,services,secrets,configmaps", "-o", "name"]);
    let own = |name: &&str| !name.ends_with("/kube-root-ca.crt");
    text.lines().filter(own).map(str::to_owned).collect()
}

/// Objects that look like a run's and are none of mlctl's.
fn bait(kube: &Kube) {
    let bait = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: gang-aaaaaa, labels: {mlctl.dev/run: gang-aaaaaa, mlctl.dev/record: 'true'}}
---
apiVersion: v1
kind: Secret
metadata: {name: gang-bbbbbb, labels: {app.kubernetes.io/managed-by: helm, mlctl.dev/run: gang-bbbbbb}}
---
apiVersion: v1
kind: Service
metadata: {name: gang-cccccc, labels: {app.kubernetes.io/managed-by: mlctl}}
spec: {clusterIP: None, ports: [{port: 1}]}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: gang-dddddd
  labels:
    app.kubernetes.io/managed-by: mlctl
    mlctl.dev/run: gang-dddddd
    mlctl.dev/record: 'true'
    mlctl.dev/user: '00000000000000000000000000000000'
";
    kube.kubectl_with(["create", "-f", "-"], bait);
}

#[test]
fn what_was_shown_goes_and_nothing_foreign() {
    let Some(kube) = Kube::new() else { return };
    bait(&kube);
    let foreign = objects(&kube);
    let count = std::env::var("MLCTL_CLEANUP_RUNS").ok().and_then(|text| text.parse().ok());
    let mut random = fastrand::Rng::new();
    let mut busy = Vec::new();
    let mut ends = Vec::new();
    for number in 0..count.unwrap_or(RUNS) {
        match number % 10 {
            0 => kube.gang(&["true"], "startTimeout: 60s\n"),
            1 => kube.gang(&["exit 3"], "startTimeout: 60s\n"),
            2 => {
                kube.gang(&["sleep 1000"], "startTimeout: 60s\n");
                busy.push(kube.detach([]));
                continue;
            }
            3 => {
                kube.gang(&["sleep 1000"], "startTimeout: 60s\n");
                let run = kube.detach([]);
                kube.run(0, ["cancel", &run]);
                ends.push(run);
                continue;
            }
            4 => {
                // No node has such a label: it waits.
                kube.gang(&["true"], "nodeSelector: {of: nobody}\n");
                busy.push(kube.detach([]));
                continue;
            }
            _ => {
                // Its command is killed somewhere in the middle of the submission.
                kube.gang(&["true"], "startTimeout: 60s\n");
                let mut child = kube.mlctl(["train"]).stderr(Stdio::null()).spawn().expect("mlctl");
                std::thread::sleep(Duration::from_millis(random.u64(..400)));
                child.kill().expect("killed");
                child.wait().expect("reaped");
                continue;
            }
        }
        ends.push(kube.detach([]));
    }
    for run in &ends {
        kube.mlctl(["wait", run]).output().expect("mlctl");
    }
    poll("only those that sleep still run", LONG, || {
        let alive =
            stdout(&kube.run(0, ["list", "-q", "--state", "submitted,pending,starting,running"]));
        (alive.lines().count() == busy.len()).then_some(())
    });
    let shown: serde_json::Value =
        serde_json::from_str(&stdout(&cleanup(&kube, &["--all", "--dry-run", "-o", "json"])))
            .expect("JSON");
    let kept: Vec<&str> =
        shown["kept"].as_array().expect("kept").iter().filter_map(|k| k["run"].as_str()).collect();
    assert_eq!(kept.len(), busy.len(), "{shown:#}");
    assert!(busy.iter().all(|run| kept.contains(&run.as_str())), "{shown:#}");

    cleanup(&kube, &["--all", "--yes"]);
    let left = objects(&kube);
    let is_busy = |name: &String| busy.iter().any(|run| name.contains(run.as_str()));
    let others: Vec<&String> = left.iter().filter(|name| !is_busy(name)).collect();
    assert_eq!(others, foreign.iter().collect::<Vec<_>>());
    assert!(left.iter().filter(|name| name.starts_with("pod/")).count() >= busy.len(), "{left:?}");
    let again = cleanup(&kube, &["--all", "--yes"]);
    assert!(stderr(&again).contains("nothing to remove"), "{}", stderr(&again));

    cleanup(&kube, &["--all", "--running", "--yes"]);
    assert_eq!(objects(&kube), foreign);
    assert_eq!(stdout(&kube.run(0, ["list", "-q"])), "");
}

/// Killed at any moment, it has touched nothing but what it was to remove, and the next one goes on.
#[test]
fn a_killed_cleanup_loses_nothing_that_should_stay() {
    let Some(kube) = Kube::new() else { return };
    bait(&kube);
    kube.gang(&["echo here; sleep 1000"], "");
    let kept = kube.detach([]);
    kube.printed(0, "here");
    let stays = objects(&kube);
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let args = ["--name", "gone", "--running", "--yes"];
    for round in 0..20 {
        kube.run(0, ["train", "--detach", "--set", "name=gone"]);
        let mut command = command(&kube, &args);
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = quiet.spawn().expect("mlctl");
        let moment = Duration::from_millis(random.u64(..500));
        std::thread::sleep(moment);
        child.kill().expect("killed");
        child.wait().expect("reaped");
        let case = format!("round {round} of seed {seed}, killed after {moment:?}");
        let left = objects(&kube);
        let lost: Vec<&String> = stays.iter().filter(|name| !left.contains(name)).collect();
        assert!(lost.is_empty(), "{lost:?} is gone; {case}");
        kube.run(0, ["state", "check"]);
        kube.run(0, ["status", &kept]);
    }
    cleanup(&kube, &args);
    poll("what killed ones had begun to remove is gone", LONG, || {
        (objects(&kube) == stays).then_some(())
    });
    let again = cleanup(&kube, &args);
    assert!(stderr(&again).contains("nothing to remove"), "{}", stderr(&again));
    assert_eq!(stdout(&kube.run(0, ["list", "-q"])).trim(), kept);
}

/// The state is lost, and so is a run's record: labels alone are enough.
#[test]
fn leftovers_are_found_by_their_labels() {
    let Some(kube) = Kube::without_pods() else { return };
    kube.gang(&["sleep 1000"], "");
    let lost = kube.detach([]);
    let kept = kube.detach([]);
    let other = kube.elsewhere();
    kube.kubectl(["delete", "configmap", &lost, "--cascade=orphan"]);
    fs_err::remove_dir_all(kube.sandbox.state()).expect("the state is lost");
    // Objects without a record may be a submission under way, unless somebody says how old they are.
    let young = cleanup(&kube, &["--orphans", "--yes"]);
    assert!(stderr(&young).contains("nothing to remove"), "{}", stderr(&young));
    cleanup(&kube, &["--orphans", "--older-than", "0s", "--yes"]);
    let left = objects(&kube);
    assert!(left.iter().all(|name| !name.contains(lost.as_str())), "{left:?}");
    assert!(left.iter().any(|name| name == &format!("configmap/{kept}")), "{left:?}");
    let listed = stdout(&other.run(0, ["list", "-q", "--all-users"]));
    assert_eq!(listed.trim(), kept);
    cleanup(&kube, &["--all", "--running", "--yes"]);
    assert_eq!(objects(&kube), Vec::<String>::new());
}

/// A finalizer of somebody else holds one object: it is told, and the rest goes.
#[test]
fn what_can_not_be_removed_is_told_and_stops_nothing() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["true"], "");
    let held = kube.detach([]);
    kube.run(0, ["wait", &held]);
    let free = kube.detach([]);
    kube.run(0, ["wait", &free]);
    let finalizer = r#"{"metadata":{"finalizers":["example.com/hold"]}}"#;
    let service = format!("service/{held}");
    kube.kubectl(["patch", &service, "--type=merge", "-p", finalizer]);
    let output = command(&kube, &["--all", "--yes"]).output().expect("mlctl");
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    let text = stderr(&output);
    assert!(text.contains("example.com/hold") && text.contains(&held), "{text}");
    assert!(!objects(&kube).iter().any(|name| name.contains(free.as_str())));
    // What is known of it here stays until it is gone there.
    assert_eq!(stdout(&kube.run(0, ["list", "-q"])).trim(), held);
    kube.kubectl(["patch", &service, "--type=merge", "-p", r#"{"metadata":{"finalizers":null}}"#]);
    cleanup(&kube, &["--all", "--yes"]);
    assert_eq!(objects(&kube), Vec::<String>::new());
    assert_eq!(stdout(&kube.run(0, ["list", "-q"])), "");
}
