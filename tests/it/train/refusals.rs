//! What this machine can't do is refused before anything starts.

use crate::support::{Sandbox, stderr, stdout};

const SPEC: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: small
command: ['true']
";

#[track_caller]
fn refused(sandbox: &Sandbox, args: &[&str], env: &[(&str, &str)], why: &str) {
    let output = sandbox.mlctl(args).envs(env.iter().copied()).output().expect("mlctl");
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(5), "{text}");
    assert!(text.contains(why) && !text.contains("submitted"), "{why} in:\n{text}");
    assert!(sandbox.processes().is_empty());
}

#[test]
fn an_output_among_mlctls_own_records() {
    let sandbox = Sandbox::new();
    sandbox.write("mlctl.yaml", SPEC);
    sandbox.run(0, ["train"]);
    let run = stdout(&sandbox.run(0, ["list", "--quiet"]));
    let state = sandbox.state();
    let link = sandbox.dir().join("records");
    fs_err::os::unix::fs::symlink(&state, &link).expect("link");
    for output in [
        state.clone(),
        state.join("runs/mine"),
        state.join("runs").join(run.trim()).join("output"),
        link.join("not/there"),
    ] {
        let set = format!("output={}", output.display());
        refused(&sandbox, &["train", "--set", &set], &[], "in which mlctl remembers its runs");
    }
    // The folder around it is nobody's records, and the default is in it.
    let beside = format!("output={}", state.with_file_name("mine").display());
    sandbox.run(0, ["train", "--set", &beside]);
}

#[test]
fn more_variables_than_a_program_can_get() {
    let sandbox = Sandbox::new();
    let names: Vec<String> = (0..80).map(|index| format!("LARGE_{index}")).collect();
    let lines = names.iter().map(|name| format!("- {{name: {name}, value: '${{TEXT}}'}}\n"));
    sandbox.write("mlctl.yaml", &format!("{SPEC}env:\n{}", lines.collect::<String>()));
    let text = "x".repeat(100_000);
    refused(&sandbox, &["train"], &[("TEXT", &text)], "Linux gives a program ");
}
