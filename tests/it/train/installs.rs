//! Which Python environment a run gets: another one whenever what it is made from is another.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::{Sandbox, both, stderr, stdout, with_uv};

const SPEC: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: envs
code: .
setup: {python: {requirements: requirements.txt}}
command: [python, -c, 'import mine; print(\"mine is\", mine.X)']
";

/// A package whose wheel is made by itself, so that no index is needed: its own backend.
fn package(sandbox: &Sandbox, folder: &str, value: &str) {
    let write = |name: &str, text: &str| sandbox.write(&format!("{folder}/{name}"), text);
    write(
        "pyproject.toml",
        "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n\
         [project]\nname = \"mine\"\nversion = \"1.0\"\n",
    );
    write("mine.py", &format!("X = {value:?}\n"));
    write(
        "backend.py",
        r#"
import os, zipfile
META = "Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "mine-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.write("mine.py")
        wheel.writestr("mine-1.0.dist-info/METADATA", META)
        wheel.writestr("mine-1.0.dist-info/WHEEL", WHEEL)
        wheel.writestr("mine-1.0.dist-info/RECORD", "mine.py,,\nmine-1.0.dist-info/METADATA,,\n"
                       "mine-1.0.dist-info/WHEEL,,\nmine-1.0.dist-info/RECORD,,\n")
    return name
"#,
    );
}

/// A sandbox with a cache of its own, where no index is asked.
struct Place(Sandbox);

impl Place {
    fn new() -> Self {
        Self(Sandbox::new())
    }

    fn mlctl(&self, args: &[&str]) -> Command {
        let mut command = self.0.mlctl(args);
        command
            .env("XDG_CACHE_HOME", self.0.dir().join("cache"))
            .env("PIP_NO_INDEX", "1")
            .env("PIP_CONFIG_FILE", "/dev/null");
        command
    }

    /// Runs the job of a folder, and gives what it said.
    #[track_caller]
    fn train(&self, folder: &str) -> String {
        self.train_with(folder, &[])
    }

    #[track_caller]
    fn train_with(&self, folder: &str, env: &[(&str, &str)]) -> String {
        let output =
            self.mlctl(&["train", folder]).envs(env.iter().copied()).output().expect("mlctl");
        let text = both(&output);
        assert_eq!(output.status.code(), Some(0), "{text}");
        text
    }

    fn environments(&self) -> Vec<String> {
        let venvs = self.0.dir().join("cache/mlctl/venvs");
        let names = fs_err::read_dir(venvs).into_iter().flatten().flatten();
        let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| Path::new(name).extension().is_none_or(|end| end != "lock")).collect()
    }
}

#[track_caller]
fn assert_is(said: &str, value: &str, cached: bool) {
    assert!(said.contains(&format!("mine is {value}\n")), "{value} in:\n{said}");
    assert_eq!(said.contains("taken from the cache"), cached, "{said}");
}

#[test]
fn whatever_an_environment_is_made_from_counts() {
    let place = Place::new();
    let Place(sandbox) = &place;
    sandbox.write("a/mlctl.yaml", SPEC);
    sandbox.write("a/requirements.txt", "-r reqs/base.txt\n");
    sandbox.write("a/reqs/base.txt", "--requirement=more.txt\n");
    sandbox.write("a/reqs/more.txt", "./mine\n");
    package(sandbox, "a/mine", "one");
    assert_is(&place.train("a"), "one", false);
    assert_is(&place.train("a"), "one", true);
    // A module of the package.
    package(sandbox, "a/mine", "two");
    assert_is(&place.train("a"), "two", false);
    // Another project of the same words.
    sandbox.write("b/mlctl.yaml", SPEC);
    sandbox.write("b/requirements.txt", "-r reqs/base.txt\n");
    sandbox.write("b/reqs/base.txt", "--requirement=more.txt\n");
    sandbox.write("b/reqs/more.txt", "./mine\n");
    package(sandbox, "b/mine", "three");
    assert_is(&place.train("b"), "three", false);
    assert_is(&place.train("a"), "two", true);
    // Where packages come from, by a variable.
    let secret = [("PIP_EXTRA_INDEX_URL", "http://ada:secret@127.0.0.1:9/simple")];
    assert_is(&place.train_with("a", &secret), "two", false);
    assert_is(&place.train_with("a", &secret), "two", true);
    // No value of a setting is written down.
    let mut grep = Command::new("grep");
    grep.args(["-rl", "ada:secret"]).arg(sandbox.dir().join("cache"));
    assert_eq!(stdout(&grep.output().expect("grep")), "");
}

