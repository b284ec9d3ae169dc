//! Makes a virtual environment and fills it: by uv where it is there, else by pip.

use std::path::{Path, PathBuf};

use super::environment::with_python;
use super::inputs::Inputs;
use super::python::{ENSUREPIP, Interpreter, PIP, pip_folder};
use super::settings::Settings;
use super::steps::Steps;
use crate::agent::config::AgentRuntime;
use crate::agent::input::{PythonPlace, SetupError};
use crate::event::EventKind;
use crate::spec::PythonSetup;

/// What installs packages.
pub(super) enum Installer {
    Pip,
    Uv {
        program: String,
        /// What its variables must be, so that it does as pip would.
        env: Vec<(String, String)>,
        /// What uv has of its own of a folder may be older than the folder.
        refresh: bool,
    },
}

impl Steps<'_> {
    /// Makes the environment `venv` with all that is asked for. Where uv fails, pip has the last word:
    /// it takes some packages and options that uv doesn't. It has none where uv alone knows where packages
    /// come from.
    pub(super) fn make(
        &self,
        python: &PythonSetup,
        name: &str,
        interpreter: &Interpreter,
        settings: &Settings,
        inputs: &Inputs,
        venv: &Path,
    ) -> Result<(), SetupError> {
        let installer = self.installer(interpreter, settings, inputs)?;
        if let Installer::Uv { .. } = &installer {
            match self.make_with(&installer, python, name, interpreter, venv) {
                Err(SetupError(why)) => {
                    self.fail_if_ended()?;
                    if let Some(known) = settings.only_uv_knows() {
                        return Err(SetupError(format!(
                            "{why}; pip is not tried, since it knows nothing of {known}"
                        )));
                    }
                    let message = format!("{why}; the same is tried with pip");
                    self.log.own(EventKind::Warning { message });
                    remove(venv)?;
                }
                Ok(()) => return Ok(()),
            }
        }
        self.make_with(&Installer::Pip, python, name, interpreter, venv)
    }

    /// Chooses what installs, and says so.
    fn installer(
        &self,
        interpreter: &Interpreter,
        settings: &Settings,
        inputs: &Inputs,
    ) -> Result<Installer, SetupError> {
        let Some(uv) = self.program("uv") else { return Ok(Installer::Pip) };
        // uv doesn't see the packages that an environment has from its image, and would fetch all of them
        // again.
        let of_image = self.runtime == AgentRuntime::Pod && self.has_packages(interpreter)?;
        let against = if of_image {
            Some("it doesn't see the packages of the image".to_owned())
        } else {
            inputs.only_pip.as_ref().map(|why| format!("only pip understands {why}"))
        };
        let env = match against {
            Some(why) => Err(why),
            None => settings.for_uv().map_err(|why| format!("it has nothing like {why}")),
        };
        Ok(match env {
            Ok(env) => Installer::Uv {
                program: uv.to_string_lossy().into_owned(),
                env,
                refresh: inputs.local,
            },
            Err(why) => {
                if let Some(known) = settings.only_uv_knows().filter(|_| !settings.pip_has_index())
                {
                    return Err(SetupError(format!(
                        "uv is there and not used: {why}; and pip knows nothing of {known}: tell it, \
                         too, where packages come from, for example by PIP_INDEX_URL"
                    )));
                }
                self.say(&format!("uv is there and not used: {why}"));
                Installer::Pip
            }
        })
    }

    /// Where a program is in `PATH`.
    fn program(&self, name: &str) -> Option<PathBuf> {
        let path = self.env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value)?;
        let found = std::env::split_paths(path).filter(|dir| dir.is_absolute());
        found.map(|dir| dir.join(name)).find(|program| program.is_file())
    }

    fn make_with(
        &self,
        installer: &Installer,
        python: &PythonSetup,
        name: &str,
        interpreter: &Interpreter,
        venv: &Path,
    ) -> Result<(), SetupError> {
        let (with, says) = match installer {
            Installer::Pip => ("pip", "pip".to_owned()),
            Installer::Uv { program, .. } => ("uv", format!("uv ({program})")),
        };
        self.log.install_started(with);
        self.say(&format!("installing with {says}"));
        self.made_and_filled(installer, python, name, interpreter, venv)
            .inspect_err(|_| self.log.install_failed())?;
        self.log.install_finished();
        Ok(())
    }

    fn made_and_filled(
        &self,
        installer: &Installer,
        python: &PythonSetup,
        name: &str,
        interpreter: &Interpreter,
        venv: &Path,
    ) -> Result<(), SetupError> {
        match installer {
            Installer::Pip => self.venv_by_python(name, venv)?,
            Installer::Uv { program, env, .. } => {
                let mut argv = vec![program.clone(), "venv".into(), "--quiet".into()];
                // Scripts of set-up may call pip.
                argv.push("--seed".into());
                if self.runtime == AgentRuntime::Pod {
                    argv.push("--system-site-packages".into());
                }
                let python = interpreter.executable.clone();
                argv.extend(["--python".into(), python, text(venv)]);
                self.step(argv, over(self.env, env), "uv venv")?;
            }
        }
        if self.runtime == AgentRuntime::Pod {
            self.see_image_packages(interpreter, venv)?;
        }
        for wanted in wanted(python, self.cwd) {
            self.install(installer, wanted, venv)?;
        }
        Ok(())
    }

    /// Makes a new virtual environment that has pip, as Python itself does.
    fn venv_by_python(&self, name: &str, venv: &Path) -> Result<(), SetupError> {
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
        argv.push(text(venv));
        self.step(argv, self.env.to_vec(), "making a Python environment").map_err(
            |SetupError(why)| {
                SetupError(format!("{why}; on Debian and Ubuntu it needs the package python3-venv"))
            },
        )?;
        if brings_pip {
            let kept = text(&pip_folder(self.cache));
            let argv = [name, "-I", "-c", PIP, &kept, &text(venv)].map(str::to_owned).to_vec();
            let done =
                self.step(argv, self.env.to_vec(), "bringing pip, since there is no ensurepip");
            done.map_err(|error| self.unfetched(error))?;
        }
        Ok(())
    }

    fn install(
        &self,
        installer: &Installer,
        wanted: Vec<String>,
        venv: &Path,
    ) -> Result<(), SetupError> {
        let python = text(&venv.join("bin/python"));
        let place = PythonPlace::Environment(venv.to_owned());
        let mut vars = with_python(self.env, Some(&place));
        let (argv, what): (Vec<String>, _) = match installer {
            Installer::Pip => {
                let fixed = ["--disable-pip-version-check", "--no-input", "--progress-bar=off"];
                let call = [python.as_str(), "-m", "pip", "install"];
                (call.iter().chain(&fixed).map(|word| (*word).to_owned()).collect(), "pip install")
            }
            Installer::Uv { program, env, refresh } => {
                vars = over(&vars, env);
                // pip knows nothing of `[tool.uv.sources]` in a package.
                let fixed = ["--color=never", "--no-progress", "--no-sources", "--python", &python];
                let call = [program.as_str(), "pip", "install"];
                let words =
                    call.iter().chain(&fixed).copied().chain(refresh.then_some("--refresh"));
                (words.map(str::to_owned).collect(), "uv pip install")
            }
        };
        let done = self.step([argv, wanted].concat(), vars, what);
        done.map_err(|error| self.unfetched(error))
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
}

/// What is installed, a list of arguments for each call.
fn wanted(python: &PythonSetup, cwd: &Path) -> Vec<Vec<String>> {
    let file = python.requirements.as_ref().map(|file| vec!["-r".into(), text(&cwd.join(file))]);
    let bare = (!python.no_deps.is_empty()).then(|| {
        let mut words = vec!["--no-deps".to_owned()];
        words.extend(python.no_deps.iter().cloned());
        words
    });
    file.into_iter().chain(bare).collect()
}

/// Removes what a failed or interrupted set-up has left.
pub(super) fn remove(venv: &Path) -> Result<(), SetupError> {
    match fs_err::remove_dir_all(venv) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(SetupError(format!("a half-made Python environment: {error}")))
        }
        _ => Ok(()),
    }
}

/// Variables with others over them. What would send uv elsewhere than it is told is left out.
fn over(env: &[(String, String)], more: &[(String, String)]) -> Vec<(String, String)> {
    let sends = |name: &str| matches!(name, "UV_SYSTEM_PYTHON" | "UV_PYTHON" | "UV_WORKING_DIR");
    let kept =
        env.iter().filter(|(name, _)| !sends(name) && !more.iter().any(|(known, _)| known == name));
    kept.chain(more).cloned().collect()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
