//! `doctor` on laptops: one that is well, and broken ones, each with what it is told.

use std::process::Output;
use std::time::{Duration, Instant};

use crate::support::{Sandbox, stderr, stdout};

/// The findings of a visit that aren't ok or skipped, as text; volatile parts made the same.
pub fn troubles(sandbox: &Sandbox, output: &Output) -> String {
    let document: serde_json::Value = serde_json::from_str(&stdout(output)).expect("JSON");
    assert_eq!(document["schemaVersion"], 1);
    assert_eq!(document["exitCode"].as_i64(), output.status.code().map(i64::from));
    let findings = document["findings"].as_array().expect("findings");
    let bad = findings.iter().filter(|one| one["level"] == "warn" || one["level"] == "fail");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("NOTHING").to_owned();
    let told = bad.map(|one| {
        let (level, check) = (text(&one["level"]), text(&one["check"]));
        let (what, why, mend) = (text(&one["what"]), text(&one["why"]), text(&one["mend"]));
        format!("{level} {check}: {what}\n  {why}\n  mend: {mend}\n")
    });
    let told: String = told.collect();
    told.replace(&sandbox.home().display().to_string(), "HOME")
}

/// The level of a check's last finding.
#[track_caller]
pub fn level(output: &Output, check: &str) -> String {
    let document: serde_json::Value = serde_json::from_str(&stdout(output)).expect("JSON");
    let findings = document["findings"].as_array().expect("findings");
    let found = findings.iter().rev().find(|one| one["check"] == check);
    let found = found.unwrap_or_else(|| panic!("{check} in {document:#}"));
    found["level"].as_str().expect("a level").to_owned()
}

/// A home whose settings choose a cluster of this kubeconfig.
fn with_cluster(kubeconfig: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let put = |path: &str, text: &str| {
        let path = sandbox.home().join(path);
        fs_err::create_dir_all(path.parent().expect("a parent")).expect("folder");
        fs_err::write(path, text).expect("file");
    };
    put(".kube/config", kubeconfig);
    put(".config/mlctl/config.yaml", "runtime: kubernetes\nrunnerImage: localhost/mlctl:1\n");
    sandbox
}

/// Nobody listens at its server's port.
const GONE: &str = "apiVersion: v1\nkind: Config\ncurrent-context: prod\n\
    contexts: [{name: prod, context: {cluster: gone, user: gone}}]\n\
    clusters: [{name: gone, cluster: {server: 'https://127.0.0.1:9'}}]\n\
    users: [{name: gone, user: {}}]\n";

#[test]
fn a_laptop_that_is_well() {
    let sandbox = Sandbox::new();
    let output = sandbox.run(0, ["doctor"]);
    let text = stdout(&output);
    assert!(text.starts_with("Laptop\n  ok   settings     no file: the defaults\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for check in ["state", "runs", "cache", "clock", "ports"] {
        assert!(text.contains(&format!("\n  ok   {check} ")), "{check} in\n{text}");
    }
    for check in ["gpu", "python", "tensorflow", "torch", "jax"] {
        assert!(text.contains(&format!(" {check} ")), "{check} in\n{text}");
    }
    assert!(!text.contains("Cluster") && !text.contains('\x1b'), "{text}");
    assert!(stderr(&output).contains("nothing was found that stops runs"), "{}", stderr(&output));
    assert!(!sandbox.state().exists(), "looking makes nothing");
}

#[test]
fn no_python() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.mlctl(["doctor", "-o", "json"]);
    let output = command.env("PATH", sandbox.dir()).output().expect("mlctl");
    assert_eq!(output.status.code(), Some(14), "{}", stderr(&output));
    insta::assert_snapshot!(troubles(&sandbox, &output));
}

/// A file system of its own, in a namespace of its own, filled to the last byte.
#[test]
fn a_full_disk() {
    let sandbox = Sandbox::new();
    let script = r#"set -eu
        mkdir -p "$HOME/.local/state"
        mount -t tmpfs -o size=64k none "$HOME/.local/state"
        cat /dev/zero > "$HOME/.local/state/filler" 2>/dev/null || true
        exec "$MLCTL" doctor -o json"#;
    let Some(mut command) = sandbox.in_namespace(script) else { return };
    let output = command.output().expect("mlctl");
    assert_eq!(output.status.code(), Some(14), "{}{}", stdout(&output), stderr(&output));
    insta::with_settings!({filters => vec![(r"\.mlctl-doctor-\w+", ".mlctl-doctor-X")]}, {
        insta::assert_snapshot!(troubles(&sandbox, &output));
    });
}

#[test]
fn a_wrong_context() {
    let sandbox = with_cluster(GONE);
    let output = sandbox.run(14, ["doctor", "-o", "json", "--context", "prdo"]);
    insta::assert_snapshot!(troubles(&sandbox, &output));
}

#[test]
fn a_cluster_that_does_not_answer() {
    let sandbox = with_cluster(GONE);
    let begin = Instant::now();
    let output = sandbox.run(6, ["doctor", "-o", "json"]);
    assert!(begin.elapsed() < Duration::from_secs(60), "it gave up after a while");
    insta::assert_snapshot!(troubles(&sandbox, &output));
}

#[test]
fn settings_that_can_not_be_read() {
    let sandbox = with_cluster(GONE);
    let path = sandbox.home().join(".config/mlctl/config.yaml");
    fs_err::write(path, "runtime: local\nrunerImage: x\n").expect("settings");
    let mut command = sandbox.mlctl(["doctor", "-o", "json"]);
    // Not what this test is about, and not the same on all machines.
    let output = command.env("PATH", sandbox.dir()).output().expect("mlctl");
    assert_eq!(output.status.code(), Some(14), "{}", stderr(&output));
    let told = troubles(&sandbox, &output);
    assert!(told.starts_with("fail settings: HOME/.config/mlctl/config.yaml: "), "{told}");
    assert!(told.contains("runerImage"), "{told}");
}

#[test]
fn credentials_that_are_not_there() {
    let sandbox = Sandbox::new();
    let output = sandbox.run(14, ["doctor", "-o", "json", "--runtime", "kubernetes"]);
    insta::assert_snapshot!(troubles(&sandbox, &output));
}
