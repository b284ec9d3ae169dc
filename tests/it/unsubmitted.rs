//! Runs that mlctl could not submit: nothing means them by chance, and they can be forgotten.

use std::process::{Command, Output};

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

/// Nobody listens there.
const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: far
clusters: [{name: far, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: ada, user: {token: t}}]
contexts: [{name: far, context: {cluster: far, user: ada, namespace: ml}}]
";

fn mlctl(sandbox: &Sandbox, args: &[&str]) -> Output {
    let mut command: Command = sandbox.mlctl(args);
    command.env("KUBECONFIG", sandbox.dir().join("kubeconfig"));
    command.env("MLCTL_RUNNER_IMAGE", "registry.example.com/mlctl:1");
    command.output().expect("mlctl")
}

#[track_caller]
fn good(sandbox: &Sandbox, args: &[&str]) -> (String, String) {
    let output = mlctl(sandbox, args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    (stdout(&output), stderr(&output))
}

#[test]
fn a_failed_submission_is_meant_by_its_id_alone_and_can_be_forgotten() {
    let sandbox = Sandbox::new();
    sandbox.write("kubeconfig", KUBECONFIG);
    sandbox.write("mlctl.yaml", LOCAL);
    let real = good(&sandbox, &["train", "--detach"]).0.trim().to_owned();
    good(&sandbox, &["wait"]);
    sandbox.write("mlctl.yaml", FAR);
    let failed = mlctl(&sandbox, &["train", "--detach", "--context", "far"]);
    assert_eq!(failed.status.code(), Some(6), "{}", stderr(&failed));
    assert!(stderr(&failed).contains("can't be reached"), "{}", stderr(&failed));

    let listed = good(&sandbox, &["list", "--quiet"]).0;
    let ghost = listed.lines().find(|run| *run != real).expect("it is listed").to_owned();
    for args in [&["status"][..], &["status", "slow"], &["wait"], &["why"]] {
        let (out, err) = good(&sandbox, args);
        let said = out + &err;
        assert!(said.contains(&real) && !said.contains(&ghost), "{args:?}: {said}");
    }
    let why = good(&sandbox, &["why", &ghost]).0;
    assert!(why.contains("could not be submitted: the API server of far"), "{why}");
    assert!(!why.contains("startTimeout") && !why.contains("never joined"), "{why}");

    // A cluster that no named run is in is not asked.
    let (out, err) = good(&sandbox, &["cleanup", &real, "--dry-run"]);
    assert!(out.contains(&real) && !err.contains("far"), "{out}{err}");
    let (_, err) = good(&sandbox, &["cleanup", &ghost, "--yes"]);
    assert!(err.contains("removed 1 run") && !err.contains("stays"), "{err}");
    assert_eq!(good(&sandbox, &["list", "--quiet"]).0.trim(), real);
}
