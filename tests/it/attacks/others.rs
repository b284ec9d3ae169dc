//! Other users of the machine: what they can write is not taken for this user's own.

use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::support::{Sandbox, skip, stderr, stdout};

/// The other user; nobody's number on most machines.
const OTHER: u32 = 65534;

const JOB: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: job
command: ['true']
";

/// A sandbox that other users can look into, as into most homes.
pub(super) fn open() -> Sandbox {
    let sandbox = Sandbox::new();
    mode(sandbox.home().parent().unwrap(), 0o755);
    sandbox.write("mlctl.yaml", JOB);
    sandbox
}

pub(super) fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip("only root can make files of another user");
    }
    root
}

pub(super) fn mode(path: &Path, mode: u32) {
    fs_err::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

pub(super) fn give(path: &Path) {
    lchown(path, Some(OTHER), Some(OTHER)).unwrap();
}

pub(super) fn put(path: &Path, text: &str) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, text).unwrap();
}

pub(super) fn settings(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join(".config/mlctl/config.yaml")
}

/// Runs mlctl, which must not wait for anything.
pub(super) fn quick(sandbox: &Sandbox, args: &[&str]) -> Output {
    let begin = Instant::now();
    let output = sandbox.mlctl(args).output().unwrap();
    assert!(begin.elapsed() < Duration::from_secs(15), "{args:?} waits");
    output
}

#[track_caller]
pub(super) fn refused(what: &str, output: &Output, reason: &str) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(5), "{what}: {}{said}", stdout(output));
    assert!(said.contains(reason) && said.contains("hint:"), "{what}: {said}");
}

