//! A Python environment that has what the spec asks for.

use std::io;
use std::os::unix::fs::DirBuilderExt;
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
use crate::storage::{DOCUMENT_LIMIT, read_text};
use crate::sys;
use crate::text::hex;

/// The file in an environment that says that it was completed.
pub(crate) const COMPLETE: &str = ".complete";

/// A script that fails where Python can't put pip into environments by itself.
pub(crate) const ENSUREPIP: &str = "import ensurepip; ensurepip.version()";

/// The script that brings pip into an environment without `ensurepip`.
pub(crate) const PIP: &str = include_str!("pip.py");

/// The folder of the cache in which pip is kept once it was fetched.
pub(crate) fn pip_folder(cache: &Path) -> PathBuf {
    cache.join("pip")
}

/// A script that prints, as JSON, what an environment depends on.
const ABOUT: &str = "import json, os, sys
print(json.dumps({'executable': sys.executable, 'real': os.path.realpath(sys.executable),
    'prefix': sys.prefix, 'version': sys.version,
    'isEnvironment': sys.prefix != sys.base_prefix}))";

/// What a Python interpreter says of itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Interpreter {
    /// A path that starts it.
    pub(super) executable: String,
    real: String,
    prefix: String,
    version: String,
    /// It belongs to a virtual environment.
    pub(super) is_environment: bool,
}

/// Two are equal when they have the same packages, by whatever name each was started.
impl PartialEq for Interpreter {
    fn eq(&self, other: &Self) -> bool {
        (&self.real, &self.prefix) == (&other.real, &other.prefix)
    }
}

impl Steps<'_> {
    /// Makes the environment that the spec asks for, and says whether it was there already.
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
            Some(file) => read_text(&self.cwd.join(file), DOCUMENT_LIMIT).map_err(|error| {
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
        self.make_cache(&folder, &venv)
            .map_err(|e| failed("the cache of Python environments", e))?;
        let lock = File::create(folder.join(format!("{key}.lock")))
            .map_err(|e| failed("the cache of Python environments", e))?;
        self.wait_for(&lock)?;
        if complete.exists() {
            return Ok((venv, true));
        }
        // An interrupted set-up may have left a part of it behind.
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

    /// Makes the folder of all environments. On a machine with other users nobody else may have made
    /// it, since what lies there is run; a pod has no others.
    fn make_cache(&self, folder: &Path, venv: &Path) -> io::Result<()> {
        if self.runtime == AgentRuntime::Processes {
            sys::check_own(venv)?;
            sys::check_own(&pip_folder(self.cache))?;
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        fs_err::create_dir_all(folder)
    }

    /// Makes a new virtual environment that has pip.
    fn make(&self, name: &str, interpreter: &Interpreter, venv: &Path) -> Result<(), SetupError> {
        let can = |script: &str| Ok(self.ask(name, &["-c", script])?.status.success());
        let mut argv = vec![name.to_owned(), "-m".into(), "venv".into()];
        let mut sees_pip = false;
        if self.runtime == AgentRuntime::Pod {
            // Packages of the image need not be fetched again.
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

    /// Installs what the spec asks for.
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

    /// Adds what helps when something could not be fetched.
    fn unfetched(&self, SetupError(why): SetupError) -> SetupError {
        SetupError(match self.runtime {
            AgentRuntime::Processes => why,
            AgentRuntime::Pod => format!(
                "{why}; where pods reach no package index, put what is needed into the image"
            ),
        })
    }

    /// Asks an interpreter what it is.
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

    /// Waits for the lock of an environment: another replica may be making the same one.
    fn wait_for(&self, lock: &File) -> Result<(), SetupError> {
        let begin = Instant::now();
        let mut next_message = 0;
        while lock.file().try_lock().is_err() {
            self.fail_if_ended()?;
            let waited = begin.elapsed().as_secs();
            if waited >= next_message {
                next_message = waited + 5;
                self.say(&format!(
                    "waiting {waited} s for another replica to make the environment"
                ));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}