#[test]
fn what_may_be_another_thing_next_time_is_made_for_one_run_and_goes_with_it() {
    let place = Place::new();
    let Place(sandbox) = &place;
    package(sandbox, "repo", "one");
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]);
        let output = git.args(args).current_dir(sandbox.dir().join("repo")).output().expect("git");
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).trim().to_owned()
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "one"]);
    let first = git(&["rev-parse", "HEAD"]);
    let repo = sandbox.dir().join("repo").display().to_string();
    let spec = SPEC.to_owned() + "roles: {worker: {replicas: 2}}\n";
    sandbox.write("a/mlctl.yaml", &spec);
    sandbox.write("a/requirements.txt", &format!("git+file://{repo}@main\n"));
    let said = place.train("a");
    assert_eq!(said.matches("mine is one\n").count(), 2, "{said}");
    assert!(said.contains("requirements.txt:1: git+file://"), "{said}");
    assert_eq!(said.matches("1 package installed").count(), 1, "both replicas share it: {said}");
    assert_eq!(place.environments(), [""; 0]);
    package(sandbox, "repo", "two");
    git(&["commit", "--quiet", "--all", "-m", "two"]);
    let said = place.train("a");
    assert_eq!(said.matches("mine is two\n").count(), 2, "{said}");
    // A whole commit is the same for ever.
    sandbox.write("a/requirements.txt", &format!("git+file://{repo}@{first}\n"));
    let said = place.train("a");
    assert_eq!(said.matches("mine is one\n").count(), 2, "{said}");
    let said = place.train("a");
    assert_eq!(said.matches("taken from the cache").count(), 2, "{said}");
    assert_eq!(place.environments().len(), 1);
    // What killed agents have left goes at the next set-up.
    let left = sandbox.dir().join("cache/mlctl/venvs/once-0123456789abcdef");
    fs_err::create_dir_all(left.join("bin")).expect("folder");
    fs_err::write(left.with_extension("lock"), "").expect("lock");
    place.train("a");
    assert!(!left.exists());
}

#[test]
fn what_is_not_there_is_an_error_before_anything_starts() {
    let place = Place::new();
    let Place(sandbox) = &place;
    sandbox.write("a/mlctl.yaml", SPEC);
    let refused = |expected: &[&str]| {
        let output = place.mlctl(&["train", "a"]).output().expect("mlctl");
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{text}");
        for expected in expected {
            assert!(text.contains(expected), "{expected} in:\n{text}");
        }
        assert!(!text.contains("submitted to"), "{text}");
    };
    refused(&["there is no a/requirements.txt", "a/mlctl.yaml:5:32"]);
    sandbox.write("a/requirements.txt", "six\n-r reqs/base.txt\n-c ../pins.txt\n");
    sandbox.write("a/reqs/base.txt", "\n./none\n-e ./pkg\nnone-1-py3-none-any.whl\n-r gone.txt\n");
    refused(&[
        "../pins.txt lies outside `code`",
        "a/requirements.txt:3:1",
        "there is no none in `code`",
        "a/reqs/base.txt:2:1",
        "write `./pkg` without `-e`",
        "a/reqs/base.txt:3:1",
        "a/reqs/base.txt:4:1",
        "there is no a/reqs/gone.txt",
        "a/reqs/base.txt:5:1",
        "5 errors",
    ]);
    let spec = SPEC.replace("requirements: requirements.txt", "noDeps: [six, ./none, -e ./pkg]");
    sandbox.write("a/mlctl.yaml", &spec);
    refused(&["there is no none in `code`", "without `-e`", "a/mlctl.yaml:5:32"]);
    assert_eq!(stdout(&sandbox.run(0, ["list", "--quiet"])), "");
}

