//! `mlctl gpus` on simulated nodes, and what `train` says of a run that no node could ever hold.

use serde_json::Value;

use crate::kube::support::{Kube, LONG, poll};
use crate::support::{stderr, stdout};

/// An A100 node of the test cluster, and nothing else that tolerates its taint.
const ON_GPUS: &str = "\
tolerations: [{key: kwok.x-k8s.io/node, operator: Exists}]
";

/// A spec of busybox workers that want GPUs.
fn spec(kube: &Kube, kind: &str, count: u32, replicas: u32, more: &str) {
    kube.sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: gang\nimage: {}\ncommand: ['true']\n\
             roles:\n  worker:\n    replicas: {replicas}\n    cpu: 1\n    memory: 1Gi\n\
             \x20   accelerators: {{type: {kind}, count: {count}}}\nstartTimeout: 15s\n{more}",
            kube.cluster.image("busybox")
        ),
    );
}

fn look(kube: &Kube) -> Value {
    serde_json::from_str(&stdout(&kube.run(0, ["gpus", "-o", "json"]))).expect("JSON")
}

/// The users of a node's GPUs that live in this test's namespace.
fn users(kube: &Kube, document: &Value, node: &str) -> Vec<Value> {
    let nodes = document["nodes"].as_array().expect("nodes");
    let node = nodes.iter().find(|one| one["node"] == node).expect("the node");
    let users = node["resources"][0]["users"].as_array().expect("users");
    users.iter().filter(|user| user["namespace"] == kube.namespace.as_str()).cloned().collect()
}

/// A pod that takes GPUs of a simulated node until it is deleted: a Job's would complete at once.
fn occupy(kube: &Kube, name: &str, node: &str, count: u32, meta: &Value) {
    let mut metadata = serde_json::json!({"name": name});
    if let (Some(all), Some(more)) = (metadata.as_object_mut(), meta.as_object()) {
        all.extend(more.clone());
    }
    let resources = serde_json::json!({"limits": {"nvidia.com/gpu": count.to_string()}});
    let pod = serde_json::json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
        "spec": {
            "nodeSelector": {"kubernetes.io/hostname": node},
            "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists"}],
            "securityContext": {
                "runAsUser": 1000, "runAsNonRoot": true,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [{
                "name": "main", "image": "none", "resources": resources,
                "securityContext": {
                    "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
                },
            }],
        },
    });
    kube.kubectl_with(["create", "-f", "-"], &pod.to_string());
    kube.kubectl(["wait", "--for=condition=PodScheduled", "--timeout=60s", "pod", name]);
}

