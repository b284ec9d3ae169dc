//! Pods that vanish at bad moments, and one too many.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::kube::support::{Kube, LONG, poll};
use crate::support::stdout;

/// The end of a gang that can't be stopped quickly.
const SLOW_END: &str = "trap '' TERM; echo here; while :; do sleep 0.1; done";

/// What `kubectl drain` finds of a gang that has failed already must not come back.
#[test]
fn a_drain_at_the_very_end_of_a_failed_gang_changes_nothing() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["echo here; sleep 1000", "sleep 2; exit 3", SLOW_END], "grace: 8s\n");
    let run = kube.detach([]);
    kube.printed(2, "here");
    let pods: Vec<_> = (0..3).map(|index| kube.running(index)).collect();
    poll("worker-1 has failed", LONG, || {
        kube.log(&pods[0].name).contains("firstFailure").then_some(())
    });
    for pod in &pods {
        kube.evict(&pod.name);
    }
    kube.run(10, ["wait", &run]);
    kube.ended(10).assert_blames("worker-1", "userError", &["exit code 3"]);
    // Long enough for the controller's first back-off.
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(12) {
        let all = kube.pods();
        assert!(all.iter().all(|pod| pods.iter().any(|old| old.uid == pod.uid)), "{all:?}");
        std::thread::sleep(Duration::from_millis(500));
    }
    let job = &kube.get("jobs")[0];
    let failed = job["status"]["conditions"].as_array().expect("conditions");
    assert!(failed.iter().any(|one| one["type"] == "Failed"), "{job:#}");
}

/// Success is decided; while the others may still go on, the primary's pod goes.
#[test]
fn a_primary_deleted_after_its_success_has_succeeded() {
    for force in [false, true] {
        let Some(kube) = Kube::new() else { return };
        kube.gang(
            &["echo began; sleep 1", "echo here; sleep 1000"],
            "completion: primary\ndrain: 25s\n",
        );
        let run = kube.detach([]);
        let primary = kube.running(0);
        poll("the verdict is there", LONG, || {
            kube.log(&primary.name).contains("completed").then_some(())
        });
        let how: &[&str] = if force { &["--force", "--grace-period=0"] } else { &["--wait=false"] };
        kube.kubectl(["delete", "pod", &primary.name].into_iter().chain(how.iter().copied()));
        kube.run(0, ["wait", &run]);
        kube.ended(0);
        let text = stdout(&kube.run(0, ["logs", &run, "--replica", "worker-0", "--no-prefix"]));
        assert!(text.matches("began").count() <= 1, "it ran once: {text}");
        for pod in kube.pods() {
            assert!(pod.uid == primary.uid || !kube.log(&pod.name).contains("\nbegan"), "{pod:?}");
        }
    }
}

/// What somebody has seen of a pod outlives it, and whoever has seen it.
#[test]
fn what_a_follower_has_read_of_a_replaced_pod_is_kept() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["echo attempt $MLCTL_ATTEMPT; [ $MLCTL_ATTEMPT = 2 ] || sleep 1000"], "");
    let run = kube.detach([]);
    let pod = kube.printed(0, "attempt 1");
    let mut command = kube.mlctl(["logs", "--follow", &run]);
    let mut follower = command.stdout(Stdio::piped()).spawn().expect("mlctl");
    let mut lines = BufReader::new(follower.stdout.take().expect("its output")).lines();
    assert!(lines.any(|line| line.expect("a line").contains("attempt 1")));
    follower.kill().expect("it lives");
    follower.wait().expect("its end");
    kube.kubectl(["delete", "pod", &pod.name]);
    let log = || stdout(&kube.run(0, ["logs", &run, "--no-prefix"]));
    assert_eq!(log().lines().next(), Some("attempt 1"), "{}", log());
    kube.run(0, ["wait", &run]);
    assert_eq!(log(), "attempt 1\nattempt 2\n");
    assert!(stdout(&kube.run(0, ["status", &run, "-o", "json"])).contains("\"imageId\""));
}

/// The same index twice, as after a network split: only one of them may work.
#[test]
fn a_second_pod_of_an_index_is_refused() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["sleep 8; echo done", "echo works; sleep 8; echo done"], "");
    let run = kube.detach([]);
    let original = kube.printed(1, "works");
    let text = kube.kubectl(["get", "pod", &original.name, "-o", "json"]);
    let copy = twin(&serde_json::from_str(&text).expect("JSON"));
    kube.kubectl_with(["create", "-f", "-"], &copy.to_string());
    kube.run(0, ["wait", &run]);
    let name = copy["metadata"]["name"].as_str().expect("a name");
    poll("the twin has gone by itself", LONG, || {
        let phase = kube.kubectl(["get", "pod", name, "-o", "jsonpath={.status.phase}"]);
        (phase == "Failed").then_some(())
    });
    let log = kube.log(name);
    assert!(!log.contains("works"), "its command never ran:\n{log}");
    let code = "jsonpath={.status.containerStatuses[0].state.terminated.exitCode}";
    assert_ne!(kube.kubectl(["get", "pod", name, "-o", code]), "0");
    kube.ended(0);
}

/// A pod like this one that no controller knows: what the downward API gave is written out.
fn twin(pod: &Value) -> Value {
    let mut copy = pod.clone();
    let labels = pod["metadata"]["labels"].clone();
    let annotations = pod["metadata"]["annotations"].clone();
    let own = |labels: &Value, keep: &str| -> Value {
        let map = labels.as_object().cloned().unwrap_or_default();
        map.into_iter()
            .filter(|(key, _)| key.contains(keep))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    copy["metadata"] = json!({
        "name": format!("{}-twin", pod["metadata"]["name"].as_str().expect("a name")),
        "labels": own(&labels, "mlctl"),
        "annotations": own(&annotations, "mlctl"),
    });
    copy.as_object_mut().expect("an object").remove("status");
    let spec = copy["spec"].as_object_mut().expect("a spec");
    spec.remove("nodeName");
    for variable in spec["containers"][0]["env"].as_array_mut().expect("variables") {
        let path = variable["valueFrom"]["fieldRef"]["fieldPath"].as_str().unwrap_or_default();
        let key = path.split('\'').nth(1).unwrap_or_default().to_owned();
        let from = if path.contains("labels") { &labels } else { &annotations };
        if !key.is_empty() {
            let value = from[&key].as_str().unwrap_or_default();
            *variable = json!({"name": variable["name"], "value": value});
        }
    }
    copy
}
