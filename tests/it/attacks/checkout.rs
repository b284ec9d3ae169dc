//! A checkout that somebody else has made: looking at it starts none of its programs.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use crate::support::{Sandbox, stderr, stdout};

const JOB: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: job
image: registry.example.com/train:1
command: ['true']
";

const VERTEX: &str = "\
displayName: job
jobSpec:
  workerPoolSpecs:
    - machineSpec: {machineType: n1-standard-4}
      replicaCount: 1
      containerSpec: {imageUri: 'registry.example.com/train:1', command: ['true']}
";

/// Nobody listens there.
const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: far
clusters: [{name: far, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: ada, user: {token: t}}]
contexts: [{name: far, context: {cluster: far, user: ada, namespace: ml}}]
";

/// A sandbox in which a program of the attacker leaves a mark where it is run.
struct Trap {
    sandbox: Sandbox,
}

impl Trap {
    fn new() -> Self {
        let trap = Self { sandbox: Sandbox::new() };
        let script = format!("#!/bin/sh\ntouch {}\nexit 1\n", trap.mark().display());
        trap.program(&trap.script(), &script);
        fs_err::write(trap.sandbox.home().join("kubeconfig"), KUBECONFIG).unwrap();
        trap
    }

    fn program(&self, path: &Path, text: &str) {
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
        fs_err::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn mark(&self) -> PathBuf {
        self.sandbox.home().join("mark")
    }

    fn script(&self) -> PathBuf {
        self.sandbox.home().join("attack")
    }

    fn git(&self, dir: &Path, args: &[&str]) -> Output {
        Command::new("git")
            .arg("-C")
            .arg(dir)
            .args(args)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@b")])
            .envs([("GIT_COMMITTER_NAME", "a"), ("GIT_COMMITTER_EMAIL", "a@b")])
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    #[track_caller]
    fn done(&self, dir: &Path, args: &[&str]) {
        let output = self.git(dir, args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    }

    /// A checkout with a job in it, committed.
    fn checkout(&self, name: &str) -> PathBuf {
        let dir = self.sandbox.dir().join(name);
        self.sandbox.write(&format!("{name}/mlctl.yaml"), JOB);
        self.sandbox.write(&format!("{name}/vertex.yaml"), VERTEX);
        self.done(&dir, &["init", "-q"]);
        self.done(&dir, &["add", "-A"]);
        self.done(&dir, &["commit", "-qm", "one"]);
        dir
    }

    fn mlctl(&self, dir: &Path, args: &[&str]) -> Output {
        let mut command = self.sandbox.mlctl(args);
        command.current_dir(dir).env("KUBECONFIG", self.sandbox.home().join("kubeconfig"));
        command.env("MLCTL_RUNNER_IMAGE", "registry.example.com/mlctl:1");
        command.output().unwrap()
    }

    /// The trap works: git itself falls into it.
    #[track_caller]
    fn catches_git(&self, what: &str, dir: &Path) {
        self.git(dir, &["--no-optional-locks", "status", "--porcelain"]);
        assert!(self.mark().exists(), "{what}: git would run it");
        fs_err::remove_file(self.mark()).unwrap();
    }

    /// All verbs that look, and those that submit, with the exit code that they should have.
    #[track_caller]
    fn catches_no_verb(&self, what: &str, dir: &Path) {
        let far = ["--runtime", "kubernetes"];
        let verbs: [(i32, Vec<&str>); 12] = [
            (0, vec!["validate", "mlctl.yaml"]),
            (0, vec!["render", "mlctl.yaml"]),
            (0, vec!["convert", "vertex.yaml"]),
            (0, vec!["explain", "TrainJob"]),
            (0, vec!["train", "--dry-run", "mlctl.yaml"]),
            (6, [&["train", "--dry-run", "mlctl.yaml"][..], &far].concat()),
            (6, [&["train", "--detach", "mlctl.yaml"][..], &far].concat()),
            // A cluster that can't be asked has been left no run.
            (0, vec!["train", "mlctl.yaml"]),
            (0, vec!["list"]),
            (0, vec!["status"]),
            (0, vec!["why"]),
            (0, vec!["cost"]),
        ];
        for (code, verb) in verbs {
            let output = self.mlctl(dir, &verb);
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(code), "{what}: {verb:?}: {said}");
            assert!(!self.mark().exists(), "{what}: {verb:?} runs it");
        }
    }
}

/// Puts text behind a file's.
fn append(path: &Path, text: &str) {
    let before = fs_err::read_to_string(path).unwrap_or_default();
    fs_err::write(path, format!("{before}{text}")).unwrap();
}

#[test]
fn no_program_of_a_checkout_is_started() {
    let trap = Trap::new();
    let script = trap.script().display().to_string();
    // With another time, and nothing else, git must read the file to know.
    let touch = |dir: &Path| {
        let file = fs_err::OpenOptions::new().append(true).open(dir.join("mlctl.yaml")).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_hours(1)).unwrap();
    };
    let monitor = format!("[core]\n\tfsmonitor = {script}\n");
    type Plant<'a> = &'a dyn Fn(&Path);
    let plants: [(&str, Plant<'_>); 9] = [
        ("fsmonitor", &|dir| append(&dir.join(".git/config"), &monitor)),
        ("include", &|dir| {
            fs_err::write(dir.join("more"), &monitor).unwrap();
            append(&dir.join(".git/config"), "[include]\n\tpath = ../more\n");
        }),
        ("conditional include", &|dir| {
            fs_err::write(dir.join("more"), &monitor).unwrap();
            append(&dir.join(".git/config"), "[includeIf \"gitdir:**\"]\n\tpath = ../more\n");
        }),
        ("configuration of a worktree", &|dir| {
            append(&dir.join(".git/config"), "[extensions]\n\tworktreeConfig = true\n");
            fs_err::write(dir.join(".git/config.worktree"), &monitor).unwrap();
        }),
        ("clean filter", &|dir| {
            let filter = format!("[filter \"x\"]\n\tclean = {script}\n\trequired = true\n");
            append(&dir.join(".git/config"), &filter);
            fs_err::write(dir.join(".gitattributes"), "* filter=x\n").unwrap();
            touch(dir);
        }),
        ("process filter", &|dir| {
            append(&dir.join(".git/config"), &format!("[filter \"x\"]\n\tprocess = {script}\n"));
            fs_err::write(dir.join(".git/info/attributes"), "* filter=x\n").unwrap();
            touch(dir);
        }),
        ("a folder of git's under another name", &|dir| {
            fs_err::rename(dir.join(".git"), dir.join("data")).unwrap();
            append(&dir.join("data/config"), &monitor);
            fs_err::write(dir.join(".git"), "gitdir: data\n").unwrap();
        }),
        ("a submodule", &|dir| {
            let inner = dir.join("part");
            fs_err::create_dir(&inner).unwrap();
            trap.done(&inner, &["init", "-q"]);
            trap.done(&inner, &["commit", "-q", "--allow-empty", "-m", "one"]);
            trap.done(dir, &["-c", "advice.addEmbeddedRepo=false", "add", "part"]);
            append(&inner.join(".git/config"), &monitor);
        }),
        ("objects fetched late", &|dir| {
            // The tree of the commit is missing, and is to be had from a program.
            let tree = stdout(&trap.git(dir, &["rev-parse", "HEAD^{tree}"]));
            let (folder, name) = tree.trim().split_at(2);
            fs_err::remove_file(dir.join(".git/objects").join(folder).join(name)).unwrap();
            let remote = format!(
                "[extensions]\n\tpartialClone = far\n[remote \"far\"]\n\turl = {}\n\
                 \tpromisor = true\n\tuploadpack = {script}\n",
                dir.display()
            );
            append(&dir.join(".git/config"), &remote);
            append(&dir.join(".git/config"), "[core]\n\trepositoryformatversion = 1\n");
        }),
    ];
    for (number, (what, plant)) in plants.iter().enumerate() {
        let dir = trap.checkout(&format!("checkout-{number}"));
        plant(&dir);
        trap.catches_git(what, &dir);
        trap.catches_no_verb(what, &dir);
    }
}

/// A clone brings no `.git` folder of the attacker's, but a bare repository among its files: for git the
/// folder is a checkout, with a configuration of its own.
#[test]
fn a_repository_among_the_files_is_none() {
    let trap = Trap::new();
    let outer = trap.checkout("outer");
    let dir = outer.join("examples");
    trap.sandbox.write("outer/examples/mlctl.yaml", JOB);
    trap.sandbox.write("outer/examples/vertex.yaml", VERTEX);
    trap.sandbox.write("outer/examples/HEAD", "ref: refs/heads/main\n");
    trap.sandbox.write("outer/examples/objects/keep", "");
    trap.sandbox.write("outer/examples/refs/heads/main", &format!("{}\n", "a1".repeat(20)));
    let config = format!(
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n\tfsmonitor = {}\n",
        trap.script().display()
    );
    trap.sandbox.write("outer/examples/config", &config);
    trap.done(&outer, &["add", "-A"]);
    trap.done(&outer, &["commit", "-qm", "two"]);
    trap.catches_git("a bare repository", &dir);
    trap.catches_no_verb("a bare repository", &dir);
    let head = stdout(&trap.git(&outer, &["rev-parse", "HEAD"]));
    let output = trap.mlctl(&dir, &["render", "mlctl.yaml"]);
    assert!(stdout(&output).contains(head.trim()), "{}{}", stdout(&output), stderr(&output));
}

/// Hooks of a checkout are run by git where it writes, so that a mark can't be had by `git status` alone.
#[test]
fn no_hook_of_a_checkout_is_started() {
    let trap = Trap::new();
    let dir = trap.checkout("hooked");
    for hook in ["post-index-change", "post-checkout", "pre-auto-gc", "reference-transaction"] {
        trap.program(
            &dir.join(".git/hooks").join(hook),
            &fs_err::read_to_string(trap.script()).unwrap(),
        );
    }
    // A status that refreshes times in the index writes it.
    let file = fs_err::OpenOptions::new().append(true).open(dir.join("mlctl.yaml")).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_hours(1)).unwrap();
    trap.git(&dir, &["status"]);
    assert!(trap.mark().exists(), "git would run it");
    fs_err::remove_file(trap.mark()).unwrap();
    trap.catches_no_verb("hooks", &dir);
}

/// `.`, an empty entry and any other relative one in PATH mean the folder that mlctl is called in.
#[test]
fn a_relative_path_finds_no_program_of_the_folder() {
    let trap = Trap::new();
    let dir = trap.checkout("named");
    let script = fs_err::read_to_string(trap.script()).unwrap();
    let helper = "docker-credential-x";
    for name in ["git", "nvidia-smi", "python3", "log-in", helper] {
        for folder in ["", "bin/"] {
            trap.program(&dir.join(format!("{folder}{name}")), &script);
        }
    }
    let kubeconfig = KUBECONFIG.replace(
        "{token: t}",
        "{exec: {apiVersion: client.authentication.k8s.io/v1, command: log-in, interactiveMode: Never}}",
    );
    fs_err::write(trap.sandbox.home().join("kubeconfig"), kubeconfig).unwrap();
    let docker = trap.sandbox.home().join(".docker/config.json");
    fs_err::create_dir_all(docker.parent().unwrap()).unwrap();
    fs_err::write(docker, r#"{"credHelpers":{"127.0.0.1:1":"x"}}"#).unwrap();
    let spec =
        JOB.replace("command: ['true']", "replicas: 1\naccelerators: {type: nvidia, count: 1}");
    let spec = spec.replace("registry.example.com/", "127.0.0.1:1/");
    trap.sandbox.write("named/image.yaml", &spec);
    let python = JOB.replace("command:", "setup: {python: {}}\ncommand:");
    trap.sandbox.write("named/python.yaml", &python);
    let system = std::env::var("PATH").unwrap();
    for path in [format!(".:{system}"), format!(":{system}"), format!("bin:{system}")] {
        let found = Command::new("sh")
            .args(["-c", "log-in; docker-credential-x; true"])
            .current_dir(&dir)
            .env("PATH", &path)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(found.status.success() && trap.mark().exists(), "a shell would run them");
        fs_err::remove_file(trap.mark()).unwrap();
        for verb in [
            &["gpus"][..],
            &["render", "mlctl.yaml"],
            &["render", "image.yaml"],
            &["list", "--runtime", "kubernetes", "--all-users"],
            &["train", "--dry-run", "image.yaml"],
            &["train", "--dry-run", "python.yaml"],
            &["train", "--dry-run", "image.yaml", "--runtime", "kubernetes"],
            &["train", "--quiet", "mlctl.yaml"],
        ] {
            let mut command = trap.sandbox.mlctl(verb);
            command.current_dir(&dir).env("PATH", &path);
            command.env("KUBECONFIG", trap.sandbox.home().join("kubeconfig"));
            command.env("MLCTL_RUNNER_IMAGE", "registry.example.com/mlctl:1");
            let output = command.output().unwrap();
            assert!(!trap.mark().exists(), "{path}: {verb:?}: {}", stderr(&output));
        }
    }
    // Nothing else changes: what is typed is what is done, also without any PATH.
    let mut command = trap.sandbox.mlctl(["validate", "mlctl.yaml"]);
    let output = command.current_dir(&dir).env("PATH", "").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

/// What a spec names is run by runs, not by looking.
#[test]
fn a_dry_run_starts_no_program_of_the_spec() {
    let trap = Trap::new();
    let dir = trap.checkout("dry");
    let script = fs_err::read_to_string(trap.script()).unwrap();
    trap.program(&dir.join("python"), &script);
    trap.program(&dir.join("bin/python3"), &script);
    let module = format!("import pathlib\npathlib.Path({:?}).touch()\n", trap.mark());
    trap.sandbox.write("dry/lib/sitecustomize.py", &module);
    let (lib, bin) = (dir.join("lib"), dir.join("bin"));
    let specs = [
        ("a path", "code: .\nsetup: {python: {interpreter: ./python}}\n".to_owned()),
        ("a name", "setup: {python: {interpreter: sh}}\n".to_owned()),
        (
            "modules",
            format!(
                "setup: {{python: {{}}}}\nenv: [{{name: PYTHONPATH, value: {}}}]\n",
                lib.display()
            ),
        ),
        (
            "PATH",
            format!("setup: {{python: {{}}}}\nenv: [{{name: PATH, value: {}}}]\n", bin.display()),
        ),
    ];
    for (what, more) in specs {
        trap.sandbox.write("dry/mlctl.yaml", &format!("{JOB}{more}"));
        let output = trap.mlctl(&dir, &["train", "--dry-run"]);
        assert!(!trap.mark().exists(), "{what} is started");
        assert_eq!(output.status.code(), Some(0), "{what}: {}", stderr(&output));
        let is_named = more.contains("interpreter");
        assert_eq!(stderr(&output).contains("was not looked at"), is_named, "{}", stderr(&output));
    }
}

/// Python takes modules from the folder that it is started in.
#[test]
fn no_module_of_the_folder_is_imported() {
    let trap = Trap::new();
    let dir = trap.checkout("modules");
    let module = format!("import pathlib\npathlib.Path({:?}).touch()\n", trap.mark());
    for name in ["json", "torch", "tensorflow", "jax", "ensurepip", "venv"] {
        trap.sandbox.write(&format!("modules/{name}.py"), &module);
    }
    let mut python = Command::new("python3");
    python.args(["-c", "import json"]).current_dir(&dir);
    assert!(python.output().is_ok_and(|output| output.status.success()) && trap.mark().exists());
    fs_err::remove_file(trap.mark()).unwrap();
    trap.mlctl(&dir, &["doctor", "--runtime", "local"]);
    let python = JOB.replace("command:", "setup: {python: {}}\ncommand:");
    trap.sandbox.write("modules/mlctl.yaml", &python);
    trap.mlctl(&dir, &["train", "--dry-run"]);
    assert!(!trap.mark().exists());
}
