//! What is done to an endpoint under load, of which no caller sees anything.

use super::support::{Callers, replicas, spec, until};
use crate::kube::support::Kube;

/// Every change of a weight, of a number of replicas and of the pods themselves, one after the other.
#[test]
fn no_caller_sees_what_is_done() {
    let Some(kube) = Kube::new() else { return };
    let revisions = [
        ("v1", "host=0.0.0.0", "traffic: 100; replicas: {min: 2, max: 4}"),
        ("v2", "host=0.0.0.0", "traffic: 0; replicas: {min: 1, max: 4}"),
    ];
    spec(&kube, &revisions, "routers: {min: 2}\ngrace: 5s\nrollout: {keepWarm: 1h}\n");
    kube.run(0, ["serve"]);
    let routers = || kube.kubectl(["get", "pods", "-l", "mlctl.dev/part=router", "-o", "name"]);
    let callers = Callers::start(&kube, "http://sums", 4);
    for turn in 0..25 {
        let two = if turn % 2 == 0 { 50 } else { 10 * (turn % 3) };
        let weights = [format!("v1={}", 100 - two), format!("v2={two}")];
        kube.run(0, ["traffic", "sums", &weights[0], &weights[1]]);
    }
    kube.run(0, ["rollback", "sums"]);
    kube.run(0, ["scale", "sums", "v1", "--min", "3", "--max", "4"]);
    until(&kube, "three replicas", |now| replicas(now, "v1", "ready") == 3);
    kube.run(0, ["scale", "sums", "v1", "--min", "1", "--max", "1"]);
    until(&kube, "one replica", |now| replicas(now, "v1", "ready") == 1);
    kube.run(0, ["scale", "sums", "v1", "--min", "2", "--max", "2"]);
    until(&kube, "two replicas", |now| replicas(now, "v1", "ready") == 2);
    // A replica goes, and both routers one after the other, the one that decides among them, as when their
    // nodes are emptied.
    let pods = kube.kubectl(["get", "pods", "-l", "mlctl.dev/role=v1", "-o", "name"]);
    let pod = pods.lines().next().expect("a replica");
    evict(&kube, pod.trim_start_matches("pod/"));
    for router in routers().lines() {
        evict(&kube, router.trim_start_matches("pod/"));
        kube.kubectl(["rollout", "status", "deployment", "-l", "mlctl.dev/part=router"]);
    }
    until(&kube, "two replicas again", |now| replicas(now, "v1", "ready") == 2);
    kube.run(0, ["traffic", "sums", "v1=60", "v2=40"]);
    let (answers, failures) = callers.end();
    assert_eq!(failures, serde_json::json!([]), "{answers}");
    let answers = answers.as_object().expect("answers");
    assert!(answers.keys().all(|key| ["200 v1", "200 v2"].contains(&&**key)), "{answers:?}");
    assert!(answers.values().all(|count| count.as_u64() > Some(50)), "{answers:?}");
    kube.run(0, ["undeploy", "sums", "--yes"]);
}

/// Asks for the end of a pod as `kubectl drain` does: budgets of disruptions are kept.
fn evict(kube: &Kube, pod: &str) {
    let path = format!("/api/v1/namespaces/{}/pods/{pod}/eviction", kube.namespace);
    let eviction = serde_json::json!({
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod},
    });
    kube.kubectl_with(["create", "--raw", &path, "-f", "-"], &eviction.to_string());
}
