//! What only a real GPU shows: `tests/gpu/run`, which also works without Rust.

use std::process::Command;

use crate::support::{Sandbox, heavy, not_run, repository, stderr, stdout};

/// The script's exit code where it has done nothing.
const NOT_RUN: i32 = 77;

fn script(args: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.arg(repository().join("tests/gpu/run")).args(args);
    command.env("MLCTL", env!("CARGO_BIN_EXE_mlctl"));
    command
}

#[test]
fn one_gpu_shows_what_it_can() {
    let _alone = heavy();
    let output = script(&[]).output().expect("python3");
    if output.status.code() == Some(NOT_RUN) {
        not_run("no NVIDIA GPU (tests/gpu/run)");
        return;
    }
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn without_a_gpu_the_script_says_what_it_would_do() {
    let listed = stdout(&script(&["--list"]).output().expect("python3"));
    let checks: Vec<&str> = listed.lines().skip(1).collect();
    assert!(checks.len() > 10, "{listed}");
    let sandbox = Sandbox::new();
    let bin = sandbox.dir().join("bin");
    fs_err::create_dir_all(&bin).expect("bin");
    // nvidia-smi may lie beside the interpreter.
    let which = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let python = stdout(&which.expect("python3")).trim().to_owned();
    let mut without = Command::new(python);
    without.arg(repository().join("tests/gpu/run")).env("MLCTL", env!("CARGO_BIN_EXE_mlctl"));
    let output = without.env("PATH", &bin).output().expect("python3");
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(NOT_RUN), "{said}");
    assert!(said.starts_with("not run: no NVIDIA GPU here"), "{said}");
    assert!(checks.iter().all(|check| said.contains(check)), "{said}");
}
