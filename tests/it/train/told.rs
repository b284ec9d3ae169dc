//! What the local runtime does otherwise than a cluster is said.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Sandbox, stderr, stdout};

const HEAD: &str = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: told\n";

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn mounts_are_not_there() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "{HEAD}command: ['true']\nvolumes: [{{name: data, mountPath: /data, emptyDir: {{}}}}]\n\
             secrets: [{{name: key, mountPath: /run/key}}]\n"
        ),
    );
    let secrets = sandbox.write("../home/secrets.yaml", "key: {password: hunter2-and-more}\n");
    fs_err::set_permissions(secrets, PermissionsExt::from_mode(0o600)).expect("mode");
    sandbox.write(
        "../home/.config/mlctl/config.yaml",
        &format!("secretsFile: {}\n", sandbox.home().join("secrets.yaml").display()),
    );
    let said = flat(&stderr(&sandbox.run(0, ["train"])));
    assert!(
        said.contains("volumes are not mounted on this machine: the commands find at /data"),
        "{said}"
    );
    assert!(said.contains("secrets are not mounted on this machine"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn an_overrun_of_memory_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "{HEAD}memory: 32Mi\ncommand: [python3, -c, 'x = b\"x\" * (96 << 20); import time; \
             time.sleep(5); raise SystemExit(3)']\n"
        ),
    );
    sandbox.run(10, ["train"]);
    let why = flat(&stdout(&sandbox.run(0, ["why"])));
    assert!(why.contains("more than its `memory` of 32 MiB"), "{why}");
}

#[test]
fn lines_have_their_times() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        &format!("{HEAD}command: [sh, -c, 'echo early; sleep 6; echo late']\n"),
    );
    sandbox.run(0, ["train"]);
    let text = stdout(&sandbox.run(0, ["logs", "--timestamps"]));
    let time = |word: &str| -> u64 {
        let line = text.lines().find(|line| line.ends_with(word)).expect("the line");
        let clock = line.split_whitespace().next().expect("a time");
        clock.split(':').fold(0, |sum, part| sum * 60 + part.parse::<u64>().expect("digits"))
    };
    // Exact to 2 s each, and a machine under load is late; midnight may lie between.
    let apart = (time("late") + 86_400 - time("early")) % 86_400;
    assert!((2..60).contains(&apart), "{apart} s apart:\n{text}");
    let all = stdout(&sandbox.run(0, ["logs", "--since", "1h"]));
    assert!(all.contains("early") && all.contains("late"), "{all}");
    std::thread::sleep(std::time::Duration::from_secs(1));
    let none = sandbox.run(0, ["logs", "--since", "1ms"]);
    assert!(stdout(&none).is_empty(), "{}", stdout(&none));
}
