//! What happens before a replica joins its gang: a Python environment, a script.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fs_err::File;
use sha2::{Digest, Sha256};

use super::input::{SetupDone, SetupError};
use super::log::Log;
use super::process::{Control, Ended, Program, Sink, run};
use super::wire::hex;
use crate::gang::ExitStatus;
use crate::spec::{PythonSetup, Setup};

/// Everything that set-up needs.
pub(super) struct Steps<'a> {
    pub(super) exe: &'a Path,
    pub(super) setup: &'a Setup,
    pub(super) env: &'a [(String, String)],
    pub(super) cwd: &'a Path,
    pub(super) cache: &'a Path,
    pub(super) log: &'a Arc<Log>,
    pub(super) control: &'a Control,
}

impl Steps<'_> {
    /// Runs all steps. Says whether the Python environment was in the cache already.
    pub(super) fn run(&self) -> Result<(SetupDone, bool), SetupError> {
        let mut done = SetupDone::default();
        let mut cached = true;
        if let Some(python) = &self.setup.python {
            let (venv, found) = self.python(python)?;
            done.venv = Some(venv);
            cached = found;
        }
        if let Some(script) = &self.setup.shell {
            cached = false;
            let env = with_venv(self.env, done.venv.as_deref());
            let argv = ["sh", "-e", "-c", script].map(str::to_owned).to_vec();
            self.step(argv, env, "the set-up script")?;
        }
        Ok((done, cached))
    }

    /// A virtual environment named by its content: interpreter, requirements, `noDeps`.
    fn python(&self, python: &PythonSetup) -> Result<(PathBuf, bool), SetupError> {
        let interpreter = python.interpreter.as_deref().unwrap_or("python3");
        let requirements = match &python.requirements {
            Some(file) => fs_err::read_to_string(self.cwd.join(file)).map_err(|error| {
                SetupError(format!(
                    "setup.python.requirements: {error}; the path is relative to `code`"
                ))
            })?,
            None => String::new(),
        };
        let version = self.ask(interpreter)?;
        let mut digest = Sha256::new();
        for part in [version.as_str(), &requirements]
            .into_iter()
            .chain(python.no_deps.iter().map(String::as_str))
        {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let key = &hex(&digest.finalize())[..16];
        let folder = self.cache.join("venvs");
        let venv = folder.join(key);
        let complete = venv.join(".complete");
        let failed = |what: &str, error: io::Error| SetupError(format!("{what}: {error}"));
        fs_err::create_dir_all(&folder)
            .map_err(|e| failed("the cache of Python environments", e))?;
        let lock = File::create(folder.join(format!("{key}.lock")))
            .map_err(|e| failed("the cache of Python environments", e))?;
        self.wait_for(&lock)?;
        if complete.exists() {
            return Ok((venv, true));
        }
        // What an interrupted set-up left behind.
        match fs_err::remove_dir_all(&venv) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("a half-made Python environment", error));
            }
            _ => {}
        }
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let argv = [interpreter, "-m", "venv", &text(&venv)].map(str::to_owned).to_vec();
        self.step(argv, self.env.to_vec(), "making a Python environment").map_err(
            |SetupError(why)| {
                SetupError(format!("{why}; on Debian and Ubuntu it needs the package python3-venv"))
            },
        )?;
        let pip = |rest: Vec<String>| {
            let mut argv = vec![text(&venv.join("bin/python"))];
            let fixed = [
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--no-input",
                "--progress-bar=off",
            ];
            argv.extend(fixed.map(str::to_owned));
            argv.extend(rest);
            self.step(argv, with_venv(self.env, Some(&venv)), "pip install")
        };
        if let Some(file) = &python.requirements {
            pip(vec!["-r".into(), text(&self.cwd.join(file))])?;
        }
        if !python.no_deps.is_empty() {
            let mut rest = vec!["--no-deps".to_owned()];
            rest.extend(python.no_deps.iter().cloned());
            pip(rest)?;
        }
        fs_err::write(&complete, b"").map_err(|e| failed("the Python environment", e))?;
        Ok((venv, false))
    }

    /// The real path and version of an interpreter: what an environment depends on.
    fn ask(&self, interpreter: &str) -> Result<String, SetupError> {
        let path = self.env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
        let output = std::process::Command::new(interpreter)
            .args(["-c", "import sys, os; print(os.path.realpath(sys.executable), sys.version)"])
            .env_clear()
            .env("PATH", path.unwrap_or_default())
            .current_dir(self.cwd)
            .stdin(std::process::Stdio::null())
            .output();
        match output {
            Ok(output) if output.status.success() => {
                Ok(String::from_utf8_lossy(&output.stdout).into_owned())
            }
            Ok(output) => Err(SetupError(format!(
                "{interpreter} does not work: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            ))),
            Err(error) => Err(SetupError(format!(
                "setup.python needs {interpreter}: {error}; install Python 3 or name another \
                 setup.python.interpreter"
            ))),
        }
    }

    /// Another replica may be making the same environment: one makes it, the others wait.
    fn wait_for(&self, lock: &File) -> Result<(), SetupError> {
        let begin = std::time::Instant::now();
        let mut told = 0;
        while lock.file().try_lock().is_err() {
            if self.control.is_ended() {
                return Err(SetupError("ended during set-up".into()));
            }
            let waited = begin.elapsed().as_secs();
            if waited >= told {
                told = waited + 5;
                let line =
                    format!("waiting {waited} s for another replica to make the environment\n");
                self.log.setup_output(line.as_bytes());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn step(
        &self,
        argv: Vec<String>,
        env: Vec<(String, String)>,
        what: &str,
    ) -> Result<(), SetupError> {
        if self.control.is_ended() {
            return Err(SetupError("ended during set-up".into()));
        }
        let log = Arc::clone(self.log);
        let sink: Sink = Arc::new(move |bytes: &[u8]| log.setup_output(bytes));
        let program = Program { argv, env, cwd: self.cwd.to_owned() };
        let ended = run(self.exe, &program, &sink, self.control, |_| {});
        let why = match ended {
            Ok(Ended::Exited(ExitStatus::Code(0))) => return Ok(()),
            Ok(Ended::Exited(ExitStatus::Code(code))) => format!("exit code {code}"),
            Ok(Ended::Exited(status)) => format!("{status:?}"),
            Ok(Ended::NotStarted { reason, .. }) => reason,
            Ok(Ended::GuardLost) => "killed".into(),
            Err(error) => error.to_string(),
        };
        let mut message = format!("{what} failed: {why}");
        let lines = self.log.end();
        if let Some(line) = lines.iter().rfind(|line| line.contains("ERROR")).or(lines.last()) {
            // Writing to a String can't fail.
            let _ = write!(message, ": {line}");
        }
        Err(SetupError(message))
    }
}

/// The environment with a Python environment first in PATH.
pub(super) fn with_venv(env: &[(String, String)], venv: Option<&Path>) -> Vec<(String, String)> {
    let mut env = env.to_vec();
    let Some(venv) = venv else { return env };
    let bin = venv.join("bin").to_string_lossy().into_owned();
    env.retain(|(name, _)| name != "PYTHONHOME");
    let mut set = |name: &str, value: String| {
        env.retain(|(known, _)| known != name);
        env.push((name.to_owned(), value));
    };
    set("VIRTUAL_ENV", venv.to_string_lossy().into_owned());
    let path = env_value(&env, "PATH").map_or(bin.clone(), |path| format!("{bin}:{path}"));
    env.retain(|(known, _)| known != "PATH");
    env.push(("PATH".into(), path));
    env
}

fn env_value<'a>(env: &'a [(String, String)], name: &str) -> Option<&'a str> {
    env.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
