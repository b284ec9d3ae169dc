//! Commands that are killed, fail, or lie about their end.

use crate::kube::support::Kube;
use crate::support::stdout;

/// A budget of one attempt for whatever happens.
const ONCE: &str = "retries: {transientSignal: 0, startup: 0, infrastructure: 0, preemption: 0}\n";

#[test]
fn the_first_failure_takes_the_gang_down() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["trap '' TERM; while :; do sleep 0.1; done", "sleep 1; echo boom >&2; exit 3"], "");
    let why = kube.ends(10);
    why.assert_blames("worker-1", "userError", &["exit code 3", "boom"]);
}

#[test]
fn a_killed_command_is_a_signal() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["sleep 1000", "sleep 1; kill -9 $$"], ONCE);
    kube.ends(10).assert_blames("worker-1", "transientSignal", &["SIGKILL"]);
}

#[test]
fn a_primarys_command_killed_from_outside_is_named() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["echo here; exec sleep 1000", "sleep 1000"], ONCE);
    let run = kube.detach([]);
    let pod = kube.printed(0, "here");
    kube.exec(&pod.name, "kill -9 $(pidof sleep)");
    kube.run(10, ["wait", &run]);
    kube.ended(10).assert_blames("worker-0", "transientSignal", &["SIGKILL"]);
}

/// Within the budget the gang starts again where it is: no pod is replaced.
#[test]
fn a_killed_command_starts_again_in_the_same_pods() {
    let Some(kube) = Kube::new() else { return };
    let script = "echo attempt $MLCTL_ATTEMPT; test $MLCTL_ATTEMPT = 2 || exec sleep 1000";
    kube.gang(&[script, script], "retries: {transientSignal: 1}\n");
    let run = kube.detach([]);
    let before = [kube.printed(0, "attempt 1"), kube.printed(1, "attempt 1")];
    kube.exec(&before[1].name, "kill -9 $(pidof sleep)");
    kube.run(0, ["wait", &run]);
    kube.ended(0);
    let mut uids: Vec<String> = kube.pods().into_iter().map(|pod| pod.uid).collect();
    uids.sort();
    let mut expected = before.map(|pod| pod.uid);
    expected.sort();
    assert_eq!(uids, expected, "the pods are the same");
    let text = stdout(&kube.run(0, ["logs", &run, "--attempt", "2", "--no-prefix"]));
    assert_eq!(text, "attempt 2\nattempt 2\n");
}

/// A pod that exits 0 would be Succeeded for ever: the command's word is not the agent's.
#[test]
fn a_trainer_that_exits_0_when_it_is_told_to_go_has_not_succeeded() {
    let Some(kube) = Kube::new() else { return };
    let script = "trap 'echo saved; exit 0' TERM; echo here; while :; do sleep 0.1; done";
    kube.gang(&[script, script], &format!("completion: primary\n{ONCE}"));
    let run = kube.detach([]);
    kube.printed(1, "here");
    let primary = kube.printed(0, "here");
    kube.evict(&primary.name);
    kube.run(11, ["wait", &run]);
    kube.ended(11).assert_blames("worker-0", "preemption", &["evict"]);
    let job = &kube.get("jobs")[0];
    assert!(job["status"]["succeeded"].as_i64().unwrap_or(0) == 0, "{job:#}");
}

/// No mlctl watches; the agents keep the time.
#[test]
fn a_timeout_holds_without_mlctl() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["sleep 1000", "sleep 1000"], "timeout: 5s\n");
    let run = kube.detach([]);
    kube.kubectl(["wait", "--for=condition=Failed", "--timeout=90s", "jobs", "--all"]);
    kube.run(13, ["wait", &run]);
    kube.ended(13).assert_says(&["timed out", "timeout"]);
}

#[test]
fn cancel_leaves_nothing() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["setsid sleep 1000 & echo here; sleep 1000", "sleep 1000"], "");
    let run = kube.detach([]);
    kube.printed(0, "here");
    kube.run(0, ["cancel", &run]);
    kube.run(12, ["wait", &run]);
    kube.ended(12);
}
