use mlctl::spec::{self, Document, LoadOptions, RenderOptions, Source, TrainJob};

const SPEC: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: digits
command: [python, train.py]
args: {epochs: 5}
env: [{name: A, value: a}]
labels: {example.com/team: x}
";

fn load(set: &[&str]) -> Result<TrainJob, String> {
    let options = LoadOptions {
        set: set.iter().map(ToString::to_string).collect(),
        ..LoadOptions::default()
    };
    match spec::load(&[Source::new("spec.yaml", SPEC)], &options) {
        Ok(mut loaded) => match loaded.documents.remove(0) {
            Document::TrainJob(resolved) => Ok(resolved.spec),
            other => panic!("{other:?}"),
        },
        Err(findings) => Err(findings.render(RenderOptions::default())),
    }
}

#[test]
fn changes_values() {
    let job = load(&[
        "roles.worker.replicas=4",
        "env[0].value=b",
        "env[1]={name: B, value: 1}",
        "args.epochs=1e1",
        "args.lr=0.10",
        "labels.\"example.com/team\"=y=z",
        "command=[python, -m, digits]",
        "framework=pytorch",
    ]);
    let error = job.unwrap_err();
    assert!(error.contains("bad-label"), "{error}");
    let job = load(&[
        "roles.worker.replicas=4",
        "env[0].value=b",
        "env[1]={name: B, value: 1}",
        "args.epochs=1e1",
        "labels.\"example.com/team\"=y",
        "image=",
    ])
    .unwrap();
    assert_eq!(job.roles["worker"].replicas, 4);
    assert_eq!(job.env[0].value.as_deref(), Some("b"));
    assert_eq!(job.env[1].value.as_deref(), Some("1"));
    assert_eq!(job.args.to_argv(), ["--epochs=1e1"]);
    assert_eq!(job.labels["example.com/team"], "y");
    assert_eq!(job.image, None);
}

#[test]
fn points_at_the_text_that_was_given() {
    let cases = [
        "roles.worker.replicas=many",
        "roles.worker.replica=2",
        "name.first=x",
        "env[3].value=x",
        "env[x]=1",
        "roles.worker",
        "=4",
        "args={epochs: 5",
        "labels.\"team=x",
        "args.api_key=[{secret: abc}]",
    ];
    let all: Vec<String> = cases.iter().map(|set| load(&[set]).unwrap_err()).collect();
    insta::assert_snapshot!(all.join("\n"));
}

const WITH_ROLES: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: digits
command: [python, train.py]
roles: {worker: {replicas: 2}, reader: {}}
";

fn load_with_roles(set: &[&str]) -> Result<TrainJob, String> {
    let set = set.iter().map(ToString::to_string).collect();
    let options = LoadOptions { set, ..LoadOptions::default() };
    match spec::load(&[Source::new("spec.yaml", WITH_ROLES)], &options) {
        Ok(mut loaded) => match loaded.documents.remove(0) {
            Document::TrainJob(resolved) => Ok(resolved.spec),
            other => panic!("{other:?}"),
        },
        Err(findings) => Err(findings.render(RenderOptions::default())),
    }
}

#[test]
fn a_typo_of_a_role_adds_none() {
    let cases = [
        "roles.wroker.cpu=1",
        "roles.Worker={replicas: 3}",
        "roles.readr.env=[{name: HF_TOKEN, value: hf_abcdefgh}]",
    ];
    let all: Vec<String> = cases.iter().map(|set| load_with_roles(&[set]).unwrap_err()).collect();
    let all = all.join("\n");
    assert!(!all.contains("hf_abcdefgh"), "a secret is shown");
    insta::assert_snapshot!(all);
}

#[test]
fn a_new_role_may_be_added() {
    let job = load_with_roles(&[
        "roles.evaluator.cpu=1",
        "roles.worker.cpu=2",
        "roles.evaluator.replicas=2",
    ])
    .unwrap();
    let names: Vec<&str> = job.roles.keys().map(String::as_str).collect();
    assert_eq!(names, ["worker", "reader", "evaluator"]);
    assert_eq!(job.roles["evaluator"].replicas, 2);
    // A file without roles has none that could be meant.
    assert!(load(&["roles.wroker.cpu=1"]).is_ok());
    // All roles at once are what they are.
    assert_eq!(load_with_roles(&["roles={wroker: {}}"]).unwrap().roles.len(), 1);
}
