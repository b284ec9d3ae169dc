//! States that only the cluster tells, since no agent is left to do it.

use serde_json::{Value, json};

use crate::kube::support::{Kube, LONG, poll};
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
