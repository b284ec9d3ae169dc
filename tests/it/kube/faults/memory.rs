//! Memory that runs out, on nodes of either kind: with cgroup v1 the kernel kills the command, with
//! v2 all that is in the container, the agent included.

use crate::kube::support::Kube;
use crate::support::stderr;

#[test]
fn memory_that_runs_out_is_named() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["sleep 1000", "sleep 1; echo filling; exec tail /dev/zero"], "");
    kube.ends(10).assert_blames("worker-1", "outOfMemory", &["memory", "64Mi"]);
}

/// So little that the agent itself would be killed is refused before anything is made.
#[test]
fn too_little_memory_for_an_agent_is_refused() {
    let Some(kube) = Kube::without_pods() else { return };
    kube.gang(&["true"], "");
    let refused = stderr(&kube.run(3, ["train", "--set", "roles.worker.memory=8Mi"]));
    assert!(refused.contains("`memory` 8Mi is too little"), "{refused}");
    assert!(kube.get("jobs").is_empty());
}

/// Only the container's first process is left to tell, and it is gone: the pod says the rest.
#[test]
fn a_killed_container_costs_a_pod_and_not_the_run() {
    let Some(kube) = Kube::own() else { return };
    let script = "echo attempt $MLCTL_ATTEMPT; test $MLCTL_ATTEMPT = 2 || exec sleep 1000";
    kube.gang(&[script, script], "retries: {infrastructure: 1}\n");
    let run = kube.detach([]);
    kube.printed(0, "attempt 1");
    let victim = kube.printed(1, "attempt 1");
    kube.kill_agent(&victim);
    kube.run(0, ["wait", &run]);
    let why = kube.ended(0);
    assert_eq!(why.0["earlier"][0]["replica"], "worker-1", "{:#}", why.0);
    assert!(kube.pods().iter().any(|pod| pod.index == 1 && pod.uid != victim.uid));
}

#[test]
fn a_killed_container_is_named_when_no_budget_is_left() {
    let Some(kube) = Kube::own() else { return };
    kube.gang(&["sleep 1000", "echo here; sleep 1000"], "retries: {infrastructure: 0}\n");
    let run = kube.detach([]);
    let victim = kube.printed(1, "here");
    kube.kill_agent(&victim);
    kube.run(11, ["wait", &run]);
    kube.ended(11).assert_blames("worker-1", "infrastructure", &["137"]);
}
