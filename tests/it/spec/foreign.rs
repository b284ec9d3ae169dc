//! Files of other systems on the command line: what they become, and which system somebody names.

use std::fmt::Write as _;

use crate::support::{Sandbox, both, repository, stderr, stdout};

const JOB: &str = "apiVersion: kubeflow.org/v1\nkind: PyTorchJob\nmetadata: {name: meeting, namespace: research}\n\
                   spec:\n  nprocPerNode: \"2\"\n  runPolicy: {cleanPodPolicy: None}\n  pytorchReplicaSpecs:\n    \
                   Worker:\n      replicas: 2\n      template:\n        spec:\n          containers:\n          - \
                   {name: pytorch, image: busybox, command: [sh, -c, 'echo $$ ${RANK} $RANK $(RANK)']}\n";

#[test]
fn verbs_on_a_file_of_another_system() {
    let sandbox = Sandbox::new();
    sandbox.write("job.yaml", JOB);
    let mut out = String::new();
    for (code, args) in [
        (0, &["convert", "job.yaml"][..]),
        (0, &["convert", "job.yaml", "--name", "other", "-o", "json", "-q"]),
        (0, &["convert", "job.yaml", "--from", "kubeflow", "-q"]),
        (3, &["convert", "job.yaml", "--from", "katib"]),
        (2, &["convert", "job.yaml", "--from", "slurmm"]),
        (0, &["explain", "--from", "kubeflow", "nprocPerNode"]),
        (0, &["explain", "--from", "kubeflow", "runPolicy.backoffLimit", "-o", "json"]),
        (4, &["explain", "--from", "kubeflow", "nprocPerNod"]),
        (4, &["explain", "--from", "kubeflow", "nothing"]),
    ] {
        let output = sandbox.run(code, args.iter().copied());
        writeln!(out, "$ mlctl {}\n{}{}", args.join(" "), stdout(&output), stderr(&output))
            .unwrap();
    }
    insta::assert_snapshot!(out);
}

/// What is converted is what runs: scripts byte for byte, and the file that `convert` prints does the same.
#[test]
fn a_converted_file_runs_as_the_file_itself() {
    let sandbox = Sandbox::new();
    sandbox.write("job.yaml", JOB);
    let printed = |sandbox: &Sandbox, file: &str| {
        let text = both(&sandbox.run(0, ["train", file, "-q"]));
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let own = printed(&sandbox, "job.yaml");
    // Two dollars are one in an argument, as in Kubernetes, and the shell has the rest.
    assert_eq!(own, ["worker-0 | $ 0 0 0", "worker-1 | $ 1 1 1"]);
    let converted = stdout(&sandbox.run(0, ["convert", "job.yaml", "-q"]));
    sandbox.write("mlctl.yaml", &converted);
    assert_eq!(printed(&sandbox, "mlctl.yaml"), own);
}

#[test]
fn every_system_explains_its_fields_in_eighty_columns() {
    let sandbox = Sandbox::new();
    for system in mlctl::spec::system_names() {
        let text = stdout(&sandbox.run(0, ["explain", "--from", system]));
        let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{system}: {long:#?}");
        assert!(text.lines().count() > 3, "{system}: {text}");
    }
}

/// The examples of other systems' files, as each of their people would start them.
#[test]
fn examples_of_other_systems_run() {
    let sandbox = Sandbox::new();
    sandbox.example("imports");
    let files = fs_err::read_dir(repository().join("examples/imports")).unwrap();
    let mut names: Vec<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names.retain(|name| name.ends_with(".yaml") || name.ends_with(".yml"));
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        let text = both(&sandbox.run(0, ["train", &format!("imports/{name}")]));
        assert!(text.contains("127.0.0.1"), "{name}:\n{text}");
    }
}