#[test]
fn settings_that_others_can_write_are_refused() {
    if !is_root() {
        return;
    }
    type Make<'a> = &'a dyn Fn(&Sandbox);
    let owner = "belongs to user 65534, and this is user 0";
    let written = "can be written by others";
    let bad: [(&str, &str, Make<'_>); 8] = [
        ("the file", owner, &|it| give(&settings(it))),
        ("its folder", owner, &|it| give(settings(it).parent().unwrap())),
        ("the folder above", owner, &|it| give(&it.home().join(".config"))),
        ("the file's mode", written, &|it| mode(&settings(it), 0o666)),
        ("its group's mode", written, &|it| {
            lchown(settings(it), None, Some(OTHER)).unwrap();
            mode(&settings(it), 0o664);
        }),
        ("the folder's mode", written, &|it| mode(&it.home().join(".config"), 0o777)),
        ("a link of theirs", owner, &|it| {
            // Folder and file are this user's own, but not where they should be.
            fs_err::rename(it.home().join(".config"), it.dir().join("clone")).unwrap();
            symlink(it.dir().join("clone"), it.home().join(".config")).unwrap();
            give(&it.home().join(".config"));
        }),
        ("a folder of theirs behind a link", owner, &|it| {
            let there = it.dir().join("theirs");
            put(&there.join("config.yaml"), "");
            give(&there);
            fs_err::remove_file(settings(it)).unwrap();
            symlink(there.join("config.yaml"), settings(it)).unwrap();
        }),
    ];
    for (what, reason, make) in bad {
        let sandbox = open();
        put(&settings(&sandbox), "runnerImage: evil.example/mlctl:1\n");
        make(&sandbox);
        refused(what, &quick(&sandbox, &["render"]), reason);
        refused(what, &quick(&sandbox, &["list"]), reason);
    }
    let good: [(&str, Make<'_>); 6] = [
        ("readable by all", &|it| mode(&settings(it), 0o644)),
        ("its private group's", &|it| mode(&settings(it), 0o664)),
        ("out of reach", &|it| {
            mode(&settings(it), 0o666);
            mode(&it.home(), 0o700);
        }),
        ("a link of one's own", &|it| {
            let there = it.home().join("dotfiles/mlctl.yaml");
            fs_err::create_dir_all(there.parent().unwrap()).unwrap();
            fs_err::rename(settings(it), &there).unwrap();
            symlink("../../dotfiles/mlctl.yaml", settings(it)).unwrap();
        }),
        ("below a sticky folder", &|it| mode(&it.home(), 0o1777)),
        ("none at all in a folder of theirs", &|it| {
            fs_err::remove_file(settings(it)).unwrap();
            give(settings(it).parent().unwrap());
        }),
    ];
    for (what, make) in good {
        let sandbox = open();
        put(&settings(&sandbox), "keep: 1d\n");
        make(&sandbox);
        let output = quick(&sandbox, &["validate"]);
        assert_eq!(output.status.code(), Some(0), "{what}: {}", stderr(&output));
    }
}

#[test]
fn prices_and_secrets_that_others_can_write_are_refused() {
    if !is_root() {
        return;
    }
    let sandbox = open();
    let dir = settings(&sandbox).parent().unwrap().to_owned();
    put(&settings(&sandbox), "prices: prices.yaml\nsecretsFile: keys.yaml\n");
    let prices = stdout(&quick(&sandbox, &["cost", "--template", "gcp"]));
    for (name, text) in [("prices.yaml", prices.as_str()), ("keys.yaml", "token: {key: theirs}\n")]
    {
        put(&dir.join(name), text);
        mode(&dir.join(name), 0o600);
    }
    let spec = "env: [{name: T, valueFrom: {secretKeyRef: {name: token, key: key}}}]\n";
    sandbox.write("mlctl.yaml", &format!("{JOB}{spec}"));
    assert_eq!(quick(&sandbox, &["train", "--dry-run"]).status.code(), Some(0));
    give(&dir.join("keys.yaml"));
    refused("secrets", &quick(&sandbox, &["train", "--dry-run"]), "belongs to user 65534");
    lchown(dir.join("keys.yaml"), Some(0), Some(0)).unwrap();
    give(&dir.join("prices.yaml"));
    let priced = format!("{JOB}maxCost: 5\nimage: a.example/b:1\n");
    sandbox.write("mlctl.yaml", &priced);
    let output = sandbox.mlctl(["render"]).env("MLCTL_RUNNER_IMAGE", "a.example/m:1").output();
    refused("prices", &output.unwrap(), "belongs to user 65534");
}

/// Without HOME the home is the one of `/etc/passwd`; without either there is none, and never /tmp.
#[test]
fn without_a_home_nothing_of_tmp_is_taken() {
    let sandbox = open();
    let path = |command: &mut Command| {
        let output = command.env_remove("HOME").output().unwrap();
        (output.status.code(), stdout(&output), stderr(&output))
    };
    let users = fs_err::read_to_string("/etc/passwd").unwrap();
    let me = rustix::process::geteuid().as_raw().to_string();
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let home = fields.filter(|fields| fields.get(2) == Some(&&*me)).find_map(|f| f.get(5).copied());
    let config = sandbox.dir().join("config");
    let mut command = sandbox.mlctl(["state", "path"]);
    let (code, out, err) = path(command.env("XDG_CONFIG_HOME", &config));
    match home {
        Some(home) => assert_eq!(out.trim(), format!("{home}/.local/state/mlctl")),
        None => assert!(code == Some(2) && err.contains("has no home folder"), "{err}"),
    }
    // A relative one means the folder that mlctl is called in.
    sandbox.write(".config/mlctl/config.yaml", "runnerImage: evil.example/mlctl:1\n");
    sandbox.write("mlctl/config.yaml", "runnerImage: evil.example/mlctl:1\n");
    for (name, value) in [("HOME", "."), ("XDG_STATE_HOME", "."), ("XDG_STATE_HOME", "")] {
        let mut command = sandbox.mlctl(["state", "path"]);
        let output = command.env("XDG_CONFIG_HOME", &config).env(name, value).output().unwrap();
        assert!(stdout(&output).starts_with('/'), "{name}={value}: {}", stdout(&output));
        assert!(!stdout(&output).contains("/./"), "{name}={value}: {}", stdout(&output));
    }
    let mut command = sandbox.mlctl(["render", "--set", "image=a"]);
    let output = command.env("XDG_CONFIG_HOME", ".").output().unwrap();
    assert!(stderr(&output).contains("no setting `runnerImage`"), "{}", stderr(&output));
    if !is_root() {
        return;
    }
    // A user of whom the machine knows nothing but a number, as in many containers.
    mode(&sandbox.home(), 0o755);
    let nobody = |args: &[&str]| {
        let mut command = sandbox.mlctl(args);
        command.uid(54_321).gid(54_321);
        path(&mut command)
    };
    for args in [&["state", "path"][..], &["list"], &["train", "--detach"]] {
        let (code, _, err) = nobody(args);
        assert!(code == Some(2) && err.contains("has no home folder"), "{args:?}: {err}");
        assert!(err.contains("hint: set HOME"), "{err}");
    }
    for args in [&["validate"][..], &["--help"], &["explain", "TrainJob"], &["schema"]] {
        let (code, _, err) = nobody(args);
        assert_eq!(code, Some(0), "{args:?}: {err}");
    }
}

/// A HOME that is no place for this user: what the machine's list of users says is used, else the
/// variable to set is named.
#[test]
fn a_home_that_cannot_be_written_to_is_replaced_or_named() {
    if !is_root() {
        return;
    }
    let sandbox = open();
    mode(&sandbox.home(), 0o755);
    for home in ["/", "/nonexistent/deep", "/proc"] {
        let mut command = sandbox.mlctl(["train", "--detach"]);
        command.uid(54_321).gid(54_321).env("HOME", home).env_remove("XDG_CACHE_HOME");
        let output = command.output().unwrap();
        let said = stderr(&output);
        assert_ne!(output.status.code(), Some(0), "{home}: {said}");
        assert!(said.contains("hint: set HOME, or XDG_"), "{home}: {said}");
    }
    for variable in ["XDG_STATE_HOME", "XDG_CONFIG_HOME"] {
        let theirs = sandbox.dir().join(variable);
        fs_err::create_dir(&theirs).unwrap();
        mode(&theirs, 0o700);
        let own = sandbox.dir().join("own");
        let _ = fs_err::create_dir(&own);
        lchown(&own, Some(54_321), Some(54_321)).unwrap();
        let mut command = sandbox.mlctl(["train", "--detach"]);
        command.uid(54_321).gid(54_321).env("HOME", &own).env(variable, &theirs);
        let output = command.output().unwrap();
        let said = stderr(&output);
        assert_ne!(output.status.code(), Some(0), "{variable}: {said}");
        assert!(said.contains(&format!("hint: set {variable} to")), "{variable}: {said}");
    }
    // A user that the machine knows: the home there is taken where it can be written to.
    let own = sandbox.dir().join("users-own");
    fs_err::create_dir(&own).unwrap();
    lchown(&own, Some(1), Some(1)).unwrap();
    let mut command = Command::new("unshare");
    let script = "home=$(getent passwd 1 | cut -d: -f6); mount --bind \"$1\" \"$home\" && \
                  exec setpriv --reuid=1 --regid=1 --clear-groups env -u XDG_CACHE_HOME HOME=/ \"$2\" state path";
    let program = env!("CARGO_BIN_EXE_mlctl");
    command.args(["--mount", "sh", "-c", script, "-"]).arg(&own).arg(program);
    let output = command.current_dir("/").output().unwrap();
    let said = stderr(&output);
    assert!(said.contains("HOME names /, which this user can't write to"), "{said}");
    assert!(!stdout(&output).starts_with("/.local"), "{}", stdout(&output));
}

/// What lies in the cache of Python environments is run.
#[test]
fn an_environment_of_somebody_else_is_not_used() {
    if !is_root() {
        return;
    }
    let sandbox = open();
    let cache = sandbox.home().join("cache");
    fs_err::create_dir_all(cache.join("mlctl/venvs")).unwrap();
    sandbox.write("mlctl.yaml", &format!("{JOB}setup: {{python: {{}}}}\n"));
    for theirs in [cache.clone(), cache.join("mlctl"), cache.join("mlctl/venvs")] {
        give(&theirs);
        let mut command = sandbox.mlctl(["train"]);
        let output = command.env("XDG_CACHE_HOME", &cache).output().unwrap();
        let said = stderr(&output);
        assert_ne!(output.status.code(), Some(0), "{said}");
        assert!(said.contains("belongs to user 65534"), "{said}");
        lchown(&theirs, Some(0), Some(0)).unwrap();
    }
    give(&cache);
    let mut command = sandbox.mlctl(["cleanup", "--dry-run"]);
    let output = command.env("XDG_CACHE_HOME", &cache).output().unwrap();
    refused("cleanup", &output, "belongs to user 65534");
}
