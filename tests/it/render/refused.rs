//! What can't be written as objects of a cluster is said, all at once.

use super::sandbox;
use crate::support::{Sandbox, stderr};

fn refused(sandbox: &Sandbox, spec: &str) -> String {
    let head = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: wrong\n";
    let path = sandbox.write("mlctl.yaml", &format!("{head}{spec}"));
    stderr(&sandbox.run(5, ["render", path.to_str().expect("path")]))
}

#[test]
fn every_reason_at_once() {
    let sandbox = sandbox("");
    let text = refused(
        &sandbox,
        "\
output: ./here
queue: team
roles:
  chief: {image: a, command: [x], cpu: 1, accelerators: {type: tpu-v4, count: 1}}
  worker: {image: a, cpu: 2, command: [x]}
volumes: [{name: mlctl-bin, mountPath: /mlctl/x, emptyDir: {}}]
",
    );
    let root = sandbox.dir().canonicalize().expect("folder").display().to_string();
    insta::assert_snapshot!(text.replace(&root, "FOLDER"));
}

#[test]
fn patches_that_break_the_agent() {
    let sandbox = sandbox("");
    let text = refused(
        &sandbox,
        "\
image: a
command: [x]
output: pvc://a
podPatch:
  metadata: {labels: {mlctl.dev/run: other}}
  spec:
    restartPolicy: OnFailure
    hostname: mine
    terminationGracePeriodSeconds: 1
    hostNetwork: true
    initContainers: [{name: mlctl, $patch: delete}]
    containers:
    - name: main
      command: [sleep, \"5\"]
      env: [{name: MLCTL_AGENT_JOB, value: x}]
      volumeMounts: [{mountPath: /mlctl/bin, $patch: delete}]
    volumes: [{name: mlctl-secret, $patch: delete}]
",
    );
    insta::assert_snapshot!(text);
}

#[test]
fn code_that_is_too_large() {
    let sandbox = sandbox("");
    fs_err::write(sandbox.dir().join("weights.bin"), vec![7; 6 << 20]).expect("file");
    let text = refused(&sandbox, "image: a\ncommand: [x]\noutput: pvc://a\ncode: .\n");
    assert!(text.contains("weights.bin (6.0 MiB)") && text.contains(".mlctlignore"), "{text}");
}

#[test]
fn no_runner_image() {
    let sandbox = Sandbox::new();
    let spec = "{apiVersion: mlctl.dev/v1, kind: TrainJob, name: a, image: a, command: [x]}";
    sandbox.write("mlctl.yaml", spec);
    let text = stderr(&sandbox.run(2, ["render"]));
    assert!(text.contains("runnerImage") && text.contains("mlctl cluster image"), "{text}");
}
