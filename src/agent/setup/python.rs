//! A Python environment that has what the spec asks for.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use fs_err::File;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::environment::with_python;
use super::steps::Steps;
use crate::agent::config::AgentRuntime;
use crate::agent::input::{PythonPlace, SetupError};
use crate::spec::PythonSetup;
use crate::text::hex;

/// In an environment that is whole.
pub(crate) const COMPLETE: &str = ".complete";

/// Fails where Python can't put pip into environments by itself.
pub(crate) const ENSUREPIP: &str = "import ensurepip; ensurepip.version()";

/// Brings pip there all the same.
pub(crate) const PIP: &str = include_str!("pip.py");

/// Where pip is kept that was brought once, in the cache.
pub(crate) fn pip_folder(cache: &Path) -> PathBuf {
    cache.join("pip")
}

/// Prints what an environment depends on.
const ABOUT: &str = "import json, os, sys
print(json.dumps({'executable': sys.executable, 'real': os.path.realpath(sys.executable),
    'prefix': sys.prefix, 'version': sys.version,
    'isEnvironment': sys.prefix != sys.base_prefix}))";

/// An interpreter, as it describes itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Interpreter {
    /// A path that starts it.
    pub(super) executable: String,
    real: String,
    prefix: String,
    version: String,
    /// It already is one of a virtual environment.
    pub(super) is_environment: bool,
}

/// The same packages, whatever the name that it was started by.
impl PartialEq for Interpreter {
    fn eq(&self, other: &Self) -> bool {
        (&self.real, &self.prefix) == (&other.real, &other.prefix)
    }
}

impl Steps<'_> {
    /// The environment, and whether it was there already.
    pub(super) fn python(&self, python: &PythonSetup) -> Result<(PythonPlace, bool), SetupError> {
        let name = python.interpreter.as_deref().unwrap_or("python3");
        let interpreter = self.interpreter(name)?;
        if self.runtime == AgentRuntime::Pod
            && let Some(place) = self.image_python(python, &interpreter)?
        {
            return Ok((place, true));
        }
        let (venv, cached) = self.environment(python, name, &interpreter)?;
        Ok((PythonPlace::Environment(venv), cached))
    }

    /// A virtual environment named by its content: interpreter, requirements, `noDeps`.
    fn environment(
        &self,
        python: &PythonSetup,
        name: &str,
        interpreter: &Interpreter,
    ) -> Result<(PathBuf, bool), SetupError> {
        let requirements = match &python.requirements {
            Some(file) => fs_err::read_to_string(self.cwd.join(file)).map_err(|error| {
                SetupError(format!(
                    "setup.python.requirements: {error}; the path is relative to `code`"
                ))
            })?,
            None => String::new(),
        };
        let mut digest = Sha256::new();
        let version = format!("{} {}\n", interpreter.real, interpreter.version);
        for part in [version.as_str(), &requirements]
            .into_iter()
            .chain(python.no_deps.iter().map(String::as_str))
        {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let key = &hex::encode(digest.finalize())[..16];
        let folder = self.cache.join("venvs");
        let venv = folder.join(key);
        let complete = venv.join(COMPLETE);
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
        self.make(name, interpreter, &venv)?;
        self.fill(python, &venv)?;
        fs_err::write(&complete, b"").map_err(|e| failed("the Python environment", e))?;
        Ok((venv, false))
    }

    fn make(&self, name: &str, interpreter: &Interpreter, venv: &Path) -> Result<(), SetupError> {
        let can = |script: &str| Ok(self.ask(name, &["-c", script])?.status.success());
        let mut argv = vec![name.to_owned(), "-m".into(), "venv".into()];
        let mut sees_pip = false;
        if self.runtime == AgentRuntime::Pod {
            // What the image has needs not be fetched again.
            argv.push("--system-site-packages".into());
            sees_pip = can("import pip")?;
        }
        let brings_pip = !sees_pip && !can(ENSUREPIP)?;
        if sees_pip || brings_pip {
            argv.push("--without-pip".into());
        }
        let text = venv.to_string_lossy().into_owned();
        argv.push(text.clone());
        self.step(argv, self.env.to_vec(), "making a Python environment").map_err(
            |SetupError(why)| {
                SetupError(format!("{why}; on Debian and Ubuntu it needs the package python3-venv"))
            },
        )?;
        if brings_pip {
            let kept = pip_folder(self.cache).to_string_lossy().into_owned();
            let argv = [name, "-I", "-c", PIP, &kept, &text].map(str::to_owned).to_vec();
            let done =
                self.step(argv, self.env.to_vec(), "bringing pip, since there is no ensurepip");
            done.map_err(|error| self.unfetched(error))?;
        }
        if self.runtime == AgentRuntime::Pod {
            self.see_image_packages(interpreter, venv)?;
        }
        Ok(())
    }

    fn fill(&self, python: &PythonSetup, venv: &Path) -> Result<(), SetupError> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
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
            let place = PythonPlace::Environment(venv.to_owned());
            let done = self.step(argv, with_python(self.env, Some(&place)), "pip install");
            done.map_err(|error| self.unfetched(error))
        };
        if let Some(file) = &python.requirements {
            pip(vec!["-r".into(), text(&self.cwd.join(file))])?;
        }
        if !python.no_deps.is_empty() {
            let mut rest = vec!["--no-deps".to_owned()];
            rest.extend(python.no_deps.iter().cloned());
            pip(rest)?;
        }
        Ok(())
    }

    /// What could not be fetched.
    fn unfetched(&self, SetupError(why): SetupError) -> SetupError {
        SetupError(match self.runtime {
            AgentRuntime::Processes => why,
            AgentRuntime::Pod => format!(
                "{why}; where pods reach no package index, put what is needed into the image"
            ),
        })
    }

    /// What an interpreter says of itself.
    pub(super) fn interpreter(&self, name: &str) -> Result<Interpreter, SetupError> {
        let output = self.ask(name, &["-c", ABOUT])?;
        let broken = |why: &str| SetupError(format!("{name} does not work: {}", why.trim()));
        if !output.status.success() {
            return Err(broken(&String::from_utf8_lossy(&output.stderr)));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| broken(&error.to_string()))
    }

    /// Runs an interpreter for a short answer. Its folder has no code of the user's that could be
    /// taken for a module.
    pub(super) fn ask(&self, interpreter: &str, args: &[&str]) -> Result<Output, SetupError> {
        let asked = |program: &Path| {
            Command::new(program)
                .args(args)
                .env_clear()
                .envs(self.env.iter().map(|(name, value)| (name, value)))
                .current_dir("/")
                .stdin(Stdio::null())
                .output()
        };
        // A path is relative to the code; a name is looked up in PATH.
        let path = Path::new(interpreter);
        let program = if interpreter.contains('/') { self.cwd.join(path) } else { path.to_owned() };
        asked(&program).map_err(|error| {
            SetupError(format!(
                "setup.python needs {interpreter}: {error}; {}",
                match self.runtime {
                    AgentRuntime::Processes =>
                        "install Python 3 or name another setup.python.interpreter",
                    AgentRuntime::Pod =>
                        "take an image that has it or name another setup.python.interpreter",
                }
            ))
        })
    }

    /// Another replica may be making the same environment: one makes it, the others wait.
    fn wait_for(&self, lock: &File) -> Result<(), SetupError> {
        let begin = Instant::now();
        let mut told = 0;
        while lock.file().try_lock().is_err() {
            self.go_on()?;
            let waited = begin.elapsed().as_secs();
            if waited >= told {
                told = waited + 5;
                self.say(&format!(
                    "waiting {waited} s for another replica to make the environment"
                ));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}
