//! What is found beside the errors of types is never a consequence of them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use mlctl::spec::{self, Code, Document, LoadOptions, Source};
use serde_json::{Map, Value as Json, json};

/// Findings of the schema: with any of these, the linter has seen only a part of the job.
const OF_TYPES: [Code; 8] = [
    Code::WrongType,
    Code::BadQuantity,
    Code::UnknownValue,
    Code::OutOfRange,
    Code::UnknownField,
    Code::MissingField,
    Code::UnsetVariable,
    Code::BadReference,
];

/// All jobs that are right: of the tests, the templates and the examples.
fn jobs() -> Vec<Json> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("tests/it/specs/right"), root.join("templates")];
    folders.push(root.join("examples"));
    let mut jobs = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                let (source, options) = super::read(&path);
                for document in spec::load(&[source], &options).unwrap().documents {
                    jobs.push(match document {
                        Document::TrainJob(job) => serde_json::to_value(&job.spec).unwrap(),
                        Document::TuneJob(job) => serde_json::to_value(&job.spec).unwrap(),
                        Document::Endpoint(one) => serde_json::to_value(&one.spec).unwrap(),
                        Document::BatchPredictJob(_) => continue,
                    });
                }
            }
        }
    }
    jobs
}

/// What is found in a job: codes with messages. JSON is YAML too.
fn findings(job: &Json) -> BTreeSet<(Code, String)> {
    // In a variable's value it is written so already.
    let text = job.to_string().replace("$${", "${").replace("${", "$${");
    let source = Source::new("spec", text);
    let found = match spec::load(&[source], &LoadOptions::default()) {
        Ok(loaded) => loaded.warnings,
        Err(findings) => findings,
    };
    found.list.into_iter().map(|finding| (finding.code, finding.message)).collect()
}

/// What is written as in a Pod is checked by the linter.
fn is_of_types((code, message): &(Code, String)) -> bool {
    OF_TYPES.contains(code) && !message.contains("Kubernetes")
}

/// Every job that differs from this one in one value or key.
fn broken(job: &Json) -> Vec<Json> {
    let mut all = Vec::new();
    match job {
        Json::Object(fields) => {
            for name in fields.keys() {
                let with = |key: &str, value: Json| {
                    let changed = fields.iter().map(|(field, old)| {
                        if field == name {
                            (key.to_owned(), value.clone())
                        } else {
                            (field.clone(), old.clone())
                        }
                    });
                    Json::Object(changed.collect::<Map<_, _>>())
                };
                let old = &fields[name];
                all.extend(broken(old).into_iter().map(|new| with(name, new)));
                // A typo that is understood, one that is not, nothing at all.
                all.push(with(&format!("{name}z"), old.clone()));
                all.push(with("q", old.clone()));
                let mut without = fields.clone();
                without.remove(name);
                all.push(Json::Object(without));
            }
        }
        Json::Array(items) => {
            for index in 0..items.len() {
                for new in broken(&items[index]) {
                    let mut items = items.clone();
                    items[index] = new;
                    all.push(Json::Array(items));
                }
            }
        }
        _ => {}
    }
    all.extend([
        json!([{"q": [[]]}]),
        json!({"q": {"q": []}}),
        json!("${"),
        json!(-1),
        json!(null),
    ]);
    all
}

#[test]
fn a_mistake_of_types_has_no_consequences() {
    let mut partly = 0;
    for job in jobs() {
        let before = findings(&job);
        for job in broken(&job) {
            let after = findings(&job);
            if !after.iter().any(is_of_types) {
                continue;
            }
            partly += 1;
            let mut more = after.difference(&before).filter(|finding| !is_of_types(finding));
            assert_eq!(more.next(), None, "{job}");
        }
    }
    assert!(partly > 1000, "only {partly}");
}

/// Whatever is said of a job with a mistake is said of the job without it.
#[test]
fn a_late_finding_is_no_other_one() {
    let job = json!({
        "apiVersion": "mlctl.dev/v1", "kind": "TrainJob", "name": "A_b", "framework": "pytorch",
        "command": ["python", "train.py"], "args": ["--lr 1", "$HOME", "/gcs/a", "--nnodes=2"],
        "labels": {"a b": "c d"}, "output": "~/x", "code": "~/y", "timeout": "0s",
        "setup": {"python": {"requirements": "/r.txt"}}, "queue": "A",
        "env": [{"name": "RANK", "value": "1"}, {"name": "A B", "value": "x"}, {"name": "TOKEN",
            "value": "x"}, {"name": "D"}, {"name": "PET_RDZV_ID", "value": "/gcs/x"}],
        "roles": {"Chief": {"replicas": 2, "command": ["python a.py"]}, "wroker": {"args":
            {"--x": "1"}}, "ps": {}},
        "volumes": [{"name": "v", "mountPath": "v", "emptyDir": {}}],
        "data": [{"uri": "gs://x", "path": "/mlctl"}], "strategy": "multiWorkerMirrored",
        "tolerations": [{"effect": "NoSchedule"}], "retries": {"userError": 1000},
        "accelerators": {"type": "abacus"},
    });
    let whole = findings(&job);
    assert!(whole.len() > 20, "{whole:#?}");
    let mut early = BTreeSet::new();
    for broken in broken(&job) {
        let part = findings(&broken);
        if part.iter().any(is_of_types) {
            let more = part.into_iter().filter(|finding| !is_of_types(finding));
            for finding in more {
                assert!(whole.contains(&finding), "{finding:?}\n{broken}");
                early.insert(finding);
            }
        }
    }
    let late: Vec<_> = whole.difference(&early).map(|(code, _)| *code).collect();
    assert_eq!(late, [Code::NoValue], "told later only");
}
