//! Reads what an environment is made from: files of requirements, packages of this machine, settings.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::agent::input::SetupError;
use crate::agent::setup::python::Interpreter;
use crate::agent::setup::settings::Settings;
use crate::agent::setup::tree::{self, Budget};
use crate::spec::PythonSetup;
use crate::spec::check::mask_text;
use crate::spec::plainly;
use crate::spec::requirements::{MOST_FILES, Place, Wants, local_path, requirement, requirements};
use crate::storage::{DOCUMENT_LIMIT, read_text};
use crate::text::hex;

/// Files of a package that say what else it needs; the last is one that the others may name.
const METADATA: [&str; 4] = ["pyproject.toml", "setup.cfg", "setup.py", "requirements.txt"];
/// What in them leads to something that is not in the package, or may be another thing next time.
const ELSEWHERE: [&str; 4] = ["file:/", "file:.", "../", "git+"];

/// What an environment is made from.
pub(in crate::agent::setup) struct Inputs {
    /// The same for the same content.
    pub(in crate::agent::setup) key: String,
    /// Why another environment of this key may have other packages.
    pub(in crate::agent::setup) moving: Option<String>,
    /// Why only pip can make it.
    pub(in crate::agent::setup) only_pip: Option<String>,
    /// It has packages of this machine's folders.
    pub(in crate::agent::setup) local: bool,
}

impl Inputs {
    /// Reads all that `python` names in the folder `cwd`. Values, which may hold secrets, are hashed only.
    pub(in crate::agent::setup) fn of(
        python: &PythonSetup,
        interpreter: &Interpreter,
        settings: &Settings,
        env: &[(String, String)],
        cwd: &Path,
    ) -> Result<Self, SetupError> {
        let mut reading = Reading {
            env,
            cwd,
            digest: Sha256::new(),
            budget: Budget::default(),
            seen: BTreeSet::new(),
            left: VecDeque::new(),
            found: Self { key: String::new(), moving: None, only_pip: None, local: false },
        };
        reading.part("interpreter", interpreter.identity().as_bytes());
        if let Some(file) = &python.requirements {
            reading.later(cwd.join(file), "setup.python.requirements");
        }
        for text in &python.no_deps {
            reading.part("noDeps", text.as_bytes());
            if let Some(wants) = requirement(text, false) {
                let by = format!("setup.python.noDeps: {}", mask_text(text));
                reading.wants(&wants, cwd, &by)?;
            }
        }
        reading.settings(settings)?;
        while let Some((path, by)) = reading.left.pop_front() {
            reading.file(&path, &by)?;
        }
        let Reading { digest, mut found, .. } = reading;
        hex::encode(digest.finalize())[..16].clone_into(&mut found.key);
        Ok(found)
    }
}

struct Reading<'a> {
    env: &'a [(String, String)],
    cwd: &'a Path,
    digest: Sha256,
    budget: Budget,
    /// Files of requirements that have been read.
    seen: BTreeSet<PathBuf>,
    /// Those that have been named and not read yet, and who named them.
    left: VecDeque<(PathBuf, String)>,
    found: Inputs,
}

