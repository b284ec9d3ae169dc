//! States that only the cluster tells, since no agent is left to do it.

use serde_json::{Value, json};

use crate::kube::faults::nodes::Restart;
use crate::kube::support::{Kube, LONG, Pod, SPREAD, poll};
use crate::support::stdout;

/// What `status` says of a run.
fn status(kube: &Kube, run: &str) -> Value {
    let text = stdout(&kube.run(0, ["status", run, "-o", "json"]));
    let all: Value = serde_json::from_str(&text).expect("JSON");
    all["view"].clone()
}

/// A queue lets a Job in by `suspend: false`, and takes its place back by `suspend: true`.
#[test]
fn a_run_that_its_queue_takes_back_is_queued() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["echo here; sleep 1000"], "queue: someones\n");
    let run = kube.detach([]);
    let suspend = |suspend: bool| {
        let patch = json!({"spec": {"suspend": suspend}}).to_string();
        kube.kubectl(["patch", "job", &run, "--type=merge", "-p", &patch]);
    };
    let queued = |what: &str| {
        poll(what, LONG, || {
            let status = status(&kube, &run);
            let waits = status["waiting"].as_str().unwrap_or_default().contains("Queued");
            (status["state"] == "pending" && waits).then_some(())
        });
    };
    queued("it waits for its queue");
    suspend(false);
    kube.printed(0, "here");
    poll("it runs", LONG, || (status(&kube, &run)["state"] == "running").then_some(()));
    suspend(true);
    queued("it waits again");
    poll("its pod has ended", LONG, || kube.get("pods").is_empty().then_some(()));
    kube.run(0, ["cancel", &run]);
}

/// Of pods that are gone nobody is left who could tell: neither an agent nor, while it is away, the
/// controller that would make others.
#[test]
fn a_pod_that_is_gone_or_leaves_is_not_shown_as_running() {
    let Some(kube) = Kube::alone() else { return };
    let slow = "trap '' TERM; echo here; while :; do sleep 0.1; done";
    kube.gang(&[slow, slow], &format!("grace: 8s\n{SPREAD}"));
    let run = kube.detach([]);
    let [primary, other] = [0, 1].map(|index| kube.printed(index, "here"));
    assert_ne!(primary.node, other.node, "the gang is over both nodes");
    let view = poll("both run", LONG, || {
        let view = status(&kube, &run);
        let is_running = |index: usize| view["replicas"][index]["state"] == "running";
        (is_running(0) && is_running(1)).then_some(view)
    });
    assert!(view["replicas"][0]["pod"].is_null(), "{view:#}");
    kube.cluster.control(["stop", "controller-manager"]);
    let _back = Controllers(&kube);
    // A kubelet writes its own view over a status that somebody else has set, every ten seconds.
    let kubelet = format!("kubelet-{}", other.node);
    kube.cluster.control(["stop", &kubelet]);
    let _kubelet = Restart(&kube, &kubelet);
    // As a kubelet leaves a pod that it has evicted.
    let evicted = json!({"status": {"phase": "Failed", "reason": "Evicted",
        "message": "The node was low on resource: memory."}});
    let patch = evicted.to_string();
    kube.kubectl([
        "patch",
        "pod",
        &other.name,
        "--subresource=status",
        "--type=merge",
        "-p",
        &patch,
    ]);
    let view = status(&kube, &run);
    let pod = &view["replicas"][1]["pod"];
    assert_eq!((&pod["state"], &view["replicas"][1]["state"]), (&json!("gone"), &json!("lost")));
    assert!(pod["message"].as_str().is_some_and(|why| why.contains("memory")), "{view:#}");
    assert!(pod["since"].is_string(), "{view:#}");
    let shown = stdout(&kube.run(0, ["status", &run]));
    assert!(shown.contains("worker-1: pod gone since "), "{shown}");
    let why = stdout(&kube.run(0, ["why", &run]));
    assert!(!why.contains("nothing has failed") && why.contains("pod gone since "), "{why}");
    let list = stdout(&kube.run(0, ["list"]));
    assert!(list.contains("worker-1: pod gone since "), "{list}");

    kube.kubectl(["delete", "pod", &primary.name, "--wait=false"]);
    let shown = stdout(&kube.run(0, ["status", &run]));
    assert!(shown.contains("worker-0: pod draining since "), "{shown}");
    // The controllers hold on to a pod that they have not counted yet.
    let free = r#"{"metadata":{"finalizers":null}}"#;
    kube.kubectl(["patch", "pod", &primary.name, "--type=merge", "-p", free]);
    let now = ["--force", "--grace-period=0", "--wait=false"];
    kube.kubectl(["delete", "pod", &primary.name].into_iter().chain(now));
    poll("nothing of it is left", LONG, || {
        kube.pods().iter().all(|pod| pod.uid != primary.uid).then_some(())
    });
    let view = status(&kube, &run);
    let replica = &view["replicas"][0];
    assert_eq!((&replica["pod"]["state"], &replica["state"]), (&json!("gone"), &json!("lost")));
    let list: Value =
        serde_json::from_str(&stdout(&kube.run(0, ["list", "-o", "json"]))).expect("JSON");
    assert_eq!(list["runs"][0]["pods"]["worker-0"]["state"], "gone", "{list:#}");
}

/// Starts the controllers again, whatever happens to the test.
pub(super) struct Controllers<'a>(pub(super) &'a Kube);

impl Drop for Controllers<'_> {
    fn drop(&mut self) {
        self.0.cluster.control(["start", "controller-manager"]);
    }
}

/// The run has succeeded as soon as its primary has; the others may go on for their drain.
#[test]
fn followers_wait_for_what_drains_and_its_exit_codes_are_known() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["sleep 1", "trap '' TERM; sleep 17; exit 7"], "completion: primary\ndrain: 40s\n");
    kube.run(0, ["train"]);
    let left: Vec<_> = kube.pods().into_iter().filter(Pod::is_alive).collect();
    assert!(left.is_empty(), "{left:?}");
    let run = stdout(&kube.run(0, ["list", "-q"]));
    let view = status(&kube, run.trim());
    assert_eq!(view["state"], "succeeded");
    let exits = &view["replicas"][1]["exits"];
    assert_eq!(exits[0]["exit"]["reason"], "exit code 7", "{view:#}");
}
