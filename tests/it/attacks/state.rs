//! The state folder: what somebody else can write in it, and what lies there in place of a file.

use std::os::unix::fs::{lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::others::{give, is_root, mode, open, put, quick, refused, settings};
use crate::support::{Sandbox, stderr, stdout};

/// A state with one ended run, and another folder that must not change.
fn with_state() -> (Sandbox, PathBuf) {
    let sandbox = open();
    sandbox.run(0, ["train", "--quiet"]);
    let precious = sandbox.dir().join("precious");
    put(&precious.join("thesis"), "years of work\n");
    (sandbox, precious)
}

/// Another user's index names a folder of root's, and their settings say that what is old goes.
#[test]
fn a_state_of_somebody_else_removes_and_shows_nothing() {
    if !is_root() {
        return;
    }
    let (sandbox, precious) = with_state();
    let state = sandbox.state();
    let ups = "../".repeat(16);
    let id = format!("{ups}{}", precious.strip_prefix("/").unwrap().display());
    let line = format!(
        "{{\"id\":\"{id}\",\"name\":\"a\",\"kind\":\"TrainJob\",\"runtime\":\"local\",\"cwd\":\"/\",\
         \"user\":\"u\",\"created\":\"2020-01-01T00:00:00Z\",\"outcome\":\"succeeded\",\
         \"ended\":\"2020-01-01T00:00:01Z\"}}\n"
    );
    fs_err::write(state.join("index"), line).unwrap();
    put(&settings(&sandbox), "retention: {olderThan: 1s, models: true}\n");
    let owner = "belongs to user 65534, and this is user 0";
    for (what, path) in [
        ("the index", state.join("index")),
        ("the version", state.join("version")),
        ("the lock", state.join("lock")),
        ("the folder", state.clone()),
    ] {
        give(&path);
        for verb in
            [&["list"][..], &["cleanup", "--older-than", "1s", "--yes"], &["train", "--detach"]]
        {
            // A lock is needed to write only, and a run without an end is not there.
            if what != "the lock" || verb[0] == "train" {
                refused(what, &quick(&sandbox, verb), owner);
            }
        }
        assert!(precious.join("thesis").exists(), "{what}");
        lchown(&path, Some(0), Some(0)).unwrap();
    }
}

#[test]
fn odd_files_in_a_state_are_not_followed_or_waited_for() {
    let (sandbox, precious) = with_state();
    let state = sandbox.state();
    let run = stdout(&sandbox.run(0, ["list", "-q"])).trim().to_owned();
    let thesis = precious.join("thesis");
    let made: [&dyn Fn(&Path); 3] = [
        &|path| symlink(&thesis, path).unwrap(),
        &|path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        &|path| symlink("/dev/zero", path).unwrap(),
    ];
    let of_run = |name: &str| format!("runs/{run}/{name}");
    for name in
        ["index", "version", "lock", &of_run("run.json"), &of_run("events.jsonl"), &of_run("lock")]
    {
        let (path, aside) = (state.join(name), state.join("aside"));
        for make in made {
            fs_err::rename(&path, &aside).unwrap();
            make(&path);
            for verb in [
                &["list"][..],
                &["status", &run],
                &["train", "--detach"],
                &["cleanup", &run, "--dry-run"],
                &["cancel", &run],
            ] {
                // What uses the file says what it is; what doesn't, works.
                let output = quick(&sandbox, verb);
                let said = stderr(&output);
                let is_fine = output.status.success() || said.contains("is not a regular file");
                assert!(is_fine, "{name}: {verb:?}: {said}");
                assert_eq!(fs_err::read_to_string(&thesis).unwrap(), "years of work\n", "{name}");
            }
            fs_err::remove_file(&path).unwrap();
            fs_err::rename(&aside, &path).unwrap();
        }
    }
}

/// Root with the home of another user, as `sudo` may leave it and as CI runs containers: nothing is made
/// there, and root's own home is used.
#[test]
fn root_makes_nothing_in_the_home_of_somebody_else() {
    if !is_root() {
        return;
    }
    let sandbox = open();
    give(&sandbox.home());
    let own = sandbox.dir().join("own");
    fs_err::create_dir(&own).unwrap();
    // In a view of the files of its own, so that the home of whoever runs the tests is not touched.
    let mut command = Command::new("unshare");
    let script = "mount --bind \"$1\" \"$(getent passwd 0 | cut -d: -f6)\" && exec \"$2\" train";
    let program = env!("CARGO_BIN_EXE_mlctl");
    command.args(["--mount", "sh", "-c", script, "-"]).arg(&own).arg(program);
    command.current_dir(sandbox.dir()).env("HOME", sandbox.home());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = format!("HOME names {}, which belongs to another user", sandbox.home().display());
    assert!(stderr(&output).contains(&said), "{}", stderr(&output));
    assert_eq!(fs_err::read_dir(sandbox.home()).unwrap().count(), 0);
    assert!(own.join(".local/state/mlctl/runs").is_dir());
    // What is named by more than the home is refused.
    let mut command = sandbox.mlctl(["train", "--detach"]);
    let output = command.env("XDG_STATE_HOME", sandbox.home()).output().unwrap();
    refused("state", &output, "belongs to user 65534");
    assert_eq!(fs_err::read_dir(sandbox.home()).unwrap().count(), 0);
    assert_eq!(quick(&sandbox, &["validate"]).status.code(), Some(0));
    // A folder of one's own is found all the same.
    let own = sandbox.dir().join("state");
    let mut command = sandbox.mlctl(["train", "--quiet"]);
    let output = command.env("XDG_STATE_HOME", &own).env("XDG_CACHE_HOME", &own).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

/// Whoever comes first in a folder for all, like /tmp, does not own what another makes there later.
#[test]
fn a_folder_for_all_is_shared_by_those_who_own_their_part() {
    if !is_root() {
        return;
    }
    let sandbox = open();
    let all = sandbox.dir().join("tmp");
    fs_err::create_dir(&all).unwrap();
    mode(&all, 0o1777);
    let train = || {
        let mut command = sandbox.mlctl(["train"]);
        command.env("XDG_STATE_HOME", &all).output().unwrap()
    };
    fs_err::create_dir(all.join("mlctl")).unwrap();
    give(&all.join("mlctl"));
    refused("theirs", &train(), "belongs to user 65534");
    fs_err::remove_dir(all.join("mlctl")).unwrap();
    assert_eq!(train().status.code(), Some(0));
    mode(&all, 0o777);
    refused("not sticky", &train(), "can be written by others (mode 0777)");
}

#[test]
fn files_of_earlier_versions_are_taken_as_they_are() {
    let (sandbox, _) = with_state();
    let run = stdout(&sandbox.run(0, ["list", "-q"])).trim().to_owned();
    let mut folders = vec![sandbox.state()];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_dir = path.is_dir();
            if !path.is_symlink() {
                mode(&path, if is_dir { 0o777 } else { 0o666 });
            }
            folders.extend(is_dir.then_some(path));
        }
    }
    assert!(stdout(&sandbox.run(0, ["status"])).contains(&run));
    sandbox.run(0, ["train", "--quiet"]);
    // Once others can get in, what they could have written is not taken.
    for open in sandbox.state().ancestors().take(3) {
        mode(open, 0o755);
    }
    refused("open", &quick(&sandbox, &["list"]), "can be written by others");
}
