//! Runs that mlctl could not submit: nothing means them by chance, and they can be forgotten.

use std::process::Output;

use crate::kube::Kube;
use crate::support::{Sandbox, stderr, stdout};

const LOCAL: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: slow
command: ['true']
";

const FAR: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: slow
image: registry.example.com/train:1
command: ['true']
";

/// The cluster takes pods and Jobs, which are asked about beforehand, and no Services.
const NO_SERVICES: &str = "\
apiVersion: v1
kind: ResourceQuota
metadata: {name: none}
spec: {hard: {services: '0'}}
";

/// Of a cluster of this name nobody listens there.
fn unreachable(context: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {context}\n\
         clusters: [{{name: far, cluster: {{server: 'https://127.0.0.1:1'}}}}]\n\
         users: [{{name: ada, user: {{token: t}}}}]\n\
         contexts: [{{name: {context}, context: {{cluster: far, user: ada, namespace: ml}}}}]\n"
    )
}

fn mlctl(sandbox: &Sandbox, args: &[&str]) -> Output {
    let mut command = sandbox.mlctl(args);
    command.env("MLCTL_RUNNER_IMAGE", "registry.example.com/mlctl:1");
    command.output().expect("mlctl")
}

#[track_caller]
fn good(sandbox: &Sandbox, args: &[&str]) -> (String, String) {
    let output = mlctl(sandbox, args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    (stdout(&output), stderr(&output))
}

/// A run on this machine.
fn real(sandbox: &Sandbox) -> String {
    sandbox.write("mlctl.yaml", LOCAL);
    let real = good(sandbox, &["train", "--detach", "--runtime", "local"]).0.trim().to_owned();
    good(sandbox, &["wait"]);
    real
}

#[test]
fn a_cluster_that_was_never_reached_leaves_no_run() {
    let sandbox = Sandbox::new();
    let real = real(&sandbox);
    sandbox.write("mlctl.yaml", FAR);
    sandbox.write("kubeconfig", &unreachable("far"));
    let mut command = sandbox.mlctl(["train", "--detach", "--context", "far"]);
    command.env("KUBECONFIG", sandbox.dir().join("kubeconfig"));
    command.env("MLCTL_RUNNER_IMAGE", "registry.example.com/mlctl:1");
    let failed = command.output().expect("mlctl");
    assert_eq!(failed.status.code(), Some(6), "{}", stderr(&failed));
    assert!(stderr(&failed).contains("can't be reached"), "{}", stderr(&failed));
    assert_eq!(good(&sandbox, &["list", "--quiet"]).0.trim(), real);
}

#[test]
fn a_failed_submission_is_meant_by_its_id_alone_and_can_be_forgotten() {
    let Some(kube) = Kube::without_pods() else { return };
    let sandbox = &kube.sandbox;
    let real = real(sandbox);
    kube.kubectl_with(["create", "-f", "-"], NO_SERVICES);
    kube.gang(&["true", "true"], "");
    let failed = mlctl(sandbox, &["train", "--detach", "--runtime", "kubernetes"]);
    assert_eq!(failed.status.code(), Some(5), "{}", stderr(&failed));
    assert!(stderr(&failed).contains("exceeded quota: none"), "{}", stderr(&failed));

    let listed = good(sandbox, &["list", "--quiet"]).0;
    let ghost = listed.lines().find(|run| *run != real).expect("it is listed").to_owned();
    for args in [&["status"][..], &["status", "slow"], &["wait"], &["why"]] {
        let (out, err) = good(sandbox, args);
        let said = out + &err;
        assert!(said.contains(&real) && !said.contains(&ghost), "{args:?}: {said}");
    }
    let why = good(sandbox, &["why", &ghost]).0;
    assert!(why.contains("could not be submitted") && why.contains("exceeded quota"), "{why}");
    assert!(!why.contains("startTimeout") && !why.contains("never joined"), "{why}");

    // A cluster that no named run is in is not asked, and one that took nothing has nothing to give back.
    kube.set_kubeconfig(sandbox, &unreachable(&kube.cluster.context));
    let (out, err) = good(sandbox, &["cleanup", &real, "--dry-run"]);
    assert!(out.contains(&real) && !err.contains("127.0.0.1"), "{out}{err}");
    let (_, err) = good(sandbox, &["cleanup", &ghost, "--yes"]);
    assert!(err.contains("removed 1 run") && !err.contains("stays"), "{err}");
    assert_eq!(good(sandbox, &["list", "--quiet"]).0.trim(), real);
}
