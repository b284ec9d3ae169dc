//! Studies whose trial is in a file of its own, and what verbs that run something else say of them.

use std::fmt::Write as _;

use mlctl::spec::{self, Document, LoadOptions, RenderOptions, Source, SpecFiles};

use crate::support::{Sandbox, stderr, stdout};

const STUDY: &str = "apiVersion: mlctl.dev/v1\nkind: TuneJob\nname: search\nmetrics: [{name: loss, \
                     goal: minimize}]\nparameters: {lr: {double: [0.1, 0.2]}}\ntrial: {file: FILE}\n";

const FILES: &[(&str, &str)] = &[
    (
        "train.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: train\ncommand: [python, train.py]\n\
         args: [--lr=3, \"--rate=${params.lr}\"]\nenv: [{name: A, value: \"${params.lr}\"}]\n",
    ),
    ("fixed.yaml", "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: t\ncommand: [x, --lr, '3']\n"),
    (
        "wrong.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: T\ncommand: [x, \"${params.rate}\"]\n\
         env: [{name: A, value: \"${params.lr}${B}\"}]\n",
    ),
    ("empty.yaml", "# nothing\n"),
    ("broken.yaml", "a: [\n"),
    ("two.yaml", "kind: TrainJob\n---\nkind: TrainJob\n"),
    (
        "study.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TuneJob\nname: a\nmetrics: []\nparameters: {}\ntrial: {}\n",
    ),
    (
        "vertex.yaml",
        "workerPoolSpecs: {machineSpec: {machineType: n1-standard-4}, containerSpec: {imageUri: \
         gcr.io/a/b, args: [--lr=1]}}\n",
    ),
];

fn read(path: &str) -> Result<Source, String> {
    let file = FILES.iter().find(|(name, _)| *name == path);
    file.map(|(name, text)| Source::new(*name, *text)).ok_or(format!("{path} does not exist"))
}

#[test]
fn a_trial_is_checked_in_its_own_file() {
    let mut out = String::new();
    for name in FILES.iter().map(|(name, _)| *name).chain(["none.yaml"]) {
        let options = LoadOptions { files: SpecFiles::by(read), ..LoadOptions::default() };
        let source = Source::new("tune.yaml", STUDY.replace("FILE", name));
        writeln!(out, "==== {name}").unwrap();
        let findings = match spec::load(&[source], &options) {
            Err(findings) => findings,
            Ok(loaded) => {
                let Document::TuneJob(study) = &loaded.documents[0] else { panic!("a study") };
                let trial = study.spec.trial.job().expect("it was read");
                writeln!(out, "{}", spec::to_yaml(trial).unwrap()).unwrap();
                loaded.warnings
            }
        };
        out.push_str(&findings.render(RenderOptions::default()));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn who_reads_no_files_says_nothing_of_them() {
    let source = Source::new("tune.yaml", STUDY.replace("FILE", "none.yaml"));
    let loaded = spec::load(&[source], &LoadOptions::default()).unwrap();
    let Document::TuneJob(study) = &loaded.documents[0] else { panic!("a study") };
    assert!(study.spec.trial.job().is_none());
}

#[test]
fn verbs_on_a_study() {
    let sandbox = Sandbox::new();
    sandbox.write("jobs/tune.yaml", &STUDY.replace("FILE", "../train/train.yaml"));
    sandbox.write("train/train.yaml", FILES[1].1);
    let mut out = String::new();
    for (code, args) in [
        (0, &["validate", "jobs/tune.yaml"][..]),
        (0, &["convert", "jobs/tune.yaml"]),
        (2, &["train", "jobs/tune.yaml"]),
        (2, &["render", "jobs/tune.yaml"]),
        (2, &["batch-predict", "jobs/tune.yaml"]),
        (0, &["explain", "TuneJob.earlyStopping.reductionFactor"]),
    ] {
        let output = sandbox.run(code, args.iter().copied());
        writeln!(out, "$ mlctl {}\n{}{}", args.join(" "), stdout(&output), stderr(&output))
            .unwrap();
    }
    insta::assert_snapshot!(out);
}

/// A cloned study must not show its reader's own files in errors.
#[test]
fn a_study_names_no_files_of_its_reader() {
    let sandbox = Sandbox::new();
    let secret = "machine example login me password hunter2-and-more\n";
    for name in ["../home/netrc", "../home/.docker/config.json", "../home/.kube/config.yaml"] {
        let file = sandbox.write(name, secret);
        for named in [name.to_owned(), file.display().to_string()] {
            sandbox.write("tune.yaml", &STUDY.replace("FILE", &named));
            let said = stderr(&sandbox.run(3, ["validate", "tune.yaml"]));
            assert!(said.contains("trial-file") && !said.contains("hunter2"), "{said}");
        }
    }
    let linked = sandbox.dir().join("linked.yaml");
    std::os::unix::fs::symlink(sandbox.home().join("netrc"), linked).unwrap();
    sandbox.write("tune.yaml", &STUDY.replace("FILE", "linked.yaml"));
    let said = stderr(&sandbox.run(3, ["validate", "tune.yaml"]));
    assert!(said.contains("trial-file") && !said.contains("hunter2"), "{said}");
}
