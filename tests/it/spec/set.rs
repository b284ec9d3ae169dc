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

/// Names with dots, as other tools want them written.
#[test]
fn a_name_may_have_any_sign() {
    let ways = [
        r"labels.cloud\.google\.com/x=y=z",
        r#"labels["cloud.google.com/x"]=y=z"#,
        "labels['cloud.google.com/x']=y=z",
        r#"labels."cloud.google.com/x"=y=z"#,
        r#"labels.["cloud.google.com/x"]=y=z"#,
    ];
    for way in ways {
        let node = way.replacen("labels", "nodeSelector", 1).replace("y=z", "y");
        let job = load(&[&node]).unwrap_or_else(|error| panic!("{way}: {error}"));
        assert_eq!(job.node_selector["cloud.google.com/x"], "y", "{way}");
        let patch = way.replacen("labels", "podPatch.metadata.annotations", 1);
        let job = load(&[&patch]).unwrap_or_else(|error| panic!("{way}: {error}"));
        let annotations = &job.pod_patch["metadata"]["annotations"];
        assert_eq!(annotations["cloud.google.com/x"], "y=z", "{way}");
    }
    // What is in the file is changed, and steps may follow.
    let job = load(&[r"labels.example\.com/team=y"]).unwrap();
    assert_eq!((job.labels.len(), job.labels["example.com/team"].as_str()), (1, "y"));
    let job = load(&[r#"args["a\\\"b"]=1"#]).unwrap();
    assert_eq!(job.args.to_argv()[1], r#"--a\"b=1"#);
    for (wrong, message) in [
        (r#"labels["a.b]=x"#, "a quote in the path is never closed"),
        (r#"labels["a.b"=x"#, "a bracket around a quoted name is never closed"),
        (r#"labels["a.b"]c=x"#, "`.`, `[` or `=` must follow"),
        ("labels[a.b]=x", "in brackets stands a number, or a name in quotes"),
        (r"labels.a\", "a backslash in the path has nothing behind it"),
        (r"labels.a\=x", "`--set` takes a path and a value"),
        ("labels.=x", "a name is missing in the path"),
    ] {
        let error = load(&[wrong]).unwrap_err();
        let flat = error.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(message), "{wrong}: {error}");
        assert!(flat.contains(r#"labels["a.b/c"]=x"#), "{wrong}: {error}");
    }
}

#[test]
fn a_text_is_what_was_given_byte_for_byte() {
    for text in [
        "a #c", "#c", "&a b", "*a", "!x", "|", "> x", "{", "{a: b}", "\"q\"", "'q'", "", " ",
        " a ", "null", "~", "true", "0x10", "1e-3", "a\nb", "a: b", "- a", "-1", "%x", "@x", "`x`",
        "a\\tb", "[x",
    ] {
        let argument = format!("args.x={text}");
        match load(&[&argument]) {
            Ok(job) => assert_eq!(job.args.to_argv()[1], format!("--x={text}")),
            Err(error) => assert!(matches!(text, "null" | "~"), "{text}: {error}"),
        }
        let job = load(&[&format!("env[0].value={text}")]).unwrap();
        assert_eq!(job.env[0].value.as_deref(), Some(text));
        let job = load(&[&format!("command[1]={text}")]).unwrap();
        assert_eq!(job.command.unwrap()[1], text);
    }
    assert_eq!(load(&["labels.x=true"]).unwrap().labels["x"], "true");
    assert_eq!(load(&["labels.x=1.0"]).unwrap().labels["x"], "1.0");
    assert_eq!(load(&["cpu=1500m"]).unwrap().cpu.unwrap().to_string(), "1500m");
    assert_eq!(load(&["image=a:1 #x"]).unwrap().image.unwrap(), "a:1 #x");
    assert!(load(&["name="]).unwrap_err().contains("bad-name"));
    let output = load(&["output={run}/x"]).unwrap().output.unwrap();
    assert_eq!(output.place().as_str(), "{run}/x");
    let output = load(&["output={uri: s3://b/x, mode: sync}"]).unwrap().output.unwrap();
    assert_eq!(output.place().as_str(), "s3://b/x");
}

#[test]
fn what_could_be_two_things_or_would_be_lost_is_refused() {
    let cases = [
        "args.x=[1, 2]",
        "args.x=null",
        "args={a: b} #c",
        "command=[a, &b c]",
        "command=",
        "roles.worker.replicas=",
        "podPatch.spec.hostname=a #c",
        "podPatch.spec.hostname=&a b",
        "podPatch.spec.hostname=",
        "podPatch.spec.hostname=a\nb",
    ];
    for case in cases {
        let error = load(&[case]).unwrap_err();
        assert!(error.contains("error[bad-set]"), "{case}: {error}");
        assert!(error.contains("--set:1:"), "{case}: {error}");
    }
    let job = load(&["podPatch.spec.hostname=\"a #c\"", "podPatch.spec.hostNetwork=true"]).unwrap();
    let spec = &job.pod_patch["spec"];
    assert_eq!((&spec["hostname"], &spec["hostNetwork"]), (&"a #c".into(), &true.into()));
    let job = load(&[
        "podPatch.spec.containers[0].name=main",
        "podPatch.spec.containers[0].env[0].name=A",
        "podPatch.spec.containers[0].env[0].value=1 #c",
    ]);
    let job = job.unwrap();
    assert_eq!(job.pod_patch["spec"]["containers"][0]["env"][0]["value"], "1 #c");
    let job = load(&["args={a: \"[1]\", b: null, c: [x, y]}"]).unwrap();
    assert_eq!(job.args.to_argv(), ["--a=[1]", "--b", "--c=x", "--c=y"]);
}

#[test]
fn what_a_change_replaces_stays_hidden() {
    let file = "jobSpec:\n  workerPoolSpecs:\n  - machineSpec: {machineType: n1-standard-4}\n    \
                replicaCount: 1\n    containerSpec:\n      imageUri: a:1\n      env: [{name: A_KEY, value: \
                hunter2-x}]\n";
    let set = "jobSpec.workerPoolSpecs[0].containerSpec.env[0].value=other #x";
    let options = LoadOptions { set: vec![set.into()], ..LoadOptions::default() };
    let loaded = spec::load(&[Source::new("job.yaml", file)], &options).unwrap();
    let Document::TrainJob(job) = &loaded.documents[0] else { panic!("a TrainJob") };
    assert_eq!(job.spec.env[0].value.as_deref(), Some("other #x"));
    let told = loaded.warnings.render(RenderOptions::default());
    assert!(told.contains("A_KEY") && !told.contains("hunter2-x"), "{told}");
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
