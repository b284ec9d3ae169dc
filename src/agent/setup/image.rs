//! A container image brings its own Python: what it has is used, and nothing is fetched twice.

use std::path::{Path, PathBuf};

use super::python::Interpreter;
use super::steps::Steps;
use crate::agent::input::{PythonPlace, SetupError};
use crate::spec::PythonSetup;
use crate::spec::check::mask_script;

/// A script that succeeds when an interpreter has all packages that are required. It needs neither
/// pip nor a network.
const SATISFIED: &str = include_str!("satisfied.py");

/// A script that succeeds when an interpreter has more packages than those that install others.
const HAS_PACKAGES: &str = "import sys
from importlib.metadata import distributions
names = {(one.metadata['Name'] or '').lower() for one in distributions()}
sys.exit(not names - {'', 'pip', 'setuptools', 'wheel', 'uv'})";

impl Steps<'_> {
    /// The image's own Python, when it has everything that the spec asks for; `None` when something
    /// is missing.
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
            let printed = String::from_utf8_lossy(&output.stdout);
            let why = printed.lines().last().unwrap_or("its Python can't tell what it has");
            // What is required may be a URL with a password.
            self.say(&format!("the image lacks something: {}", mask_script(why)));
            return Ok(None);
        }
        self.say("the image has everything that setup.python asks for");
        self.place(interpreter).map(Some)
    }

    /// Whether an image brings packages that a new environment should see.
    pub(super) fn has_packages(&self, interpreter: &Interpreter) -> Result<bool, SetupError> {
        Ok(self.ask(&interpreter.executable, &["-c", HAS_PACKAGES])?.status.success())
    }

    /// A place where the command finds this interpreter under the name `python`.
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
        let of_image = site(&interpreter.executable)?;
        let of_environment = site(&venv.join("bin/python").to_string_lossy())?;
        fs_err::write(of_environment.join("image.pth"), format!("{}\n", of_image.display()))
            .map_err(|error| SetupError(format!("the Python environment: {error}")))
    }
}

/// Makes a link, unless there is one already.
fn link(target: &Path, link: &Path) -> std::io::Result<()> {
    match fs_err::os::unix::fs::symlink(target, link) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}
