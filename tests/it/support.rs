//! A sandbox for one test with a home, a state and a folder of its own; its processes and files end
//! with the test.

pub mod faults;
pub mod gpus;
pub mod stores;

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Two TensorFlow gangs at once are too much for two cores.
static HEAVY: Mutex<()> = Mutex::new(());

/// Held by a test that trains with a real framework.
pub fn heavy() -> MutexGuard<'static, ()> {
    HEAVY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The repository's root.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs to the end on a runtime like the binary's.
pub fn on_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// A place of its own for one test.
pub struct Sandbox {
    root: TempDir,
}

impl Sandbox {
    /// An empty home and an empty folder to work in.
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let sandbox = Self { root };
        fs_err::create_dir_all(sandbox.home()).expect("home");
        fs_err::create_dir_all(sandbox.dir()).expect("folder");
        sandbox
    }

    /// The home folder of all commands; the environment of their processes shows whose they are.
    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The folder that commands run in.
    pub fn dir(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// The state folder of all commands; it exists once one of them has written to it.
    pub fn state(&self) -> PathBuf {
        self.home().join(".local/state/mlctl")
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir().join(name);
        fs_err::create_dir_all(path.parent().expect("a parent")).expect("folder");
        fs_err::write(&path, text).expect("file");
        path
    }

    /// Copies an example of the repository into the folder.
    pub fn example(&self, name: &str) -> PathBuf {
        let target = self.dir().join(name);
        copy_tree(&repository().join("examples").join(name), &target);
        target
    }

    /// A shell that runs a script as `root` of a namespace of its own, where it may mount file systems;
    /// `$MLCTL` is the program. `None` where no namespaces can be made: the test is skipped then.
    pub fn in_namespace(&self, script: &str) -> Option<Command> {
        let unshare = ["--user", "--map-root-user", "--mount"];
        let may = Command::new("unshare").args(unshare).arg("true").output();
        if !may.is_ok_and(|output| output.status.success()) {
            skip("no namespaces can be made here");
            return None;
        }
        let mut command = Command::new("unshare");
        command.args(unshare).args(["sh", "-c", script]).current_dir(self.dir()).env_clear();
        for (name, value) in self.mlctl(["list"]).get_envs() {
            command.env(name, value.expect("set"));
        }
        command.env("MLCTL", env!("CARGO_BIN_EXE_mlctl")).stdin(Stdio::null());
        Some(command)
    }

    /// mlctl with these arguments, to be run in the folder with an environment that holds nothing of
    /// the tester's but `PATH`. Its output is not captured before the caller says so.
    pub fn mlctl<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mlctl"));
        command.args(args);
        // Environments that other tests use, or made a minute ago, are none of a clean-up's.
        let cleans = command.get_args().next().is_some_and(|verb| verb == "cleanup");
        let cache = if cleans { self.home().join("cache") } else { cache() };
        command
            .current_dir(self.dir())
            .env_clear()
            .env("HOME", self.home())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("XDG_CACHE_HOME", cache)
            .env("USER", "tester")
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null());
        command
    }

    /// Runs mlctl to its end; fails with what it printed when its exit code is another one than `code`.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, code: i32, args: impl IntoIterator<Item = S>) -> Output {
        let output = self.mlctl(args).output().expect("mlctl starts");
        assert_eq!(
            output.status.code(),
            Some(code),
            "exit code\n--- stdout\n{}\n--- stderr\n{}",
            stdout(&output),
            stderr(&output)
        );
        output
    }

    /// Process ids that carry this sandbox's HOME in their environment, zombies aside.
    pub fn processes(&self) -> Vec<i32> {
        let marker = format!("HOME={}", self.home().display()).into_bytes();
        fs_err::read_dir("/proc")
            .expect("/proc")
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|pid| {
                let environ = fs_err::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                environ.split(|byte| *byte == 0).any(|variable| variable == marker)
            })
            .collect()
    }

    /// The process id of a replica's agent; `None` before it runs and after its end.
    pub fn agent(&self, replica: &str) -> Option<i32> {
        let config = format!("{replica}.json");
        self.processes().into_iter().find(|pid| {
            let line = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let words: Vec<String> =
                line.split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned()).collect();
            words.get(1).is_some_and(|word| word == "agent")
                && words.iter().any(|word| word.ends_with(&config))
        })
    }

    /// Waits until nothing of this sandbox runs any more.
    #[track_caller]
    pub fn wait_until_empty(&self, limit: Duration) {
        wait_for("no process is left", limit, || self.processes().is_empty());
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        for pid in self.processes() {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
        }
    }
}

/// The children of a process, whichever of its threads forked them.
pub fn children(pid: i32) -> Vec<i32> {
    let tasks = fs_err::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks
        .flat_map(|task| {
            let list = fs_err::read_to_string(task.path().join("children")).unwrap_or_default();
            list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()
        })
        .collect()
}

/// Sends SIGKILL; a process that is gone is fine.
pub fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

