//! The examples on real frameworks.

use std::ffi::OsString;

use crate::support::{Sandbox, both, heavy, stderr};

/// The value that a run's log gives as `accuracy=...`.
fn accuracy(text: &str) -> f64 {
    // Lines of several replicas begin with their names.
    let own = |line: &str| line.rsplit("| ").next().is_some_and(|own| own.starts_with("accuracy="));
    let line = text.lines().rfind(|line| own(line)).unwrap_or_default();
    let value = line.rsplit("accuracy=").next().unwrap_or_default();
    value.split_whitespace().next().and_then(|value| value.parse().ok()).unwrap_or_default()
}

#[track_caller]
fn good(sandbox: &Sandbox, args: &[&str]) -> String {
    let text = both(&sandbox.run(0, args));
    assert!(accuracy(&text) >= 0.9, "accuracy in:\n{text}");
    text
}

#[test]
fn tensorflow_two_workers() {
    let _alone = heavy();
    let sandbox = Sandbox::new();
    sandbox.example("digits");
    good(&sandbox, &["train", "digits", "--set", "output=out"]);
    assert!(sandbox.dir().join("digits/out/model/saved_model.pb").exists());
}

#[test]
fn tensorflow_one_process() {
    let _alone = heavy();
    let sandbox = Sandbox::new();
    sandbox.example("digits");
    good(&sandbox, &["train", "digits/single.yaml"]);
}

#[test]
fn tensorflow_parameter_servers() {
    let _alone = heavy();
    let sandbox = Sandbox::new();
    sandbox.example("digits");
    let text = good(&sandbox, &["train", "digits/parameter-server.yaml"]);
    assert!(text.contains("evaluator-0 |"), "{text}");
}

/// The strategies that no example covers, and scikit-learn, as `init` writes them.
#[test]
fn templates_train() {
    let _alone = heavy();
    for (args, set) in [
        (&["init", "tensorflow", "--strategy", "mirrored"][..], "args.epochs=3"),
        (&["init", "tensorflow", "--strategy", "centralStorage"], "args.epochs=3"),
        (&["init", "sklearn"], "args.c=5"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.run(0, args);
        good(&sandbox, &["train", "--set", set]);
    }
}

#[test]
fn jax_two_processes() {
    let _alone = heavy();
    let sandbox = Sandbox::new();
    sandbox.example("jax");
    good(&sandbox, &["train", "jax"]);
}

#[test]
fn pytorch_two_processes() {
    let _alone = heavy();
    let sandbox = Sandbox::new();
    sandbox.example("torch-ddp");
    // The interpreter that has PyTorch may not be the first one in PATH.
    let python =
        std::env::var_os("MLCTL_TEST_TORCH_PYTHON").unwrap_or_else(|| "/usr/bin/python3".into());
    let bin = sandbox.dir().join("bin");
    fs_err::create_dir_all(&bin).expect("bin");
    std::os::unix::fs::symlink(python, bin.join("python3")).expect("link");
    let mut path = OsString::from(&bin);
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let output = sandbox.mlctl(["train", "torch-ddp"]).env("PATH", path).output().expect("mlctl");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(accuracy(&both(&output)) >= 0.9, "{}", both(&output));
}
