//! A container image brings its own Python: what it has is used, and nothing is fetched twice.

use std::path::{Path, PathBuf};

use super::python::Interpreter;
use super::steps::Steps;
use crate::agent::input::{PythonPlace, SetupError};
use crate::spec::PythonSetup;

/// Tells whether an interpreter has all that is required. Needs neither pip nor a network.
const SATISFIED: &str = include_str!("satisfied.py");

impl Steps<'_> {
    /// Nothing is missing: the image's interpreter is the environment. `None`: something is.
    pub(super) fn image_python(
        &self,
        python: &PythonSetup,
        interpreter: &Interpreter,
    ) -> Result<Option<PythonPlace>, SetupError> {
        let file = python.requirements.as_ref().map(|file| self.cwd.join(file));
        let file = file.map_or_else(String::new, |file| file.to_string_lossy().into_owned());
        let mut args = vec!["-c", SATISFIED, &file];
        args.extend(python.no_deps.iter().map(String::as_str));
        let output = self.ask(&interpreter.executable, &args)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stdout);
            let why = said.lines().last().unwrap_or("its Python can't tell what it has");
            self.say(&format!("the image lacks something: {why}"));
            return Ok(None);
        }
        self.say("the image has everything that setup.python asks for");
        self.place(interpreter).map(Some)
    }

    /// Where the command finds the interpreter as `python`.
    fn place(&self, interpreter: &Interpreter) -> Result<PythonPlace, SetupError> {
        if self.interpreter("python").is_ok_and(|found| found == *interpreter) {
            return Ok(PythonPlace::AsItIs);
        }
        let executable = Path::new(&interpreter.executable);
        if let Some(dir) = executable.parent()
            && let Some(beside) = dir.join("python").to_str()
            && self.interpreter(beside).is_ok_and(|found| found == *interpreter)
        {
            return Ok(PythonPlace::Folder(dir.to_owned()));
        }
        // Many images have a `python3` only.
        let dir = self.cache.join("bin");
        let linked = fs_err::create_dir_all(&dir).and_then(|()| {
            ["python", "python3"].iter().try_for_each(|name| link(executable, &dir.join(name)))
        });
        linked.map_err(|error| SetupError(format!("a folder with `python` in it: {error}")))?;
        Ok(PythonPlace::Folder(dir))
    }

    /// Lets a new environment see the packages of an image's own environment, which
    /// `--system-site-packages` leaves out.
    pub(super) fn see_image_packages(
        &self,
        interpreter: &Interpreter,
        venv: &Path,
    ) -> Result<(), SetupError> {
        const SITE: &str = "import sysconfig; print(sysconfig.get_path('purelib'))";
        if !interpreter.is_environment {
            return Ok(());
        }
        let site = |python: &str| -> Result<PathBuf, SetupError> {
            let output = self.ask(python, &["-c", SITE])?;
            Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
        };
        let theirs = site(&interpreter.executable)?;
        let ours = site(&venv.join("bin/python").to_string_lossy())?;
        fs_err::write(ours.join("image.pth"), format!("{}\n", theirs.display()))
            .map_err(|error| SetupError(format!("the Python environment: {error}")))
    }
}

fn link(target: &Path, link: &Path) -> std::io::Result<()> {
    match fs_err::os::unix::fs::symlink(target, link) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}
