//! What a run has been through outlives all of its pods, and its verdict whatever else is in them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::kube::support::{Kube, LONG, poll};
use crate::support::stdout;

/// A pod that somebody else has put a container into.
fn beside(kube: &Kube, script: &str) -> String {
    format!(
        "podPatch: {{spec: {{containers: [{{name: shipper, image: {}, command: [sh, -c, '{script}'],\n  \
         resources: {{requests: {{memory: 16Mi}}, limits: {{memory: 32Mi}}}}, securityContext:\n  \
         {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}}}]}}}}\n",
        kube.cluster.image("busybox")
    )
}

fn state(kube: &Kube, run: &str) -> String {
    let text = stdout(&kube.run(0, ["status", run, "-o", "json"]));
    let status: Value = serde_json::from_str(&text).expect("JSON");
    status["view"]["state"].as_str().expect("a state").to_owned()
}

#[test]
fn a_container_that_never_ends_holds_no_run() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["echo done-0", "echo done-1"], &beside(&kube, "exec sleep 1000"));
    kube.run(0, ["train"]);
    poll("nothing is held any more", LONG, || {
        (kube.get("jobs").is_empty() && kube.pods().iter().all(|pod| !pod.is_alive())).then_some(())
    });
    // Its logs were kept before its pods went.
    let text = stdout(&kube.run(0, ["logs"]));
    assert!(text.contains("done-0") && text.contains("done-1"), "{text}");
}

/// Nobody watches; whoever looks next ends it.
#[test]
fn a_container_that_never_ends_is_ended_by_the_next_look() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["echo done-0"], &beside(&kube, "exec sleep 1000"));
    let run = kube.detach([]);
    let pod = kube.running(0);
    poll("the verdict is there", LONG, || kube.log(&pod.name).contains("finished").then_some(()));
    poll("it is ended", LONG, || {
        assert_eq!(state(&kube, &run), "succeeded");
        kube.get("jobs").is_empty().then_some(())
    });
}

#[test]
fn a_container_that_fails_makes_nobody_train_again() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["sleep 2; echo done"], &beside(&kube, "sleep 1; exit 3"));
    kube.run(0, ["train"]);
    let began = Instant::now();
    // Longer than the controller waits before it makes a pod anew.
    while began.elapsed() < Duration::from_secs(14) {
        assert!(kube.pods().len() <= 1, "{:?}", kube.pods());
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Something holds the primary's pod beyond the verdict, nobody watches, and then the pod goes: its Job
/// makes another one.
#[test]
fn a_pod_that_comes_after_the_verdict_runs_nothing() {
    let Some(kube) = Kube::new() else { return };
    kube.claim("work");
    let more = beside(&kube, "exec sleep 1000") + "output: pvc://work/{run}\n";
    kube.gang(&["echo ran"], &more);
    kube.detach([]);
    let pod = kube.running(0);
    poll("the agent has ended", LONG, || {
        let pods = kube.get("pods");
        let states = pods[0]["status"]["containerStatuses"].as_array()?.iter();
        let mut main = states.filter(|one| one["name"] == "main");
        main.any(|one| one["state"]["terminated"]["exitCode"] == 0).then_some(())
    });
    kube.evict(&pod.name);
    let next = poll("another pod's agent has come and gone", LONG, || {
        let pods = kube.pods().into_iter().filter(|other| other.uid != pod.uid);
        pods.into_iter().find(|other| kube.log(&other.name).contains("the run had ended before"))
    });
    let log = kube.log(&next.name);
    assert!(!log.contains("\nran"), "{log}");
}

/// A verdict that somebody has written into the record without the run's token ends nothing.
#[test]
fn a_forged_verdict_is_nobodys() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["echo attempt $MLCTL_ATTEMPT; sleep 1000"], "");
    let run = kube.detach([]);
    let pod = kube.printed(0, "attempt 1");
    let verdict =
        json!({"outcome": "succeeded", "attempt": 1, "firstFailure": null, "reason": "r"});
    let carry = json!({"epoch": [0, 7], "spent": {}, "elapsed": {"secs": 1, "nanos": 0},
        "firstFailure": null, "verdict": verdict});
    let past = json!({"schemaVersion": 1, "run": run, "carry": carry.to_string(),
        "proof": "00".repeat(32)});
    let change = json!({"data": {"past.json": past.to_string()}});
    kube.kubectl(["patch", "configmap", &run, "--type=merge", "-p", &change.to_string()]);
    kube.evict(&pod.name);
    kube.printed(0, "attempt 2");
    kube.run(0, ["cancel", &run]);
}

