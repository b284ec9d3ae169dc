//! What a command finds in its arguments, its environment and its folder.

use std::process::Stdio;
use std::time::Duration;

use crate::support::{Sandbox, both, stderr, stdout, wait_for};

const LIMIT: Duration = Duration::from_secs(30);

fn log(sandbox: &Sandbox) -> String {
    stdout(&sandbox.run(0, ["logs", "--replica", "worker-1"]))
}

#[test]
fn references_are_replaced_by_kubernetes_rule() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: refs\nframework: pytorch\n\
         command: [sh, -c, 'printf \"<%s>\\n\" \"$@\" \"$SUB\" \"$SHELLS\"', sh, --dir=$(AIP_MODEL_DIR)]\n\
         args: ['--rdzv=$(MASTER_ADDR):$(MASTER_PORT)', 'r$(RANK)/$(WORLD_SIZE)', '$$(RANK)', '$(NOPE)',\n\
         \x20 '$(HOME)', 'pg://u:$(DB_PASSWORD)@h', '$(LATE)']\n\
         env:\n- {name: BASE, value: '/b$(LATE)'}\n- {name: SUB, value: '$(BASE)/s $$(BASE) $$'}\n\
         - {name: DB_PASSWORD, value: '${PW}'}\n- {name: LATE, value: late}\n\
         - {name: SHELLS, value: '${PW}'}\nroles: {worker: {replicas: 2}}\n",
    );
    let output = sandbox.mlctl(["train"]).env("PW", "p$$w$(BASE)x").output().expect("mlctl");
    let told = stderr(&output);
    assert!(output.status.success(), "{told}");
    let log = log(&sandbox);
    for line in [
        "/replicas/worker-1/model/>",
        "<--rdzv=127.0.0.1:",
        "<r1/2>",
        "<$(RANK)>",
        "<$(NOPE)>",
        "<$(HOME)>",
        "<pg://u:p$$w$(BASE)x@h>",
        "<late>",
        "</b$(LATE)/s $(BASE) $>",
        "<p$$w$(BASE)x>",
    ] {
        assert!(log.contains(line), "{line}: {log}");
    }
    // What names nothing is told, and nothing that is declared is.
    assert!(told.contains("nothing replaces `$(LATE)` here"), "{told}");
    assert!(!told.contains("replaces `$(RANK)`") && !told.contains("replaces `$(MASTER"), "{told}");
}

#[test]
fn pwd_is_the_commands_folder() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: pwd\nsetup: {shell: 'env | grep ^PWD='}\n\
         command: [python3, -c, 'import os; print(os.environ[\"PWD\"] == os.getcwd())']\n",
    );
    let output = sandbox.mlctl(["train"]).env("PWD", "/elsewhere").output().expect("mlctl");
    let told = both(&output);
    assert!(told.contains("True"), "{told}");
    assert!(!stdout(&sandbox.run(0, ["logs"])).contains("/elsewhere"), "{told}");
}

#[test]
fn what_runs_beside_a_command_ends_with_it() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: beside\ncommand: [sleep, '600']\n",
    );
    sandbox.run(0, ["train", "--detach"]);
    let mut exec = sandbox
        .mlctl(["exec", "--", "sh", "-c", "trap '' HUP; setsid sleep 601 & echo $! up; sleep 602"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("mlctl");
    let mut begun = String::new();
    let out = exec.stdout.take().expect("stdout");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut begun).expect("a line");
    let pid = begun.split(' ').next().expect("pid").to_owned();
    assert!(std::path::Path::new("/proc").join(&pid).exists(), "{begun}");
    sandbox.run(0, ["cancel"]);
    assert!(!exec.wait().expect("end").success());
    let gone = || !std::path::Path::new("/proc").join(&pid).join("exe").exists();
    wait_for("the end of what was started beside the command", LIMIT, gone);
    sandbox.wait_until_empty(LIMIT);
}
