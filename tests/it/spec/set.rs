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
            Document::TrainJob(resolved) => Ok(resolved.job),
            _ => panic!("another kind"),
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
