//! A Python environment that has what the spec asks for.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::inputs::Inputs;
use super::kept::{Environment, OnceEnvironment, once};
use super::settings::Settings;
use super::steps::Steps;
use crate::agent::config::AgentRuntime;
use crate::agent::input::{PythonPlace, SetupError};
use crate::spec::PythonSetup;
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

impl Interpreter {
    #[cfg(test)]
    pub(super) fn example() -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            executable: text("/usr/bin/python3"),
            real: text("/usr/bin/python3.11"),
            prefix: text("/usr"),
            version: text("3.11"),
            is_environment: false,
        }
    }

    /// What environments that are made with it depend on.
    pub(super) fn identity(&self) -> String {
        format!("{} {}\n", self.real, self.version)
    }
}

/// A command's Python, once it is there.
pub(super) struct PythonDone {
    pub(super) place: PythonPlace,
    /// Keeps an environment that is of this run alone.
    pub(super) once: Option<Arc<OnceEnvironment>>,
}

impl Steps<'_> {
    /// Makes the environment that the spec asks for, and says whether it was there already.
    pub(super) fn python(&self, python: &PythonSetup) -> Result<(PythonDone, bool), SetupError> {
        let name = python.interpreter.as_deref().unwrap_or("python3");
        let interpreter = self.interpreter(name)?;
        if self.runtime == AgentRuntime::Pod
            && let Some(place) = self.image_python(python, &interpreter)?
        {
            return Ok((PythonDone { place, once: None }, true));
        }
        let settings = Settings::of(self.env, self.cwd);
        let inputs = Inputs::of(python, &interpreter, &settings, self.env, self.cwd)?;
        let folder = match &inputs.moving {
            None => inputs.key.clone(),
            Some(why) => {
                self.say(&format!("the environment is made for this run alone: {why}"));
                let digest = Sha256::digest(format!("{} {}", self.run, inputs.key));
                once(&hex::encode(digest)[..16])
            }
        };
        let Environment { venv, found, once } = self.kept(&folder, &|venv| {
            self.make(python, name, &interpreter, &settings, &inputs, venv)
        })?;
        Ok((PythonDone { place: PythonPlace::Environment(venv), once }, found))
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
}
