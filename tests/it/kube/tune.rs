//! Studies whose trials are Jobs.

use serde_json::Value as Json;

use super::support::{Kube, LONG, poll};
use crate::support::stdout;

const TRAIN: &str = r#"
import os, sys, time
x = float([word for word in sys.argv if word.startswith("--x=")][0][4:])
for epoch in range(4):
    time.sleep(1)
    print(f"epoch={epoch} loss={(x - 1) ** 2 + 1 / (epoch + 1)}", flush=True)
"#;

/// A study of this many trials, two at once, in Python's image.
fn write(kube: &Kube, trials: u32) {
    kube.sandbox.write("train.py", TRAIN);
    kube.sandbox.write(
        "study.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: TuneJob\nname: search\n\
             metrics: [{{name: loss, goal: minimize}}]\nparameters: {{x: {{double: [-2, 2]}}}}\n\
             maxTrials: {trials}\nparallelTrials: 2\nseed: 1\n\
             trial: {{framework: none, code: ., image: {}, command: [python3, train.py]}}\n",
            kube.cluster.image("python")
        ),
    );
}

fn report(kube: &Kube) -> Json {
    serde_json::from_str(&stdout(&kube.run(0, ["tune", "trials", "-o", "json"]))).expect("a report")
}

fn count(report: &Json, state: &str) -> usize {
    let trials = report["trials"].as_array().expect("trials");
    trials.iter().filter(|trial| trial["state"] == state).count()
}

/// The loop is a process of this machine, the trials are pods; one of them is deleted.
#[test]
fn trials_are_jobs_and_a_lost_pod_costs_none() {
    let Some(kube) = Kube::new() else { return };
    write(&kube, 4);
    kube.act_as("submitter");
    // Who follows a study has its loop on the own machine.
    let mut tune = kube.mlctl(["tune", "study.yaml"]).spawn().expect("mlctl starts");
    let study = poll("a trial runs", LONG, || {
        let pods = kube.kubectl(["get", "pods", "-l", "mlctl.dev/trial=1", "-o", "name"]);
        let pod = pods.lines().next()?.to_owned();
        let phase = kube.kubectl(["get", &pod, "-o", "jsonpath={.status.phase}"]);
        (phase == "Running").then(|| {
            kube.kubectl(["delete", &pod, "--wait=false"]);
            kube.kubectl(["get", &pod, "-o", "jsonpath={.metadata.labels.mlctl\\.dev/study}"])
        })
    });
    assert!(tune.wait().expect("its end").success());
    let report = report(&kube);
    assert_eq!(report["study"], study.as_str());
    assert_eq!(count(&report, "succeeded"), 4, "{report}");
    assert_eq!(report["trials"][3]["curve"].as_array().map(Vec::len), Some(4), "{report}");
    let listed = stdout(&kube.run(0, ["list", "--study", &study, "-q"]));
    assert_eq!(listed.lines().count(), 4);
}

/// The loop is a pod of the cluster, which is deleted; another one goes on. From a machine that has never
/// heard of the study everything of it can be seen.
#[test]
fn a_detached_study_goes_on_in_the_cluster_though_its_pod_is_deleted() {
    let Some(kube) = Kube::new() else { return };
    write(&kube, 5);
    let args = ["cluster", "manifests", "--for-namespace", &kube.namespace];
    let all = stdout(&kube.run(0, args));
    let is_meant = |text: &&str| text.contains("name: mlctl-tuner\n");
    let tuner: Vec<&str> = all.split("---\n").filter(is_meant).collect();
    assert_eq!(tuner.len(), 3, "a Role, an account and its binding");
    kube.kubectl_with(["apply", "-f", "-"], &tuner.join("---\n"));
    kube.act_as("submitter");
    kube.run(0, ["tune", "study.yaml", "--detach"]);
    let study = stdout(&kube.run(0, ["list", "-q"])).trim().to_owned();
    poll("two trials have ended", 2 * LONG, || {
        (count(&report(&kube), "succeeded") >= 2).then_some(())
    });
    let loops = format!("mlctl.dev/run={study}");
    kube.kubectl(["delete", "pods", "-l", &loops]);
    kube.run(0, ["wait", &study]);
    let seen = report(&kube);
    assert_eq!(count(&seen, "succeeded"), 5, "{seen}");
    let runs: std::collections::BTreeSet<&str> = seen["trials"]
        .as_array()
        .expect("trials")
        .iter()
        .map(|trial| trial["run"].as_str().expect("a run"))
        .collect();
    let jobs = kube.kubectl(["get", "jobs", "-l", "mlctl.dev/trial", "-o", "name"]);
    assert_eq!((runs.len(), jobs.lines().count()), (5, 5), "{seen}\n{jobs}");
    let elsewhere = kube.person("looks");
    kube.grant(&elsewhere.user, "viewer");
    let other = stdout(&elsewhere.run(0, ["tune", "trials", &study, "-o", "json"]));
    for verb in ["status", "why", "wait", "cost"] {
        elsewhere.run(0, [verb, &study]);
    }
    let other: Json = serde_json::from_str(&other).expect("a report");
    assert_eq!(other["best"], seen["best"]);
    let best = format!("{study}/{}", seen["best"][0]);
    let log = stdout(&elsewhere.run(0, ["logs", &best]));
    assert!(log.contains("epoch=3 loss="), "{log}");
}
