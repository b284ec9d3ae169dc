//! A primary that goes. Its successor waits until nothing of the old one can run, and no longer than that.

use serde_json::Value;

use super::states::Controllers;
use crate::kube::support::{Kube, LONG, poll};
use crate::support::stdout;

/// Runs until it is ended; the second attempt ends by itself.
const AGAIN: &str = "echo attempt $MLCTL_ATTEMPT; test $MLCTL_ATTEMPT = 2 || exec sleep 1000";

fn events(kube: &Kube, run: &str) -> Vec<Value> {
    let journal = kube.sandbox.state().join("runs").join(run).join("events.jsonl");
    let text = fs_err::read_to_string(journal).expect("a journal");
    text.lines().map(|line| serde_json::from_str(line).expect("an event")).collect()
}

/// A primary that is told to go says when its command has ended, and one that was killed was counted by the
/// cluster when its container was gone: nothing is left to wait for.
#[test]
fn an_end_that_is_proved_is_not_waited_for() {
    for evicted in [true, false] {
        let Some(kube) = Kube::own() else { return };
        kube.gang(&[AGAIN, AGAIN, AGAIN], "retries: {preemption: 1, infrastructure: 1}\n");
        let run = kube.detach([]);
        let primary = kube.printed(0, "attempt 1");
        for worker in [1, 2] {
            kube.printed(worker, "attempt 1");
        }
        if evicted {
            kube.evict(&primary.name);
        } else {
            kube.kill_agent(&primary);
        }
        kube.run(0, ["wait", &run]);
        let why = kube.ended(0);
        let class = if evicted { "preemption" } else { "infrastructure" };
        assert_eq!(why.0["earlier"][0]["class"], class, "{:#}", why.0);
        if evicted {
            // What it was charged for is among its last words.
            let status = stdout(&kube.run(0, ["status", &run, "-o", "json"]));
            let status: Value = serde_json::from_str(&status).expect("JSON");
            let retries = status["view"]["retries"].as_array().expect("retries").clone();
            let charged = retries.iter().find(|one| one["class"] == "preemption");
            assert_eq!(charged.expect("a budget")["spent"], 1, "{retries:?}");
        }
        let events = events(&kube, &run);
        let waits = events.iter().filter(|event| event["reason"] == "EarlierAttempt");
        assert_eq!(waits.count(), 0, "{events:#?}");
        assert!(events.iter().any(|event| event["type"] == "adopted"), "{events:#?}");
    }
}

/// Where all pods are new, nobody knows of the primary before: what may be left of it is waited for, and
/// that is said.
#[test]
fn an_end_that_nobody_saw_is_waited_for_in_words() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&[AGAIN, AGAIN], "retries: {preemption: 3}\n");
    let run = kube.detach([]);
    let old = [0, 1].map(|index| kube.printed(index, "attempt 1"));
    for pod in &old {
        kube.evict(&pod.name);
    }
    poll("the wait is told", LONG, || {
        let status = stdout(&kube.run(0, ["status", &run]));
        status.contains("a command of an earlier attempt that can't be reached").then_some(())
    });
    kube.run(0, ["wait", &run]);
    let log = kube.log_of(&run);
    assert!(log.contains("attempt 2"), "{log}");
}

/// The primary outlives the others so that the cluster learns of their ends first. Whoever follows has seen
/// them, with all that was printed, and has saved it: though the Job never ends here, since its controller is
/// away, nothing is waited for.
#[test]
fn who_has_seen_every_end_waits_for_no_pod() {
    let Some(kube) = Kube::alone() else { return };
    kube.gang(&["echo here; sleep 16; echo first word", "echo here; sleep 15; echo last word"], "");
    let (mut output, writer) = std::io::pipe().expect("a pipe");
    let mut command = kube.mlctl(["train"]);
    command.stdout(writer.try_clone().expect("its end")).stderr(writer);
    let mut follower = command.spawn().expect("mlctl");
    drop(command);
    let run = poll("it is there", LONG, || {
        let listed = stdout(&kube.run(0, ["list", "-q"]));
        listed.lines().next().map(str::to_owned)
    });
    for index in [0, 1] {
        kube.printed(index, "here");
    }
    kube.cluster.control(["stop", "controller-manager"]);
    let _back = Controllers(&kube);
    // The primary's log says what all use, so that the table has it.
    poll("both show what they use", LONG, || {
        let status = stdout(&kube.run(0, ["status", &run, "-o", "json"]));
        let status: Value = serde_json::from_str(&status).expect("JSON");
        let replicas = status["view"]["replicas"].as_array().expect("replicas").clone();
        replicas.iter().all(|one| one["usage"]["memory"].as_u64() > Some(0)).then_some(())
    });
    let mut shown = String::new();
    std::io::Read::read_to_string(&mut output, &mut shown).expect("text");
    assert!(follower.wait().expect("an end").success(), "{shown}");
    assert!(!shown.contains("waited for no longer"), "{shown}");
    let job = &kube.get("jobs")[0];
    assert!(job["status"]["completionTime"].is_null(), "its controller is away: {job:#}");
    for word in ["first word", "last word"] {
        assert!(shown.contains(word), "{shown}");
    }
    let logs = kube.sandbox.state().join("runs").join(&run).join("logs");
    let saved = fs_err::read_to_string(logs.join("worker-1.log")).expect("a saved log");
    assert!(saved.contains("last word"), "{saved}");
}