impl Reading<'_> {
    fn part(&mut self, sort: &str, bytes: &[u8]) {
        for part in [sort.as_bytes(), bytes] {
            self.digest.update((part.len() as u64).to_be_bytes());
            self.digest.update(part);
        }
    }

    /// A file that is to be read after what names it: however deep they lead, and in whatever circles.
    fn later(&mut self, path: PathBuf, by: &str) {
        self.left.push_back((path, by.to_owned()));
    }

    /// A file of requirements or constraints, with all that it names. `by` names it to people.
    fn file(&mut self, path: &Path, by: &str) -> Result<(), SetupError> {
        if !self.seen.insert(path.canonicalize().unwrap_or_else(|_| path.to_owned())) {
            self.part("again", b"");
            return Ok(());
        }
        if self.seen.len() > MOST_FILES {
            return Err(SetupError(format!(
                "{by}: more than {MOST_FILES} files of requirements name each other; write what they \
                 say into fewer"
            )));
        }
        let text = read_text(path, DOCUMENT_LIMIT).map_err(|error| {
            SetupError(format!("{by}: {error}; a path in it starts at `code`, or at its own file"))
        })?;
        let env = self.env;
        let variable = |name: &str| {
            env.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let lines = requirements(&text, &variable);
        self.part("lines", &(lines.len() as u64).to_be_bytes());
        let name = path.strip_prefix(self.cwd).unwrap_or(path).display().to_string();
        let folder = path.parent().unwrap_or(self.cwd).to_owned();
        for line in lines {
            self.part("line", line.text.as_bytes());
            for wants in &line.wants {
                self.wants(wants, &folder, &format!("{name}:{}", line.number))?;
            }
        }
        Ok(())
    }

    /// What one line names. `folder` is that of the file which it stands in, `by` names it to people.
    fn wants(&mut self, wants: &Wants, folder: &Path, by: &str) -> Result<(), SetupError> {
        match wants {
            Wants::File(Place::Path(path)) => self.later(folder.join(path), by),
            Wants::File(Place::Url(_)) => self.moving(format!("{by} names a file by URL")),
            Wants::Code(path) => self.code(&self.cwd.join(path), by)?,
            Wants::Packages(path) => {
                let beside = folder.join(path);
                let place = if beside.exists() { beside } else { self.cwd.join(path) };
                self.tree(&place, by)?;
            }
            Wants::Editable(path) => {
                return Err(SetupError(format!(
                    "{by}: an editable install leads to the run's copy of the code, which goes away; \
                     {}",
                    plainly(path)
                )));
            }
            Wants::Moving(why) => self.moving(format!("{by}: {why}")),
            Wants::OnlyPip(option) => {
                self.found.only_pip.get_or_insert_with(|| format!("{by}: {option}"));
            }
        }
        Ok(())
    }

    /// A package of this machine.
    fn code(&mut self, path: &Path, by: &str) -> Result<(), SetupError> {
        if !path.exists() {
            return Err(SetupError(format!(
                "{by}: there is no {}; a path of a package starts at `code`",
                path.display()
            )));
        }
        self.found.local = true;
        for name in METADATA {
            let file = path.join(name);
            let text = read_text(&file, DOCUMENT_LIMIT).unwrap_or_default();
            if leads_elsewhere(&text) {
                self.moving(format!("{by}: its {name} leads to something else"));
            }
        }
        self.tree(path, by)
    }

    /// Whatever lies at a path, with all that is in it.
    fn tree(&mut self, path: &Path, by: &str) -> Result<(), SetupError> {
        match tree::hash(path, &mut self.budget) {
            Ok(hash) => self.part("tree", &hash),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.part("nothing", b""),
            // What can't be read may matter to nobody: the installer is asked.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::QuotaExceeded | io::ErrorKind::PermissionDenied
                ) =>
            {
                self.moving(format!("{by}: {error}"));
            }
            Err(error) => return Err(SetupError(format!("{by}: {error}"))),
        }
        Ok(())
    }

    fn moving(&mut self, why: String) {
        self.found.moving.get_or_insert(why);
    }

    /// What the user's settings add.
    fn settings(&mut self, settings: &Settings) -> Result<(), SetupError> {
        for (name, value) in settings.deciding() {
            self.setting(name, name, value)?;
        }
        for (name, value) in &settings.uv {
            let option = name.trim_start_matches("UV_").to_ascii_lowercase().replace('_', "-");
            self.setting(name, &option, value)?;
        }
        for file in &settings.uv_files {
            self.part("uv", file.text.as_bytes());
        }
        Ok(())
    }

    /// One option, by its name and by that of pip's like it.
    fn setting(&mut self, name: &str, option: &str, value: &str) -> Result<(), SetupError> {
        self.part(name, value.as_bytes());
        let by = format!("the setting {name}");
        let words: Vec<&str> = value
            .split(|c: char| c.is_whitespace() || c == ',')
            .filter(|w| !w.is_empty())
            .collect();
        for word in words {
            let is_url = word.contains("://") && !word.starts_with("file:");
            let path = self.cwd.join(local_path(word));
            match option {
                "requirement" | "constraint" | "build-constraint" | "override" | "exclude" => {
                    if is_url {
                        self.moving(format!("{by} names a file by URL"));
                    } else {
                        self.later(path, &by);
                    }
                }
                "find-links" | "index-url" | "default-index" | "extra-index-url" | "index"
                    if !is_url =>
                {
                    self.tree(&path, &by)?;
                }
                "editable" => self.moving(format!("{by} names an editable package")),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether a package's file leads to something that is not in the package, or names what may be another thing
/// next time.
pub(super) fn leads_elsewhere(text: &str) -> bool {
    let begins = |rest: &str| {
        let rest = rest.trim_start();
        rest.starts_with("http://") || rest.starts_with("https://")
    };
    // `name @ https://...`, or an address alone in its line.
    ELSEWHERE.iter().any(|mark| text.contains(mark))
        || text.match_indices('@').any(|(at, _)| begins(&text[at + 1..]))
        || text.lines().any(begins)
}
