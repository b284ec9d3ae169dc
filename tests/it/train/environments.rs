//! Python environments on machines whose Python can't make them by itself, as on a fresh Debian.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Sandbox, both, repository, stderr, stdout};

const SPEC: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: bare
setup: {python: {noDeps: [six]}}
command: [python, -c, 'import six, sys; print(six.__name__, sys.prefix != sys.base_prefix)']
roles:
  worker: {replicas: 2}
";

/// A Python that lacks some of its modules, by what it reads when it starts. Returns a folder for
/// PYTHONPATH.
fn without(sandbox: &Sandbox, modules: &[&str]) -> PathBuf {
    let lines = modules.iter().map(|name| format!("sys.modules['{name}'] = None\n"));
    let text: String = std::iter::once("import sys\n".to_owned()).chain(lines).collect();
    sandbox.write("lacking/sitecustomize.py", &text);
    sandbox.dir().join("lacking")
}

/// The interpreter itself: what PATH has may be a script that needs more of PATH.
fn interpreter() -> String {
    let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    stdout(&asked.expect("python3")).trim().to_owned()
}

#[test]
fn pip_is_brought_where_python_has_no_ensurepip() {
    let sandbox = Sandbox::new();
    let lacking = without(&sandbox, &["ensurepip"]);
    sandbox.write("bare/mlctl.yaml", SPEC);
    let mlctl = |args: &[&str]| {
        let mut command = sandbox.mlctl(args);
        command.env("PYTHONPATH", &lacking).env("XDG_CACHE_HOME", sandbox.dir().join("cache"));
        command.output().expect("mlctl")
    };
    let output = mlctl(&["doctor", "-o", "json"]);
    assert!(stdout(&output).contains("makes environments with pip from "), "{}", stdout(&output));
    assert!(!sandbox.dir().join("cache").exists(), "looking makes nothing");
    let output = mlctl(&["train", "bare"]);
    let text = both(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(text.matches("| six True").count(), 2, "{text}");
    // From then on it needs nobody.
    let output = mlctl(&["doctor", "-o", "json"]);
    let kept = sandbox.dir().join("cache/mlctl/pip").display().to_string();
    assert!(stdout(&output).contains(&format!("with pip from {kept}/")), "{}", stdout(&output));
}

#[track_caller]
fn assert_refused(sandbox: &Sandbox, code: Option<i32>, text: &str, why: &str) {
    assert_eq!(code, Some(5), "{text}");
    assert_eq!(text.matches("can't make environments").count(), 1, "{text}");
    for expected in [why, "mend: sudo apt-get install python3-venv"] {
        assert!(text.contains(expected), "{expected} in:\n{text}");
    }
    assert!(!text.contains("submitted") && !text.contains("joined"), "{text}");
    assert!(sandbox.processes().is_empty());
    assert_eq!(stdout(&sandbox.run(0, ["list", "--quiet"])), "");
}

#[test]
fn a_python_without_venv_is_refused_once_before_anything_starts() {
    let sandbox = Sandbox::new();
    let lacking = without(&sandbox, &["venv"]);
    sandbox.write("bare/mlctl.yaml", SPEC);
    let mut command = sandbox.mlctl(["train", "bare"]);
    let output = command.env("PYTHONPATH", lacking).output().expect("mlctl");
    assert_refused(&sandbox, output.status.code(), &stderr(&output), "it lacks venv");
    // Without an environment the same Python will do.
    sandbox.run(0, ["train", "bare", "--set", "setup=null", "--set", "command=[python3, -V]"]);
}

/// Every way to pip is closed: its own, uv, an index, Debian's.
#[test]
fn a_python_that_gets_no_pip_is_refused_once_before_anything_starts() {
    let sandbox = Sandbox::new();
    let lacking = without(&sandbox, &["ensurepip", "pip"]);
    sandbox.write("bare/mlctl.yaml", SPEC);
    let bin = sandbox.dir().join("bin");
    fs_err::create_dir_all(&bin).expect("folder");
    fs_err::os::unix::fs::symlink(interpreter(), bin.join("python3")).expect("link");
    // A folder of the machine is covered, in a namespace of its own.
    let script = r#"set -eu
        wheels=/usr/share/python-wheels
        [ ! -d "$wheels" ] || mount -t tmpfs none "$wheels"
        PATH="$BIN" exec "$MLCTL" train bare"#;
    let Some(mut command) = sandbox.in_namespace(script) else { return };
    let output = command
        .env("BIN", bin)
        .env("PYTHONPATH", lacking)
        .env("XDG_CACHE_HOME", sandbox.dir().join("cache"))
        .env("PIP_CONFIG_FILE", "/dev/null")
        .env("PIP_INDEX_URL", "http://ada:secret@127.0.0.1:9/simple")
        .output()
        .expect("mlctl");
    let text = stderr(&output);
    let why = "this Python has no pip itself; uv is not in PATH; http://127.0.0.1:9/simple/pip/: ";
    assert_refused(&sandbox, output.status.code(), &text, why);
    assert!(text.contains("there is no apt-get") && !text.contains("secret"), "{text}");
}

/// The script that brings pip, against an index that wants a password and one that lies.
#[test]
fn pip_comes_from_the_index_of_the_settings() {
    let script = repository().join("tests/it/train/index.py");
    let bring = repository().join("src/agent/setup/pip.py");
    let run = |path: &Path| Command::new("python3").arg(path).arg(&bring).output();
    let output = run(&script).expect("python3");
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
}
