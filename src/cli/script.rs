//! A script without a spec, and what is a program rather than a spec.

use std::path::{Path, PathBuf};

use super::load::{Originated, Read};
use super::{CliError, Context, ErrorKind, Purpose, SpecArgs};
use crate::spec::SPEC_LIMIT;
use crate::spec::batch_directives;
use crate::spec::kinds::train::from_script;
use crate::spec::requirements::requirements;
use crate::spec::syntax::Source;
use crate::storage::read_text;
use crate::text::list_of;

/// What a Python script's packages are named in, beside it.
const REQUIREMENTS: &str = "requirements.txt";

impl Context {
    /// The training run that a script is.
    pub(super) fn script(
        &self,
        script: &Path,
        (purpose, args): (Purpose, &SpecArgs),
        script_args: &[String],
    ) -> Result<Vec<Originated>, CliError> {
        let sets_args =
            |set: &String| ["args=", "args.", "args["].iter().any(|start| set.starts_with(start));
        if !script_args.is_empty() && args.set.iter().any(sets_args) {
            let message = "arguments of the command stand behind -- and in --set args too";
            return Err(CliError::new(ErrorKind::Usage, message).hint("give all of them behind --"));
        }
        // What is too long for a script has no first line that counts.
        let written = read_text(&self.env.cwd.join(script), SPEC_LIMIT).unwrap_or_default();
        let job = from_script(&script.to_string_lossy(), &written, script_args);
        // Written as text and loaded like any spec, so that --set and the linter work the same.
        let text = crate::spec::to_yaml(&job)
            .map_err(|error| CliError::new(ErrorKind::Internal, error.to_string()))?;
        if purpose != Purpose::Look && !args.set.iter().any(|set| set.starts_with("setup")) {
            self.hint_at_requirements(script);
        }
        let source = Source::new(script.display().to_string(), text);
        let (base, beside) = (self.env.cwd.as_path(), Path::new(""));
        self.load_from(Read { source, base, beside, is_written: false }, (purpose, args), None)
    }

    /// Says that what lies beside a script is not installed, where it names something.
    fn hint_at_requirements(&self, script: &Path) {
        let is_python = script.extension().is_some_and(|ending| ending == "py");
        let beside = self.env.cwd.join(script).with_file_name(REQUIREMENTS);
        let Some(text) = read_text(&beside, SPEC_LIMIT).ok().filter(|_| is_python) else { return };
        if requirements(&text, &|_| None).is_empty() {
            return;
        }
        self.printer.hint(format!(
            "{REQUIREMENTS} beside {} is not installed; this installs it before the script starts: \
             --set setup.python.requirements={REQUIREMENTS}",
            script.display()
        ));
    }
}

impl Context {
    /// Says that a script's directives for Slurm are comments here, and what does the same.
    pub(super) fn tell_of_directives(&self, script: &Path, text: &[u8]) {
        // Of most programs nothing but the name was looked at.
        let of_file = || read_text(&self.env.cwd.join(script), SPEC_LIMIT).unwrap_or_default();
        let text = if text.is_empty() { of_file() } else { String::from_utf8_lossy(text).into() };
        let directives = batch_directives(&text);
        if directives.is_empty() {
            return;
        }
        let names: Vec<&str> = directives.iter().map(|one| one.written.as_str()).collect();
        let name = script.display();
        self.printer.warn(format!(
            "the #SBATCH lines of {name} are comments here: {}",
            list_of(&names, "and")
        ));
        self.printer
            .hint(format!("mlctl convert --from slurm {name} says what does the same of each"));
    }
}

/// The script that a folder without a spec is about: `train.py` or `main.py`, or its only one.
pub(super) fn script_in(folder: &Path) -> Option<String> {
    let entries = fs_err::read_dir(folder).ok()?.flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let scripts: Vec<String> =
        names.filter(|name| is_program(Path::new(name)) == Some(true)).collect();
    let usual =
        ["train.py", "main.py"].into_iter().find(|usual| scripts.iter().any(|s| s == usual));
    match (usual, scripts.as_slice()) {
        (Some(usual), _) => Some(usual.to_owned()),
        (None, [only]) => Some(only.clone()),
        (None, _) => None,
    }
}

/// A program rather than a spec: by its name, or by its first bytes.
pub(super) fn script(path: &Path, text: &[u8]) -> Option<PathBuf> {
    let is_one = is_program(path).unwrap_or_else(|| text.starts_with(b"#!"));
    is_one.then(|| path.to_path_buf())
}

/// What a name says; nothing where it has none of the usual endings.
pub(super) fn is_program(path: &Path) -> Option<bool> {
    match path.extension().and_then(|ending| ending.to_str()) {
        // Those of Slurm's scripts are named so that nobody takes them for a program.
        Some("yaml" | "yml" | "json" | "sbatch" | "slurm") => Some(false),
        Some("py" | "sh") => Some(true),
        _ => None,
    }
}