#[test]
fn nodes_are_shown_with_who_uses_them_and_for_how_long() {
    let Some(kube) = Kube::simulated() else { return };
    let run = serde_json::json!({
        "labels": {"app.kubernetes.io/managed-by": "mlctl", "mlctl.dev/run": "digits-a1b2c3"},
        "annotations": {"mlctl.dev/user": "ada@example.com"},
    });
    occupy(&kube, "digits-a1b2c3-0", "gpu-0", 2, &run);
    occupy(&kube, "digits-a1b2c3-1", "gpu-0", 1, &run);
    occupy(&kube, "notebook", "gpu-0", 1, &serde_json::json!({}));
    let document = look(&kube);
    assert_eq!(document["complete"], true);
    let users = users(&kube, &document, "gpu-0");
    let by_run = users.iter().find(|user| user["run"] == "digits-a1b2c3").expect("the run");
    assert_eq!(by_run["user"], "ada@example.com");
    assert_eq!(by_run["count"], 3);
    assert_eq!(by_run["pods"].as_array().map(Vec::len), Some(2));
    assert!(by_run["since"].is_string());
    assert!(users.iter().any(|user| user["pods"][0] == "notebook" && user["run"].is_null()));
    let node = &document["nodes"][0];
    assert_eq!((&node["node"], &node["state"]), (&"gpu-0".into(), &"ready".into()));
    let gpus = &node["resources"][0];
    assert_eq!((&gpus["type"], &gpus["allocatable"]), (&"nvidia-a100-80gb".into(), &8.into()));
    let number = |name: &str| gpus[name].as_u64().expect("a number");
    assert_eq!(number("inUse") + number("free"), 8);
    assert!(number("inUse") >= 4);

    let table = kube.run(0, ["gpus"]);
    let text = stdout(&table);
    let line = |word: &str| {
        let line = text.lines().find(|line| line.contains(word)).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let row = line("digits-a1b2c3");
    assert_eq!(row[..3], ["digits-a1b2c3", "3", "ada@example.com"], "{text}");
    assert!(row[3].ends_with('s') || row[3].ends_with('m'), "{text}");
    assert_eq!(line("/notebook")[1], "1", "{text}");
    assert!(line("gpu-1").contains(&"nvidia-h100".to_owned()), "{text}");
    assert!(stderr(&table).contains("nvidia-a100-80gb"), "{}", stderr(&table));
}

/// A run of `train` itself, on nodes that simulate it.
#[test]
fn a_run_that_waits_for_gpus_is_shown_as_waiting() {
    let Some(kube) = Kube::simulated() else { return };
    spec(&kube, "nvidia-l4", 1, 1, ON_GPUS);
    let run = kube.detach([]);
    poll("it is seen to wait", LONG, || {
        let document = look(&kube);
        let waiting = document["waiting"].as_array().expect("waiting");
        waiting.iter().any(|user| user["run"] == run.as_str() && user["count"] == 1).then_some(())
    });
    kube.run(0, ["cancel", &run]);
}

#[test]
fn what_no_node_could_hold_is_told_before_it_is_submitted() {
    let Some(kube) = Kube::simulated() else { return };
    let said = |args: &[&str]| {
        let output = kube.mlctl(args).output().expect("mlctl");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stderr(&output).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    spec(&kube, "nvidia-h100", 16, 1, ON_GPUS);
    let text = said(&["train", "--dry-run"]);
    assert!(text.contains("warning: role worker: no node could hold 16 nvidia-h100"), "{text}");
    assert!(text.contains("nearest: gpu-1, 8 of the 16 nvidia-h100 wanted"), "{text}");
    let text = said(&["train", "--detach"]);
    let warned = text.find("no node could hold 16 nvidia-h100").expect("a warning");
    assert!(text.find("submitted to").is_some_and(|at| warned < at), "{text}");
    kube.run(0, ["cancel"]);

    spec(&kube, "nvidia-h100", 8, 1, "");
    let text = said(&["train", "--dry-run"]);
    assert!(text.contains("nearest: gpu-1, taint kwok.x-k8s.io/node=fake:NoSchedule"), "{text}");
    spec(&kube, "nvidia-l4", 1, 1, ON_GPUS);
    assert!(said(&["train", "--dry-run"]).contains("its accelerators are nvidia-a100-80gb"));
    // A node without any would be further away, taint or not.
    spec(&kube, "nvidia-l4", 1, 1, "");
    let text = said(&["train", "--dry-run"]);
    assert!(
        text.contains("nearest: gpu-0, its accelerators are nvidia-a100-80gb, taint"),
        "{text}"
    );
    let huge = "roles.worker.memory=4Ti";
    spec(&kube, "nvidia-h100", 1, 1, ON_GPUS);
    let text = said(&["train", "--dry-run", "--set", huge]);
    assert!(text.contains("512 GiB of the 4096 GiB of memory wanted"), "{text}");
    // Alone each would fit.
    let nodes = kube.kubectl(["get", "nodes", "-o", "name"]).lines().count();
    let replicas = u32::try_from(nodes).expect("a number") + 1;
    spec(&kube, "nvidia-h100", 8, replicas, ON_GPUS);
    let text = said(&["train", "--dry-run"]);
    assert!(text.contains(&format!("{replicas} replicas of 8 nvidia-h100")), "{text}");
    spec(&kube, "nvidia-h100", 8, 1, ON_GPUS);
    let text = said(&["train", "--dry-run"]);
    assert!(!text.contains("no node") && !text.contains("room for"), "{text}");
}
