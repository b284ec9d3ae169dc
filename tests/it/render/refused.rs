//! What can't be written as objects of a cluster is said, all at once.

use serde_json::Value as Json;

use super::sandbox;
use crate::support::{Sandbox, stderr, stdout};

/// What is said of a spec by every verb that would make objects of it, which is the same.
fn refused_by(sandbox: &Sandbox, verb: &str, spec: &str) -> String {
    let path = sandbox.write("mlctl.yaml", spec);
    let path = path.file_name().and_then(|name| name.to_str()).expect("a name");
    let said = |args: &[&str]| stderr(&sandbox.run(3, args));
    let text = said(&["validate", "--runtime", "kubernetes", path]);
    assert_eq!(said(&[verb, "--runtime", "kubernetes", path]), text);
    assert_eq!(said(&[verb, "--dry-run", "--runtime", "kubernetes", path]), text);
    if verb != "tune" {
        assert_eq!(said(&["render", path]), text);
    }
    // On this machine it may be right.
    assert!(
        !stderr(&sandbox.mlctl(["validate", path]).output().expect("mlctl")).contains("cluster]")
    );
    text
}

fn refused(sandbox: &Sandbox, spec: &str) -> String {
    let head = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: wrong\n";
    refused_by(sandbox, "train", &format!("{head}{spec}"))
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
    insta::assert_snapshot!(text);
}

#[test]
fn a_batch_prediction() {
    let text = refused_by(
        &sandbox(""),
        "batch-predict",
        "\
apiVersion: mlctl.dev/v1
kind: BatchPredictJob
name: wrong
model: {uri: ./model, server: custom, command: [serve]}
input: {uris: [s3://b/in/*.jsonl, ./more/*.jsonl], format: jsonl}
output: ./out
memory: 8Mi
",
    );
    insta::assert_snapshot!(text);
}

#[test]
fn an_endpoint() {
    let sandbox = sandbox("");
    let text = refused_by(
        &sandbox,
        "serve",
        "\
apiVersion: mlctl.dev/v1
kind: Endpoint
name: wrong
revisions:
- {name: v1, model: ./model, server: tensorflow-serving, traffic: 90}
- name: v2
  model: s3://b/model
  server: custom
  command: [serve]
  memory: 8Mi
  traffic: 10
routers: {memory: 4Mi}
log: {to: ./requests, sample: 10%}
podPatch: {spec: {restartPolicy: Never}}
",
    );
    insta::assert_snapshot!(text);
}

#[test]
fn a_study() {
    let sandbox = sandbox("");
    let head = "\
apiVersion: mlctl.dev/v1
kind: TuneJob
name: wrong
metrics: [{name: loss, goal: minimize}]
parameters: {lr: {double: [0.1, 1]}}
maxTrials: 2
";
    let within = "trial:\n  command: [x]\n  output: ./trials\n";
    let within = refused_by(&sandbox, "tune", &format!("{head}{within}"));
    sandbox.write("job.yaml", "{apiVersion: mlctl.dev/v1, kind: TrainJob, name: a, command: [x]}");
    let beside = refused_by(&sandbox, "tune", &format!("{head}trial: {{file: job.yaml}}\n"));
    insta::assert_snapshot!(format!("{within}\n{beside}"));
}

/// What the files and the settings lack, where the spec says so.
#[test]
fn what_is_not_there() {
    let sandbox = sandbox("");
    for (field, words) in [
        ("code: ./none", "not a folder or file of this machine"),
        ("data: [{uri: ./none, path: data}]", "not a folder or file of this machine"),
        ("maxCost: 1", "needs to know what things cost here"),
    ] {
        let text = refused(&sandbox, &format!("image: a\ncommand: [x]\n{field}\n"));
        let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(words) && said.contains("mlctl.yaml:6:"), "{text}");
    }
}

/// What it is comes before what is wrong with it.
#[test]
fn another_kind_is_another_verbs() {
    let sandbox = sandbox("");
    let spec = "{apiVersion: mlctl.dev/v1, kind: TrainJob, name: a, command: [x], output: ./here}";
    sandbox.write("mlctl.yaml", spec);
    for verb in ["tune", "serve", "batch-predict"] {
        let said = stderr(&sandbox.run(2, [verb, "mlctl.yaml", "--runtime", "kubernetes"]));
        assert!(said.contains("mlctl train mlctl.yaml"), "{said}");
    }
}

/// Programs read the places; a script and what flags say have none.
#[test]
fn places_for_programs() {
    let sandbox = sandbox("");
    sandbox.write("a.yaml", "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: a\ncommand: [x]\n");
    sandbox.write("train.py", "");
    let errors = |args: &[&str]| {
        let args = [args, &["--runtime", "kubernetes", "-o", "json"]].concat();
        let document: Json = serde_json::from_str(&stdout(&sandbox.run(3, args))).expect("JSON");
        document["errors"].as_array().expect("errors").clone()
    };
    for verb in ["validate", "train"] {
        let found = errors(&[verb, "a.yaml", "--set", "memory=1Mi"]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|one| one["code"] == "not-in-cluster"), "{found:?}");
        let places: Vec<_> = found.iter().map(|one| one["place"].to_string()).collect();
        assert!(
            places.contains(&r#"{"file":"a.yaml","line":1,"column":1}"#.to_owned()),
            "{places:?}"
        );
        assert!(
            places.contains(&r#"{"file":"--set","line":1,"column":8}"#.to_owned()),
            "{places:?}"
        );
        let found = errors(&[verb, "train.py"]);
        assert_eq!((found.len(), &found[0]["place"]), (1, &Json::Null), "{found:?}");
        assert!(found[0]["hints"][0].to_string().contains("--set image=IMAGE"), "{found:?}");
    }
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
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("weights.bin (6.0 MiB)") && words.contains(".mlctlignore"), "{text}");
    assert!(text.contains("mlctl.yaml:7:7"), "{text}");
}

#[test]
fn no_runner_image() {
    let sandbox = Sandbox::new();
    let spec = "{apiVersion: mlctl.dev/v1, kind: TrainJob, name: a, image: a, command: [x]}";
    sandbox.write("mlctl.yaml", spec);
    let text = stderr(&sandbox.run(2, ["render"]));
    assert!(text.contains("runnerImage") && text.contains("mlctl cluster image"), "{text}");
}
