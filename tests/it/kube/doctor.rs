//! `doctor` on a real cluster: one that is well, and broken ones, each with what it is told.

use std::process::{Output, Stdio};

use crate::doctor::{level, troubles};
use crate::kube::support::{Kube, LONG, World, poll};
use crate::support::{stderr, stdout};

/// Where many tests run at once a pod may take longer than anybody would wait.
const PATIENT: &str = "--pod-limit=3m";

/// What is another one in each cluster and each run, made the same.
fn told(kube: &Kube, output: &Output) -> String {
    troubles(&kube.sandbox, output)
        .replace(&kube.namespace, "NAMESPACE")
        .replace(&kube.cluster.context, "CONTEXT")
        .replace(&kube.cluster.image("mlctl"), "RUNNER")
}

macro_rules! snapshot {
    ($told:expr) => {
        insta::with_settings!({filters => vec![
            (r"https?://127\.0\.0\.1:\d+", "SERVER"),
            (r"fail dns: a pod asked [^ ]+ for", "fail dns: a pod asked SERVERS for"),
            // What the container runtime says of a registry that isn't there.
            (r"(ErrImagePull|ImagePullBackOff): .*", "PULL: ITS WORDS"),
        ]}, {
            insta::assert_snapshot!($told);
        })
    };
}

/// Nothing of a probe is left.
fn assert_clean(kube: &Kube) {
    poll("the probe is gone", LONG, || kube.get("jobs,pods").is_empty().then_some(()));
}

#[test]
fn a_cluster_that_is_well() {
    let Some(kube) = Kube::new() else { return };
    let output = kube.run(0, ["doctor", "-o", "json", PATIENT]);
    let settled = ["settings", "clock", "context", "version", "namespace", "permissions"];
    for check in settled.iter().chain(&["nodes", "pod", "runner image", "dns"]) {
        assert_eq!(level(&output, check), "ok", "{check} in\n{}", stdout(&output));
    }
    assert_clean(&kube);
    // As those see it for whom an admin has applied the manifests, with an image of theirs.
    let _robot = kube.become_robot("submitter");
    let image = kube.cluster.image("python");
    let output = kube.run(0, ["doctor", "--image", &image, PATIENT]);
    let text = stdout(&output);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for check in ["permissions", "quota", "pull secrets", "claims", "pod", "image", "dns"] {
        assert!(text.contains(&format!("\n  ok   {check} ")), "{check} in\n{text}");
    }
    assert!(text.contains("\n  skip nodes "), "not theirs to see:\n{text}");
    let output = kube.run(0, ["doctor", "--no-pod", "-o", "json"]);
    assert_eq!(level(&output, "pod"), "skip");
    assert_clean(&kube);
}

/// The cluster's DNS is down; nobody else uses the cluster meanwhile.
#[test]
fn no_dns() {
    let Some(kube) = Kube::alone() else { return };
    kube.cluster.control(["stop", "coredns"]);
    let output = kube.mlctl(["doctor", "-o", "json", PATIENT]).output().expect("mlctl");
    kube.cluster.control(["start", "coredns"]);
    assert_eq!(output.status.code(), Some(14), "{}{}", stdout(&output), stderr(&output));
    snapshot!(told(&kube, &output));
    poll("DNS is back", LONG, || {
        let output = kube.mlctl(["doctor", "-o", "json"]).output().expect("mlctl");
        output.status.success().then_some(())
    });
}

#[test]
fn no_permission() {
    let Some(kube) = Kube::new() else { return };
    kube.kubectl(["create", "serviceaccount", "robot"]);
    kube.kubectl(["create", "secret", "generic", "tie"]);
    let tie = ["--bound-object-kind=Secret", "--bound-object-name=tie"];
    let token = kube.kubectl(["create", "token", "robot"].into_iter().chain(tie));
    kube.use_credentials(&format!("token: {}", token.trim()));
    let output = kube.run(5, ["doctor", "-o", "json"]);
    snapshot!(told(&kube, &output));
    let text = stdout(&kube.run(5, ["doctor"]));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    // What is to mend it does.
    let start = text.find("mlctl cluster manifests").expect("a command");
    let mend = text[start..].replace("\\\n", " ");
    let mend = mend.split('|').next().expect("the first command").to_owned();
    let manifests = kube.run(0, mend.split_whitespace().skip(1));
    kube.kubectl_with(["apply", "-f", "-"], &stdout(&manifests));
    kube.run(0, ["doctor", PATIENT]);
}