/// The only agent goes again and again, and nobody watches.
#[test]
fn evictions_of_a_lone_replica_are_counted() {
    let Some(kube) = Kube::new() else { return };
    let script = "echo attempt $MLCTL_ATTEMPT; exec sleep 1000";
    kube.gang(&[script], "retries: {preemption: 1}\n");
    let run = kube.detach([]);
    let first = kube.printed(0, "attempt 1");
    kube.evict(&first.name);
    let second = kube.printed(0, "attempt 2");
    kube.evict(&second.name);
    kube.run(11, ["wait", &run]);
    let why = kube.ended(11);
    why.assert_says(&["evicted", "preemption"]);
    why.assert_says(&["\"spent\":1"]);
}

#[test]
fn an_eviction_that_nobody_sees_is_named_as_one() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["echo here; exec sleep 1000"], "retries: {preemption: 0}\n");
    let run = kube.detach([]);
    let pod = kube.printed(0, "here");
    kube.evict(&pod.name);
    poll("its pod and its log are gone", LONG, || kube.get("pods").is_empty().then_some(()));
    kube.run(11, ["wait", &run]);
    let why = kube.ended(11);
    why.assert_says(&["evicted"]);
    assert!(!why.text().contains("exit code 42"), "{:#}", why.0);
}

/// All pods are killed at once, without a word: what was kept beside the output says how long the run has
/// been going.
#[test]
fn a_timeout_goes_on_over_the_loss_of_all_pods() {
    let Some(kube) = Kube::new() else { return };
    kube.claim("work");
    let script = "echo attempt $MLCTL_ATTEMPT; exec sleep 1000";
    kube.gang(&[script, script], "output: pvc://work/{run}\ntimeout: 70s\n");
    let run = kube.detach([]);
    let began = Instant::now();
    kube.printed(0, "attempt 1");
    kube.printed(1, "attempt 1");
    poll("it is written down", LONG, || {
        let text = kube.in_claim("work", "cat */.mlctl-*.json 2>/dev/null || true");
        text.contains(r#"epoch\":[0,1]"#).then_some(())
    });
    kube.kubectl(["delete", "pods", "--all", "--force", "--grace-period=0"]);
    kube.printed(0, "attempt 2");
    kube.run(13, ["wait", &run]);
    // From the beginning of the second attempt it would have been much longer.
    assert!(began.elapsed() < Duration::from_secs(70 + 60), "{:?}", began.elapsed());
}

/// The same where somebody follows, and nothing else outlives the pods.
#[test]
fn a_follower_remembers_for_all_pods() {
    let Some(kube) = Kube::new() else { return };
    let script = "echo attempt $MLCTL_ATTEMPT; exec sleep 1000";
    kube.gang(&[script, script], "");
    let mut follower = kube.mlctl(["train"]).spawn().expect("mlctl");
    kube.printed(0, "attempt 1");
    let run = kube.get("jobs")[0]["metadata"]["name"].as_str().expect("a name").to_owned();
    poll("it is written down", LONG, || {
        let map = kube.kubectl(["get", "configmap", &run, "-o", "json"]);
        let map: Value = serde_json::from_str(&map).expect("JSON");
        map["data"]["past.json"].as_str()?.contains(r#"epoch\":[0,1]"#).then_some(())
    });
    kube.kubectl(["delete", "pods", "--all", "--force", "--grace-period=0"]);
    kube.printed(0, "attempt 2");
    kube.run(0, ["cancel", &run]);
    assert!(follower.wait().expect("it ends").code().is_some());
}

/// What leads a gang has no room, and nobody watches: the others give theirs back, and who asks later is
/// told why.
#[test]
fn a_primary_without_room_keeps_nobody() {
    let Some(kube) = Kube::new() else { return };
    kube.half(["large: {cpu: 1000}", "small: {cpu: 50m}"]);
    let run = kube.detach([]);
    poll("the small one has given up", LONG, || {
        let pods = kube.get("pods");
        let ended = |pod: &Value| pod["status"]["phase"] == "Failed";
        pods.iter().any(ended).then_some(())
    });
    kube.run(14, ["wait", &run]);
    let why = kube.ended(14);
    why.assert_says(&["large-0", "Insufficient cpu"]);
    assert!(!why.text().contains("userError"), "{:#}", why.0);
    poll("all is given back", LONG, || kube.pods().iter().all(|pod| !pod.is_alive()).then_some(()));
}
