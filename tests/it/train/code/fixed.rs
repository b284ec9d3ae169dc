//! Code stays as it was when it was submitted, for as long as it is needed.

use std::os::unix::fs::{FileExt, symlink};
use std::path::Path;
use std::time::Duration;

use serde_json::Value as Json;

use super::support::{files, spec, status};
use crate::support::{Sandbox, kill, stdout, wait_for};

const END: Duration = Duration::from_secs(60);

fn digest(sandbox: &Sandbox) -> String {
    let status = status(sandbox);
    status["record"]["code"]["sha256"].as_str().expect("a hash").to_owned()
}

/// A file that the command waits for, in the sandbox's home.
fn gate(sandbox: &Sandbox, name: &str) -> String {
    sandbox.home().join(name).display().to_string()
}

#[test]
fn a_restart_runs_the_code_that_was_submitted() {
    let sandbox = Sandbox::new();
    let (up, go) = (gate(&sandbox, "up"), gate(&sandbox, "go"));
    sandbox.write("p/lib/words.txt", "as submitted");
    let script = format!(
        "echo $MLCTL_ATTEMPT: $(cat lib/words.txt); [ $MLCTL_ATTEMPT = 3 ] && exit 0; \
         touch {up}.$MLCTL_ATTEMPT; until [ -e {go}.$MLCTL_ATTEMPT ]; do sleep 0.05; done; exit 1"
    );
    spec(
        &sandbox,
        &format!(
            "code: .\nretries: {{userError: 2}}\nroles: {{worker: {{replicas: 2}}}}\n\
             command: [sh, -c, {script:?}]\n"
        ),
    );
    sandbox.run(0, ["train", "p", "--detach"]);
    let before = digest(&sandbox);
    let up_in = |attempt: u32| Path::new(&format!("{up}.{attempt}")).exists();
    wait_for("the first attempt", END, || up_in(1));
    // In place and by another file: both kinds of editors.
    let words = sandbox.dir().join("p/lib/words.txt");
    fs_err::OpenOptions::new()
        .write(true)
        .open(&words)
        .expect("file")
        .file()
        .write_all_at(b"EDITED", 0)
        .expect("edit");
    fs_err::write(format!("{go}.1"), "").expect("go");
    wait_for("the second attempt", END, || up_in(2));
    fs_err::remove_dir_all(sandbox.dir().join("p")).expect("removed");
    fs_err::write(format!("{go}.2"), "").expect("go");
    sandbox.run(0, ["wait"]);
    let logs = stdout(&sandbox.run(0, ["logs"]));
    for attempt in 1..4 {
        assert_eq!(logs.matches(&format!("{attempt}: as submitted")).count(), 2, "{logs}");
    }
    assert_eq!(digest(&sandbox), before);
    sandbox.wait_until_empty(END);
}

#[test]
fn the_same_code_has_the_same_hash_whatever_the_folder_and_the_runtime() {
    let sandbox = Sandbox::new();
    fs_err::create_dir_all(sandbox.home().join(".config/mlctl")).expect("folder");
    fs_err::write(
        sandbox.home().join(".config/mlctl/config.yaml"),
        "runnerImage: registry.example/mlctl:1\nrunnerArchitectures: [amd64]\n",
    )
    .expect("settings");
    spec(&sandbox, "image: a\ncode: src\ncommand: ['true']\n");
    for name in ["a.py", "lib/b.py"] {
        sandbox.write(&format!("p/src/{name}"), "print()");
    }
    symlink("lib", sandbox.dir().join("p/src/other")).expect("link");
    sandbox.run(0, ["train", "p"]);
    let here = digest(&sandbox);
    // Somewhere else, with what doesn't travel beside it.
    fs_err::rename(sandbox.dir().join("p"), sandbox.dir().join("q")).expect("renamed");
    sandbox.write("q/src/.git/HEAD", "x");
    sandbox.write("q/src/.git/info/exclude", "*.bin\n");
    sandbox.write("q/src/lib/ignored.bin", "x");
    sandbox.write("q/src/.env", "x");
    let set = ["--set", "output=pvc://out"];
    let rendered = stdout(&sandbox.run(0, [&["render", "q"][..], &set].concat()));
    assert!(rendered.contains(&here), "{here} is in no object of the cluster:\n{rendered}");
    sandbox.write("q/src/a.py", "print(1)");
    let rendered = stdout(&sandbox.run(0, [&["render", "q"][..], &set].concat()));
    assert!(!rendered.contains(&here));
}

