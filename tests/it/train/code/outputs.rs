//! What mlctl itself has written into a folder is no code.

use super::support::{HEAD, spec};
use crate::support::{Sandbox, both, stderr, stdout};

#[test]
fn what_runs_write_does_not_travel() {
    let sandbox = Sandbox::new();
    let write =
        "mkdir -p $AIP_MODEL_DIR && head -c 100000 /dev/zero > $AIP_MODEL_DIR/w; find . -type f";
    for (output, own) in [("./runs/{run}", "runs"), ("out", "out"), ("{run}", "code-")] {
        spec(&sandbox, &format!("code: .\noutput: {output:?}\ncommand: [sh, -c, {write:?}]\n"));
        sandbox.write("p/runs.py", "");
        for turn in 0..3 {
            sandbox.run(0, ["train", "p", "--overwrite"]);
            let logs = stdout(&sandbox.run(0, ["logs"]));
            assert!(logs.contains("./runs.py"), "{logs}");
            assert!(!logs.contains("model/w"), "{output}, run {turn}:\n{logs}");
        }
        let said = stdout(&sandbox.run(0, ["train", "p", "--dry-run", "--overwrite"]));
        let line = said.lines().find(|line| line.contains("an output of runs")).expect("a line");
        assert!(line.contains(own), "{said}");
    }
    // The same under another name of the spec: a run's output says whose it is.
    spec(&sandbox, &format!("code: .\ncommand: [sh, -c, {write:?}]\n"));
    sandbox.run(0, ["train", "p", "--set", "name=other"]);
    let logs = stdout(&sandbox.run(0, ["logs"]));
    assert!(!logs.contains("model/w"), "{logs}");
}

#[test]
fn an_output_that_is_a_link_does_not_travel() {
    let sandbox = Sandbox::new();
    sandbox.write("p/scratch/x", "");
    std::os::unix::fs::symlink("scratch", sandbox.dir().join("p/runs")).expect("link");
    spec(&sandbox, "code: .\noutput: ./runs/{run}\ncommand: [find, .]\n");
    sandbox.run(0, ["train", "p"]);
    let logs = stdout(&sandbox.run(0, ["logs"]));
    assert!(logs.contains("./mlctl.yaml"), "{logs}");
    assert!(!logs.contains("runs") && !logs.contains("scratch"), "{logs}");
}

#[test]
fn what_a_command_names_of_an_old_output_is_told_of() {
    let sandbox = Sandbox::new();
    sandbox.write("p/runs/old/w", "");
    let told = |command: &str| {
        spec(&sandbox, &format!("code: .\noutput: ./runs/{{run}}\ncommand: {command}\n"));
        let said = stderr(&sandbox.run(0, ["train", "p"]));
        said.contains("if it is read, name it in `data`")
    };
    for command in ["['true', --init=runs/old/w]", "['true', --init, runs/old]", "['true', runs]"] {
        assert!(told(command), "{command}");
    }
    assert!(!told("['true', --init=runs/new]") && !told("['true']"));
}

#[test]
fn a_state_folder_within_the_code_does_not_travel() {
    let sandbox = Sandbox::new();
    let spec = format!("{HEAD}code: .\ncommand: [sh, -c, 'find . -type f']\n");
    fs_err::write(sandbox.home().join("mlctl.yaml"), spec).expect("spec");
    for _ in 0..2 {
        let mut command = sandbox.mlctl(["train"]);
        let output = command.current_dir(sandbox.home()).output().expect("mlctl");
        assert!(output.status.success(), "{}", stderr(&output));
        let said = both(&output);
        assert!(said.contains("./mlctl.yaml") && !said.contains("run.json"), "{said}");
    }
}