#[test]
fn a_quota_that_is_full() {
    let Some(kube) = Kube::without_pods() else { return };
    kube.kubectl(["create", "quota", "small", "--hard=pods=0"]);
    poll("the quota counts", LONG, || {
        let path = "jsonpath={.status.used.pods}";
        (kube.kubectl(["get", "quota", "small", "-o", path]) == "0").then_some(())
    });
    let output = kube.run(14, ["doctor", "-o", "json"]);
    snapshot!(told(&kube, &output));
    assert_clean(&kube);
}

#[test]
fn pods_that_pod_security_refuses() {
    let Some(kube) = Kube::without_pods() else { return };
    let output = kube.run(14, ["doctor", "-o", "json", "--security", "root"]);
    snapshot!(told(&kube, &output));
    assert_clean(&kube);
}

#[test]
fn an_expired_token() {
    let Some(kube) = Kube::without_pods() else { return };
    let robot = kube.robot("admin");
    kube.use_credentials(&format!("token: {}", robot.token("tie")));
    robot.revoke("tie");
    let output = poll("the API server knows", LONG, || {
        let output = kube.mlctl(["doctor", "-o", "json", "--no-pod"]).output().expect("mlctl");
        (output.status.code() == Some(5)).then_some(output)
    });
    snapshot!(told(&kube, &output));
}

#[test]
fn a_runner_image_that_is_not_there() {
    let Some(kube) = Kube::new() else { return };
    let mut command = kube.mlctl(["doctor", "-o", "json"]);
    let output = command.env("MLCTL_RUNNER_IMAGE", "localhost/no-such:1").output().expect("mlctl");
    assert_eq!(output.status.code(), Some(14), "{}{}", stdout(&output), stderr(&output));
    snapshot!(told(&kube, &output));
    assert_clean(&kube);
    let settings = kube.sandbox.home().join(".config/mlctl/config.yaml");
    fs_err::write(settings, "runtime: kubernetes\n").expect("settings");
    let output = kube.run(14, ["doctor", "-o", "json"]);
    assert!(told(&kube, &output).contains("no setting `runnerImage`"), "{}", stdout(&output));
}

#[test]
fn a_wrong_clock() {
    let Some(kube) = Kube::without_pods() else { return };
    let _proxy = World::ahead(&kube, 3600);
    let output = kube.run(14, ["doctor", "-o", "json", "--no-pod"]);
    snapshot!(told(&kube, &output).replace("59 min", "60 min"));
}

#[test]
fn a_namespace_that_is_not_there() {
    let Some(kube) = Kube::without_pods() else { return };
    let output = kube.run(14, ["doctor", "-o", "json", "--namespace", "nowhere"]);
    let told = told(&kube, &output);
    assert!(told.contains("mend: kubectl create namespace nowhere"), "{told}");
}

/// A pod that no node takes is waited for; whoever leaves meanwhile leaves nothing behind.
#[test]
fn ctrl_c_removes_the_pod() {
    let Some(kube) = Kube::without_pods() else { return };
    let settings = kube.sandbox.home().join(".config/mlctl/config.yaml");
    let text = fs_err::read_to_string(&settings).expect("settings");
    fs_err::write(&settings, text + "runnerArchitectures: [s390x]\n").expect("settings");
    let mut command = kube.mlctl(["doctor"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("mlctl");
    poll("the pod is there", LONG, || (!kube.get("pods").is_empty()).then_some(()));
    let pid = rustix::process::Pid::from_raw(child.id() as i32).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(130), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("interrupted"), "{}", stderr(&output));
    assert_clean(&kube);
}