/// Files that stay behind for what is in them, and a spec whose secrets are masked.
#[test]
fn a_dry_run_counts_what_a_run_takes_along() {
    let sandbox = Sandbox::new();
    spec(
        &sandbox,
        "code: .\nenv: [{name: API_TOKEN, value: abcdefgh12345678}]\ncommand: ['true']\n",
    );
    sandbox.write("p/a.py", "print()");
    let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n";
    sandbox.write("p/id.pem", key);
    sandbox.write("p/secret.yaml", "kind: Secret\napiVersion: v1\nstringData: {a: b}\n");
    let dry = stdout(&sandbox.run(0, ["train", "p", "--dry-run", "-o", "json"]));
    let dry: Json = serde_json::from_str(&dry).expect("JSON");
    sandbox.run(0, ["train", "p"]);
    let code = &status(&sandbox)["record"]["code"];
    assert_eq!(code["files"], 2, "{code}");
    for field in ["files", "bytes"] {
        assert_eq!(dry["codeFiles"][field], code[field], "{field}: {dry}");
    }
}

/// Killed while the copy of the code is made: the next command finds no run and removes what is left.
#[test]
fn a_submission_that_is_killed_leaves_nothing_half() {
    let sandbox = Sandbox::new();
    spec(&sandbox, "code: .\ncommand: ['true']\n");
    for at in 0..4000 {
        sandbox.write(&format!("p/lib/{at}.py"), "x");
    }
    let new = sandbox.state().join("new");
    let mut caught = false;
    for _ in 0..20 {
        let mut child = sandbox
            .mlctl(["train", "p", "--detach"])
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("mlctl");
        let copying = || {
            let mut all = new.read_dir().into_iter().flatten().flatten();
            all.any(|one| one.path().join("code/lib/0.py").exists())
        };
        while child.try_wait().expect("child").is_none() && !copying() {
            std::thread::sleep(Duration::from_millis(1));
        }
        caught = copying();
        kill(i32::try_from(child.id()).expect("pid"));
        child.wait().expect("ended");
        if caught {
            break;
        }
    }
    assert!(caught, "never killed while the code was copied");
    sandbox.run(0, ["list"]);
    assert_eq!(files(&new), [""; 0]);
    let checked = stdout(&sandbox.run(0, ["state", "check"]));
    assert!(checked.contains("0 runs, 0 problems"), "{checked}");
    sandbox.run(0, ["train", "p"]);
}

#[test]
fn working_folders_of_ended_runs_go_and_all_else_stays() {
    let sandbox = Sandbox::new();
    sandbox.write("p/a.py", "");
    spec(
        &sandbox,
        "code: .\ncommand: [sh, -c, 'echo said; mkdir -p $AIP_MODEL_DIR; echo w > $AIP_MODEL_DIR/w']\n",
    );
    sandbox.run(0, ["train", "p"]);
    sandbox.wait_until_empty(END);
    let run = fs_err::read_dir(sandbox.state().join("runs"))
        .expect("runs")
        .next()
        .expect("run")
        .expect("run")
        .path();
    assert!(run.join("work").exists() && run.join("code/a.py").exists());
    let settings = sandbox.home().join(".config/mlctl");
    fs_err::create_dir_all(&settings).expect("folder");
    fs_err::write(settings.join("config.yaml"), "retention: {workFolders: 0s}\n")
        .expect("settings");
    // The run itself stamped the folder; a day is long.
    sandbox.run(0, ["list"]);
    assert!(!run.join("work").exists() && !run.join("code").exists());
    assert!(run.join("output/model/w").exists());
    assert!(stdout(&sandbox.run(0, ["logs"])).contains("said"));
    sandbox.run(0, ["status"]);
}