#[test]
fn an_installer_is_one_line_and_its_output_is_in_the_log() {
    let place = Place::new();
    let Place(sandbox) = &place;
    sandbox.write("a/mlctl.yaml", SPEC);
    sandbox.write("a/requirements.txt", "./mine\n");
    package(sandbox, "a/mine", "one");
    let said = place.train("a");
    let installer = if said.contains("with uv") { "uv" } else { "pip" };
    for expected in ["installing packages with ", "1 package installed with "] {
        assert!(said.contains(&format!("{expected}{installer}")), "{said}");
    }
    assert!(!said.contains("Processing") && !said.contains("Resolved"), "{said}");
    let logs = stdout(&sandbox.run(0, ["logs"]));
    assert!(logs.contains(&format!("installing with {installer}")), "{logs}");
    assert!(logs.contains("Successfully installed") || logs.contains("Installed 1"), "{logs}");
    // What makes it fail is told.
    sandbox.write("a/requirements.txt", "nothing-of-this-name==1\n");
    let output = place.mlctl(&["train", "a"]).output().expect("mlctl");
    assert_eq!(output.status.code(), Some(10), "{}", stderr(&output));
    assert!(stderr(&output).contains("nothing-of-this-name"), "{}", stderr(&output));
    assert_eq!(place.environments().len(), 1, "no half of it is left");
}

#[test]
fn uv_is_used_where_it_is_there_and_pip_where_only_pip_can() {
    let place = Place::new();
    let Place(sandbox) = &place;
    let path = with_uv();
    let train = || {
        let mut mlctl = place.mlctl(&["train", "a"]);
        let output = mlctl.env("PATH", &path).env_remove("PIP_NO_INDEX").output().expect("mlctl");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        both(&output)
    };
    let seen = "command: [python, -c, 'import mine, pip, sys; print(\"mine is\", mine.X, \
                sys.prefix != sys.base_prefix)']\n";
    let spec = SPEC.replace(SPEC.lines().last().expect("a command"), seen.trim_end());
    sandbox.write("a/mlctl.yaml", &spec);
    sandbox.write("a/requirements.txt", "./mine\n");
    package(sandbox, "a/mine", "one");
    let said = train();
    assert!(
        said.contains("1 package installed with uv") && said.contains("mine is one True"),
        "{said}"
    );
    let logs = stdout(&sandbox.run(0, ["logs"]));
    assert!(logs.contains("installing with uv (/"), "{logs}");
    // uv keeps what it has built of a folder, and takes it for new as long as some files are.
    package(sandbox, "a/mine", "two");
    assert!(train().contains("mine is two True"));
    // The same environment, whoever would make it.
    let output = place.mlctl(&["train", "a"]).env_remove("PIP_NO_INDEX").output().expect("mlctl");
    assert!(stderr(&output).contains("taken from the cache"), "{}", stderr(&output));
    sandbox.write("a/requirements.txt", "--prefer-binary\n./mine\n");
    let said = train();
    assert!(said.contains("uv is there and not used: only pip understands"), "{said}");
    assert!(said.contains("requirements.txt:1: --prefer-binary"), "{said}");
    assert!(said.contains("1 package installed with pip"), "{said}");
}

/// A program of uv's name that can do nothing.
#[test]
fn pip_takes_no_package_from_elsewhere_than_uv_would() {
    let place = Place::new();
    let Place(sandbox) = &place;
    sandbox.write("a/mlctl.yaml", SPEC);
    sandbox.write("a/requirements.txt", "./mine\n");
    package(sandbox, "a/mine", "one");
    sandbox.write("bin/uv", "#!/bin/sh\necho no >&2\nexit 1\n");
    let uv = sandbox.dir().join("bin/uv");
    fs_err::set_permissions(uv, std::fs::Permissions::from_mode(0o755)).expect("mode");
    let mut path = sandbox.dir().join("bin").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let train = |env: &[(&str, &str)]| {
        let mut mlctl = place.mlctl(&["train", "a"]);
        mlctl.env("PATH", &path).env_remove("PIP_NO_INDEX").envs(env.iter().copied());
        let output = mlctl.output().expect("mlctl");
        (output.status.code(), both(&output))
    };
    let own = ("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple");
    let (code, said) = train(&[own]);
    assert_eq!(code, Some(10), "{said}");
    assert!(
        said.contains("pip is not tried, since it knows nothing of UV_DEFAULT_INDEX"),
        "{said}"
    );
    let binary = ("PIP_PREFER_BINARY", "1");
    let (code, said) = train(&[own, binary]);
    assert_eq!(code, Some(10), "{said}");
    assert!(said.contains("for example by PIP_INDEX_URL"), "{said}");
    let (code, said) = train(&[own, binary, ("PIP_INDEX_URL", own.1)]);
    assert_eq!(code, Some(0), "{said}");
    assert_is(&said, "one", false);
    let (code, said) = train(&[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("the same is tried with pip"), "{said}");
}
