//! Pods that can't be placed or don't start.

use std::time::{Duration, Instant};

use crate::kube::support::{Kube, LONG, Why, poll};
use crate::support::stderr;

#[test]
fn a_missing_image_is_named_with_the_registrys_words() {
    let Some(kube) = Kube::new() else { return };
    // Longer than the registry takes to say so on a busy machine.
    kube.gang(&["true", "true"], "startTimeout: 45s\n");
    let run = kube.detach(["--set", "image=localhost/nowhere:1"]);
    poll("`why` names the image while the run waits", LONG, || {
        let why = Why::ask(&kube.sandbox, &run);
        why.text().contains("localhost/nowhere:1").then_some(())
    });
    kube.run(14, ["wait", &run]);
    kube.ended(14).assert_says(&["localhost/nowhere:1", "image"]);
}

/// Nobody watched, and the Job's deadline has deleted the pods: the cluster's events still tell.
#[test]
fn a_missing_image_is_named_to_whoever_looks_late() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["true"], "startTimeout: 45s\n");
    let run = kube.detach(["--set", "image=localhost/nowhere:1"]);
    poll("the registry has been asked", LONG, || {
        let pods = kube.get("pods").into_iter();
        pods.map(|pod| pod.to_string()).any(|pod| pod.contains("ErrImagePull")).then_some(())
    });
    let now = r#"{"spec":{"activeDeadlineSeconds":1}}"#;
    kube.kubectl(["patch", "job", &run, "--type=merge", "-p", now]);
    poll("the pod is gone", LONG, || kube.get("pods").is_empty().then_some(()));
    kube.run(14, ["wait", &run]);
    kube.ended(14).assert_says(&["localhost/nowhere:1", "check the name in `image`"]);
}

#[test]
fn no_room_is_told_in_the_schedulers_words() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["true", "true"], "startTimeout: 15s\n");
    let run = kube.detach(["--set", "roles.worker.cpu=1000"]);
    poll("`why` says what the scheduler says while the run waits", LONG, || {
        Why::ask(&kube.sandbox, &run).text().contains("Insufficient cpu").then_some(())
    });
    kube.run(14, ["wait", &run]);
    kube.ended(14).assert_says(&["Insufficient cpu", "cpu"]);
}

/// The gang that has a part is not left waiting for the rest by its own agents either.
#[test]
fn half_a_gang_gives_up_without_mlctl() {
    let Some(kube) = Kube::new() else { return };
    kube.half(["small: {cpu: 50m}", "large: {cpu: 1000}"]);
    let run = kube.detach([]);
    let pod = kube.running(0);
    let done = "jsonpath={.status.phase}=Failed";
    kube.kubectl(["wait", "--timeout=120s", "--for", done, "pod", &pod.name]);
    kube.run(14, ["wait", &run]);
    kube.ended(14).assert_says(&["large-0", "Insufficient cpu"]);
}

#[test]
fn an_image_that_insists_on_root_is_explained() {
    let Some(kube) = Kube::new() else { return };
    // The image has no user of its own, which is root.
    kube.gang(&["true"], "security: baseline\nstartTimeout: 40s\n");
    kube.cluster.kubectl([
        "label",
        "namespace",
        &kube.namespace,
        "--overwrite",
        "pod-security.kubernetes.io/enforce=baseline",
    ]);
    kube.ends(14).assert_says(&["runAsNonRoot", "security: root"]);
}

/// The namespace refuses the pods: the Job exists, its pods never do. Who may make pods is told before
/// there is a Job.
#[test]
fn a_refused_admission_is_told_in_its_own_words() {
    let Some(kube) = Kube::without_pods() else { return };
    kube.gang(&["true"], "security: root\nstartTimeout: 10m\n");
    let refused = stderr(&kube.run(5, ["train"]));
    assert!(refused.contains("violates PodSecurity \"restricted"), "{refused}");
    assert!(kube.get("jobs,configmaps").iter().all(|one| !one.to_string().contains("gang-")));
    let _robot = kube.become_robot("submitter");
    let begin = Instant::now();
    kube.ends(14).assert_says(&["PodSecurity", "restricted"]);
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}

#[test]
fn a_quota_is_told_in_its_own_words() {
    let Some(kube) = Kube::without_pods() else { return };
    kube.kubectl(["create", "quota", "one", "--hard=pods=1"]);
    kube.gang(&["true", "true"], "startTimeout: 10m\n");
    let begin = Instant::now();
    kube.ends(14).assert_says(&["exceeded quota"]);
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}

#[test]
fn a_claim_that_is_not_there_is_told_before_anything_is_made() {
    let Some(kube) = Kube::without_pods() else { return };
    kube.gang(&["true"], "output: pvc://nosuch/x\n");
    let refused = stderr(&kube.run(5, ["train"]));
    assert!(refused.contains("there is no claim `nosuch` in the namespace"), "{refused}");
    assert!(kube.get("jobs,configmaps").iter().all(|one| !one.to_string().contains("gang-")));
}

/// No name has an address: who can't reach the primary says so, and it is told.
#[test]
fn names_that_nobody_resolves_are_told() {
    let Some(kube) = Kube::alone() else { return };
    kube.gang(&["true", "true"], "startTimeout: 40s\n");
    kube.cluster.control(["stop", "coredns"]);
    let output = kube.mlctl(["train"]).output().expect("mlctl");
    kube.cluster.control(["start", "coredns"]);
    assert_eq!(output.status.code(), Some(14), "{}", stderr(&output));
    kube.ended(14).assert_says(&["worker-1", "can't be resolved"]);
}

/// One that runs and one that has no room: what there is ends, and the other is waited for by nobody.
#[test]
fn half_a_gang_is_cancelled() {
    let Some(kube) = Kube::new() else { return };
    kube.half(["small: {cpu: 50m}", "large: {cpu: 1000}"]);
    let run = kube.detach(["--set", "startTimeout=30m"]);
    kube.running(0);
    kube.run(0, ["cancel", &run]);
    kube.ended(12).assert_says(&["cancelled"]);
    assert!(kube.get("jobs,pods").is_empty());
}
