//! The digits example on real TensorFlow, in pods under the restricted standard.

use crate::kube::support::{Kube, LONG, poll};
use crate::support::{both, heavy};

const CLAIM: &str = "models";

/// The last value that a text gives as `accuracy=...`.
#[track_caller]
fn assert_accurate(text: &str) {
    let line = text.lines().rfind(|line| line.contains("accuracy=")).unwrap_or_default();
    let value = line.rsplit("accuracy=").next().unwrap_or_default();
    let value: f64 =
        value.split_whitespace().next().and_then(|value| value.parse().ok()).unwrap_or_default();
    assert!(value >= 0.9, "accuracy {value} in:\n{text}");
}

/// The claim holds a model that the framework can read.
#[track_caller]
fn assert_saved(kube: &Kube) {
    let found = kube.in_claim(CLAIM, "ls */model/saved_model.pb */model/variables");
    assert!(found.contains("saved_model.pb") && found.contains("variables.index"), "{found}");
}

fn set(kube: &Kube) -> [String; 2] {
    [format!("image={}", kube.cluster.image("tf")), format!("output=pvc://{CLAIM}/{{run}}")]
}

#[test]
fn two_workers() {
    let _alone = heavy();
    let Some(kube) = Kube::new() else { return };
    kube.claim(CLAIM);
    kube.sandbox.example("digits");
    let [image, output] = set(&kube);
    let trained = kube.run(0, ["train", "digits", "--set", &image, "--set", &output]);
    assert_accurate(&both(&trained));
    let nodes: std::collections::BTreeSet<_> = kube.pods().into_iter().map(|p| p.node).collect();
    assert_eq!(nodes.len(), 2, "the gang was over both nodes: {nodes:?}");
    assert_saved(&kube);
    kube.ended(0);
}

#[test]
fn chief_workers_ps_and_evaluator() {
    let _alone = heavy();
    let Some(kube) = Kube::new() else { return };
    kube.claim(CLAIM);
    kube.sandbox.example("digits");
    let [image, output] = set(&kube);
    let spec = "digits/parameter-server.yaml";
    // Five replicas have to fit on two nodes of two cores.
    let roles = ["chief", "worker", "ps", "evaluator"].map(|role| format!("roles.{role}.cpu=500m"));
    let mut args = vec!["train", spec, "--set", &image, "--set", &output];
    args.extend(roles.iter().flat_map(|set| ["--set", set.as_str()]));
    let trained = kube.run(0, args);
    let text = both(&trained);
    assert_accurate(&text);
    assert!(text.contains("evaluator-0 |"), "{text}");
    assert_saved(&kube);
    kube.ended(0);
}

/// No mlctl after the manifests are applied: the Job's conditions and the pods' logs say it all.
#[test]
fn rendered_and_applied_by_kubectl() {
    let _alone = heavy();
    let Some(kube) = Kube::new() else { return };
    kube.claim(CLAIM);
    kube.sandbox.example("digits");
    let [image, output] = set(&kube);
    let rendered = kube.run(0, ["render", "digits", "--set", &image, "--set", &output]);
    kube.kubectl_with(["apply", "-f", "-"], &crate::support::stdout(&rendered));
    let job = poll("there is a Job", LONG, || {
        kube.get("jobs").first().and_then(|job| job["metadata"]["name"].as_str().map(str::to_owned))
    });
    let named = format!("job/{job}");
    kube.kubectl(["wait", "--for=condition=Complete", "--timeout=240s", &named]);
    let logs: Vec<String> = kube.pods().iter().map(|pod| kube.log(&pod.name)).collect();
    assert_eq!(logs.len(), 2, "the pods are still there");
    assert!(logs.iter().all(|log| log.contains("epoch=")), "{logs:#?}");
    assert_accurate(&logs.concat());
    assert_saved(&kube);
    // A laptop that has never heard of it.
    let other = kube.elsewhere();
    other.run(0, ["wait", &job, "--timeout", "60s"]);
    kube.wait_until_quiet(LONG);
}

#[test]
fn a_failure_without_mlctl_is_in_the_job() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(&["echo zero; sleep 1000", "echo one; sleep 1; exit 3"], "");
    let rendered = kube.run(0, ["render"]);
    kube.kubectl_with(["apply", "-f", "-"], &crate::support::stdout(&rendered));
    kube.kubectl(["wait", "--for=condition=Failed", "--timeout=120s", "jobs", "--all"]);
    let logs: String = kube.pods().iter().map(|pod| kube.log(&pod.name)).collect();
    assert!(logs.contains("\nzero") && logs.contains("\none"), "{logs}");
    let run = kube.get("jobs")[0]["metadata"]["name"].as_str().expect("a name").to_owned();
    let other = kube.elsewhere();
    other.run(10, ["wait", &run]);
    let why = crate::kube::support::Why::ask(&other, &run);
    why.assert_blames("worker-1", "userError", &["exit code 3"]);
}
