//! Pods that the cluster refuses to make: for good, which ends a run at once, or for now.

use std::time::{Duration, Instant};

use crate::kube::support::{Kube, LONG, Why, poll};
use crate::support::{stderr, stdout};

/// Nobody waits longer for what no waiting changes; the runs here have a `startTimeout` of 10 minutes.
const AT_ONCE: Duration = Duration::from_secs(60);

/// A LimitRange over containers.
fn limit_range(kube: &Kube, limit: &str) {
    let text = format!(
        "apiVersion: v1\nkind: LimitRange\nmetadata: {{name: range}}\n\
         spec: {{limits: [{{type: Container, {limit}}}]}}\n"
    );
    kube.kubectl_with(["create", "-f", "-"], &text);
}

/// The Job is made, its pods are refused, and the run ends at once with these words.
#[track_caller]
fn ends_at_once(kube: &Kube, spec: &str, words: &[&str]) {
    kube.gang(&["true", "true"], &format!("startTimeout: 10m\n{spec}"));
    let begin = Instant::now();
    let why = kube.ends(14);
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
    why.assert_says(words);
    assert!(!why.text().contains("raise `startTimeout`"), "{:#}", why.0);
}

/// Whoever may make pods is told before anything is made, and by a dry run.
#[track_caller]
fn is_told_before(kube: &Kube, words: &[&str]) {
    kube.gang(&["true", "true"], "startTimeout: 10m\n");
    for args in [&["train", "--dry-run"][..], &["train"]] {
        let text = stderr(&kube.run(5, args));
        for word in words {
            assert!(text.contains(word), "`{word}` in {text}");
        }
    }
    assert!(kube.get("jobs,configmaps").iter().all(|one| !one.to_string().contains("gang-")));
    assert_eq!(stdout(&kube.run(0, ["list", "-q"])), "", "nothing is left on this machine either");
}

#[test]
fn a_limit_ranges_maximum_ends_at_once() {
    let Some(kube) = Kube::without_pods() else { return };
    limit_range(&kube, "max: {memory: 32Mi}");
    let words = ["maximum memory usage per Container"];
    is_told_before(&kube, &words);
    let _robot = kube.become_robot("submitter");
    let told = stdout(&kube.run(0, ["train", "--dry-run"]))
        + &stderr(&kube.run(0, ["train", "--dry-run"]));
    assert!(told.contains("those alone who can make pods"), "{told}");
    ends_at_once(&kube, "", &words);
}

#[test]
fn a_service_account_that_is_not_there_ends_at_once() {
    let Some(kube) = Kube::without_pods() else { return };
    let _robot = kube.become_robot("submitter");
    ends_at_once(&kube, "serviceAccount: nobody\n", &["serviceaccount", "nobody"]);
}

#[test]
fn a_quota_that_the_run_alone_exceeds_ends_at_once() {
    let Some(kube) = Kube::without_pods() else { return };
    kube.kubectl(["create", "quota", "one", "--hard=requests.memory=100Mi"]);
    kube.gang(&["true", "true"], "");
    let text = stderr(&kube.run(5, ["train", "--dry-run"]));
    assert!(text.contains("requests.memory=100Mi"), "{text}");
    ends_at_once(&kube, "", &["exceeded quota"]);
}

#[test]
fn a_quota_that_others_have_used_up_is_waited_for() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["true", "true"], "startTimeout: 10m\n");
    kube.kubectl(["create", "quota", "two", "--hard=count/configmaps=1000,pods=2"]);
    let other = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: other}}\nspec:\n  \
         securityContext: {{runAsUser: 1000, runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}\n  \
         containers:\n  - {{name: a, image: {}, command: [sleep, '1000'], \
         securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}}}\n",
        kube.cluster.image("busybox")
    );
    kube.kubectl_with(["create", "-f", "-"], &other);
    let run = kube.detach([]);
    poll("`why` names the quota", LONG, || {
        Why::ask(&kube.sandbox, &run).text().contains("exceeded quota").then_some(())
    });
    kube.kubectl(["delete", "pod", "other", "--now"]);
    kube.run(0, ["wait", &run]);
}

/// An ordinary minimum, above what mlctl itself needs, refuses no run that keeps to it.
#[test]
fn a_limit_ranges_minimum_is_met_by_all_containers() {
    let Some(kube) = Kube::new() else { return };
    limit_range(&kube, "min: {memory: 96Mi, cpu: 300m}");
    kube.gang(&["true"], "");
    kube.run(0, ["train", "--set", "roles.worker.memory=96Mi", "--set", "roles.worker.cpu=300m"]);
}

/// The CPU is a request. A namespace that counts limits gets them.
#[test]
fn the_cpu_has_a_limit_only_where_a_quota_asks_for_one() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["true"], "");
    let limits = |run: &str| -> Vec<String> {
        let path = "jsonpath={.items[*].spec.template.spec['initContainers','containers'][*]\
                    .resources.limits.cpu}";
        let label = format!("mlctl.dev/run={run}");
        let text = kube.kubectl(["get", "jobs", "-l", &label, "-o", path]);
        text.split_whitespace().map(str::to_owned).collect()
    };
    let free = kube.detach([]);
    assert!(limits(&free).is_empty());
    kube.run(0, ["wait", &free]);
    kube.kubectl(["create", "quota", "cpus", "--hard=limits.cpu=4"]);
    let counted = kube.detach([]);
    assert_eq!(limits(&counted), ["50m", "50m"]);
    kube.run(0, ["wait", &counted]);
}
