//! Files without an end, without a writer, or that grow while they are read.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Sandbox, stderr, stdout};

const SPEC: &str =
    "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: a\nimage: a\ncommand: ['true']\n";

/// Runs a command that may take neither long nor much memory: a file without an end would take both.
#[track_caller]
fn bounded(command: &mut Command) -> Output {
    // 4 GiB: mlctl reserves far more addresses than it uses.
    let line = std::iter::once(command.get_program()).chain(command.get_args());
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -v 4194304; exec \"$@\"", "sh"]).args(line);
    limited.current_dir(command.get_current_dir().expect("a folder")).env_clear();
    for (name, value) in command.get_envs() {
        limited.env(name, value.unwrap_or_default());
    }
    limited.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let begin = Instant::now();
    let mut child = limited.spawn().expect("mlctl");
    loop {
        if child.try_wait().expect("mlctl").is_some() {
            return child.wait_with_output().expect("mlctl");
        }
        if begin.elapsed() > Duration::from_secs(20) {
            child.kill().expect("mlctl");
            child.wait().expect("mlctl");
            panic!("{command:?} reads on");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn pipe(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
}

/// What an error says of a trap, and how it is made.
type Trap = (&'static str, fn(&Path));

/// Puts something in a file's place that must not be read to its end.
const TRAPS: [Trap; 4] = [
    ("a device", |path| symlink("/dev/zero", path).expect("link")),
    ("a pipe", pipe),
    ("a folder", |path| fs_err::create_dir(path).expect("folder")),
    ("larger than", |path| {
        fs_err::File::create(path).expect("file").set_len(8 << 30).expect("size")
    }),
];

#[test]
fn every_file_that_somebody_names_is_read_up_to_a_limit() {
    for (what, trap) in TRAPS {
        // The spec, under both of its names.
        let sandbox = Sandbox::new();
        trap(&sandbox.dir().join("spec.yaml"));
        for args in [&["validate", "spec.yaml"][..], &["train", "spec.yaml"]] {
            if what == "a folder" {
                continue;
            }
            let said = stderr(&bounded(&mut sandbox.mlctl(args)));
            assert!(said.contains(what) && said.contains("spec.yaml"), "{args:?}: {said}");
        }
        // The settings, and what they name.
        for (file, setting, args) in [
            ("config.yaml", "", &["list"][..]),
            ("prices.yaml", "prices: prices.yaml\n", &["train", "--dry-run"]),
            ("secrets.yaml", "", &["train", "--dry-run"]),
        ] {
            let sandbox = Sandbox::new();
            sandbox.write("mlctl.yaml", &format!("{SPEC}maxCost: 1\n"));
            let dir = sandbox.home().join(".config/mlctl");
            fs_err::create_dir_all(&dir).expect("folder");
            trap(&dir.join(file));
            if dir.join(file).symlink_metadata().expect("a trap").is_file() {
                // Secrets that others can read are refused for that.
                fs_err::set_permissions(dir.join(file), PermissionsExt::from_mode(0o600))
                    .expect("mode");
            }
            let setting = match file {
                "secrets.yaml" => format!("secretsFile: {}\n", dir.join(file).display()),
                _ => setting.to_owned(),
            };
            if file != "config.yaml" {
                let settings = format!("{setting}runnerImage: r.example/m:1\n");
                fs_err::write(dir.join("config.yaml"), settings).expect("settings");
            }
            let args = if file == "prices.yaml" { &["render"] } else { args };
            let said = stderr(&bounded(&mut sandbox.mlctl(args)));
            assert!(said.contains(what) && said.contains(file), "{file}: {said}");
        }
        // What lies in the code.
        for file in [".gitignore", ".mlctlignore", ".ignore", "requirements.txt"] {
            let sandbox = Sandbox::new();
            let setup = "setup: {python: {requirements: requirements.txt}}\n";
            sandbox.write("mlctl.yaml", &format!("{SPEC}code: .\n{setup}"));
            if file != "requirements.txt" {
                sandbox.write("requirements.txt", "");
            }
            trap(&sandbox.dir().join(file));
            let said = stderr(&bounded(&mut sandbox.mlctl(["validate"])));
            assert!(said.contains(file), "{file}: {what}: {said}");
        }
    }
}

#[test]
fn standard_input_is_bounded() {
    let sandbox = Sandbox::new();
    for args in [&["validate", "-"][..], &["train", "-"], &["convert", "-"]] {
        let mut command = sandbox.mlctl(args);
        let zeros = fs_err::File::open("/dev/zero").expect("zeros").into_file();
        let output = command.stdin(zeros).output().expect("mlctl");
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).contains("standard input is larger than 1 MiB"));
    }
}

#[test]
fn documents_that_grow_while_they_are_read_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(9);
        bomb.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    let mut merges = "a0: &a0 {k: v}\n".to_owned();
    for level in 1..30 {
        let before = format!("*a{}", level - 1);
        merges
            .push_str(&format!("a{level}: &a{level} {{x: {before}, y: {before}, <<: {before}}}\n"));
    }
    let deep = [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        format!("a: {}", "[".repeat(100_000) + &"]".repeat(100_000)),
        "? ".repeat(100_000),
        "!!a ".repeat(100_000),
    ];
    for text in [bomb, merges].iter().chain(&deep) {
        let sandbox = Sandbox::new();
        sandbox.write("mlctl.yaml", text);
        let output = bounded(&mut sandbox.mlctl(["validate"]));
        assert_eq!(output.status.code(), Some(3), "{}: {}", &text[..40], stderr(&output));
        // The settings, and what they name.
        let dir = sandbox.home().join(".config/mlctl");
        fs_err::create_dir_all(&dir).expect("folder");
        fs_err::write(dir.join("config.yaml"), text).expect("settings");
        let output = bounded(&mut sandbox.mlctl(["list"]));
        assert_eq!(output.status.code(), Some(2), "{}: {}", &text[..40], stderr(&output));
        fs_err::remove_file(dir.join("config.yaml")).expect("settings");
        // As a file of the code it is one like any other.
        sandbox.write("mlctl.yaml", &format!("{SPEC}code: .\n"));
        sandbox.write("other.yaml", &format!("# mlctl.dev TrainJob\n{text}"));
        let output = bounded(&mut sandbox.mlctl(["validate"]));
        assert_eq!(output.status.code(), Some(0), "{}: {}", &text[..40], stderr(&output));
    }
}

#[test]
fn a_large_script_is_no_spec_and_runs() {
    let sandbox = Sandbox::new();
    sandbox.write("big.sh", &format!("#!/bin/sh\necho it runs\n# {}\n", "x".repeat(2 << 20)));
    let shown = stdout(&sandbox.run(0, ["train", "big.sh", "--dry-run"]));
    assert!(shown.contains("big.sh"), "{shown}");
}