/// Stops a process, all of it; false when it ends instead or has ended.
pub fn stop(pid: i32) -> bool {
    let number = rustix::process::Pid::from_raw(pid).expect("a pid");
    let stop = rustix::process::Signal::STOP;
    if rustix::process::kill_process(number, stop).is_err() {
        return false;
    }
    let mut stopped = false;
    wait_for(&format!("process {pid} has stopped"), Duration::from_secs(20), || {
        let states = states(pid);
        stopped = !states.is_empty() && states.iter().all(|state| *state == 'T');
        stopped || states.iter().all(|state| matches!(state, 'Z' | 'X'))
    });
    stopped
}

/// The states of a process's threads; none when it is gone.
fn states(pid: i32) -> Vec<char> {
    let tasks = fs_err::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let stats = tasks.filter_map(|task| fs_err::read_to_string(task.path().join("stat")).ok());
    // The name before the state may hold anything, its closing bracket included.
    stats.filter_map(|stat| stat.rsplit_once(") ")?.1.chars().next()).collect()
}

/// A `PATH` with uv, which the tests have to bring packages.
pub fn with_uv() -> std::ffi::OsString {
    let script = ". tests/python/uv.sh && bring_uv . \"$1\" && printf %s \"${uv%/*}\"";
    let mut bring = Command::new("bash");
    bring.args(["-c", script, "bash"]).arg(cache()).current_dir(repository());
    let output = bring.output().expect("bash");
    assert!(output.status.success(), "uv can't be brought: {}", stderr(&output));
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{}:{path}", stdout(&output)).into()
}

/// Where Python environments are kept between tests and runs of the tests.
pub fn cache() -> PathBuf {
    std::env::var_os("MLCTL_TEST_CACHE")
        .map_or_else(|| std::env::temp_dir().join("mlctl-test-cache"), PathBuf::from)
}

/// TF Serving's messages for Python, as a folder of modules. The package asks for the whole of TensorFlow,
/// which the examples' environment has in another build, so it is brought without its dependencies.
pub fn serving_api() -> PathBuf {
    const PACKAGE: &str = "tensorflow-serving-api==2.21.0";
    let folder = cache().join(PACKAGE.replace("==", "-"));
    if !folder.is_dir() {
        fs_err::create_dir_all(cache()).expect("a cache");
        let work = tempfile::tempdir_in(cache()).expect("a folder");
        let (venv, api) = (work.path().join("venv"), work.path().join("api"));
        let done = |command: &mut Command| {
            let output = command.output().expect("it starts");
            assert!(output.status.success(), "{command:?}\n{}", stderr(&output));
        };
        done(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        let mut pip = Command::new(venv.join("bin/pip"));
        done(pip.args(["install", "--no-deps", "--target"]).arg(&api).arg(PACKAGE));
        // Somebody else may have brought it meanwhile.
        let renamed = fs_err::rename(&api, &folder);
        assert!(renamed.is_ok() || folder.is_dir(), "{renamed:?}");
    }
    folder
}

/// Says that this test has not been run, and why: into the file that `MLCTL_TEST_SKIPPED` names, else
/// on standard error past the test runner, which would keep it. `MLCTL_TEST_SKIP=never` makes it a
/// failure.
pub fn skip(why: &str) {
    assert!(std::env::var("MLCTL_TEST_SKIP").as_deref() != Ok("never"), "skipped: {why}");
    not_run(why);
}

/// Lists this test among the skipped, also where none may be: what it needs can't be installed.
pub fn not_run(why: &str) {
    let thread = std::thread::current();
    let line = format!("{}: {why}\n", thread.name().unwrap_or("a test"));
    match std::env::var_os("MLCTL_TEST_SKIPPED") {
        Some(path) => {
            let list =
                fs_err::OpenOptions::new().create(true).append(true).open(PathBuf::from(path));
            list.and_then(|mut list| list.write_all(line.as_bytes()))
                .expect("the list of the skipped");
        }
        None => write!(std::io::stderr(), "skipped: {line}").expect("standard error"),
    }
}

/// What a finished command printed on both streams, standard output first.
pub fn both(output: &Output) -> String {
    stdout(output) + &stderr(output)
}

/// Runs a command to its end with both streams in one, as `2>&1` has it.
pub fn together(command: &mut Command) -> (String, std::process::ExitStatus) {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    command.stdout(writer.try_clone().expect("its end")).stderr(writer);
    let mut child = command.spawn().expect("the command starts");
    // Reading ends once nobody can write any more.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut reader, &mut text).expect("text");
    let status = child.wait().expect("its end");
    (String::from_utf8_lossy(&text).into_owned(), status)
}

/// What a command wrote to standard output.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a command wrote to standard error.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Polls until `done`, or fails naming what was awaited.
#[track_caller]
pub fn wait_for(what: &str, limit: Duration, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < limit, "waited {limit:?} until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Copies a folder with all that is in it.
pub fn copy_tree(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).expect("folder");
    for entry in fs_err::read_dir(from).expect("folder") {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("type").is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs_err::copy(entry.path(), target).expect("copy");
        }
    }
}
