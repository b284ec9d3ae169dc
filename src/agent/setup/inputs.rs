//! What a Python environment is made from, as far as it can be known before it is made.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::python::Interpreter;
use super::settings::Settings;
use super::tree::{self, Budget};
use crate::agent::input::SetupError;
use crate::spec::PythonSetup;
use crate::spec::plainly;
use crate::spec::requirements::{Place, Wants, local_path, requirement, requirements};
use crate::storage::{DOCUMENT_LIMIT, read_text};
use crate::text::hex;

/// Files of a package that say what else it needs.
const METADATA: [&str; 3] = ["pyproject.toml", "setup.cfg", "setup.py"];
/// What in them leads to something that is not in the package, or may be another thing next time.
const ELSEWHERE: [&str; 4] = ["file:/", "file:.", "../", "git+"];

/// What an environment is made from.
pub(super) struct Inputs {
    /// The same for the same content.
    pub(super) key: String,
    /// Why another environment of this key may have other packages.
    pub(super) moving: Option<String>,
    /// Why only pip can make it.
    pub(super) only_pip: Option<String>,
    /// It has packages of this machine's folders.
    pub(super) local: bool,
}

impl Inputs {
    /// Reads all that `python` names in the folder `cwd`. Values, which may hold secrets, are hashed only.
    pub(super) fn of(
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
            found: Self { key: String::new(), moving: None, only_pip: None, local: false },
        };
        reading.part("interpreter", interpreter.identity().as_bytes());
        if let Some(file) = &python.requirements {
            reading.file(&cwd.join(file), "setup.python.requirements")?;
        }
        for text in &python.no_deps {
            reading.part("noDeps", text.as_bytes());
            if let Some(wants) = requirement(text, false) {
                reading.wants(&wants, cwd, &format!("setup.python.noDeps: {text}"))?;
            }
        }
        reading.settings(settings)?;
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
    found: Inputs,
}

impl Reading<'_> {
    fn part(&mut self, sort: &str, bytes: &[u8]) {
        for part in [sort.as_bytes(), bytes] {
            self.digest.update((part.len() as u64).to_be_bytes());
            self.digest.update(part);
        }
    }

    /// A file of requirements or constraints, with all that it names. `by` names it to people.
    fn file(&mut self, path: &Path, by: &str) -> Result<(), SetupError> {
        let text = read_text(path, DOCUMENT_LIMIT).map_err(|error| {
            SetupError(format!("{by}: {error}; a path in it starts at `code`, or at its own file"))
        })?;
        if !self.seen.insert(path.canonicalize().unwrap_or_else(|_| path.to_owned())) {
            self.part("again", b"");
            return Ok(());
        }
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
            Wants::File(Place::Path(path)) => self.file(&folder.join(path), by)?,
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
            if ELSEWHERE.iter().any(|mark| text.contains(mark)) {
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
            Err(error) if error.kind() == io::ErrorKind::QuotaExceeded => {
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
            let text = read_text(file, DOCUMENT_LIMIT).unwrap_or_default();
            self.part("uv", text.as_bytes());
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
                        self.file(&path, &by)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with code, and what an environment of it is called.
    struct Code(tempfile::TempDir);

    impl Code {
        fn new(files: &[(&str, &str)]) -> Self {
            let code = Self(tempfile::tempdir().unwrap());
            for (name, text) in files {
                code.write(name, text);
            }
            code
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.0.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }

        fn path(&self, name: &str) -> String {
            self.0.path().join(name).display().to_string()
        }

        fn inputs(&self, env: &[(&str, &str)]) -> Result<Inputs, SetupError> {
            let python = PythonSetup {
                requirements: Some("requirements.txt".into()),
                ..PythonSetup::default()
            };
            self.of(&python, env)
        }

        fn of(&self, python: &PythonSetup, env: &[(&str, &str)]) -> Result<Inputs, SetupError> {
            // Only what is given here counts, not this machine's own files.
            let own = [("PIP_CONFIG_FILE", "/dev/null"), ("UV_CONFIG_FILE", "/dev/null")];
            let own = own.iter().filter(|(name, _)| env.iter().all(|(given, _)| given != name));
            let env: Vec<(String, String)> =
                own.chain(env).map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            let settings = Settings::of(&env, self.0.path());
            Inputs::of(python, &Interpreter::example(), &settings, &env, self.0.path())
        }

        fn key(&self, env: &[(&str, &str)]) -> String {
            let Inputs { key, moving, .. } = self.inputs(env).unwrap();
            assert_eq!(moving, None);
            key
        }
    }

    #[test]
    fn every_file_and_folder_that_is_named_counts() {
        let code = Code::new(&[
            ("requirements.txt", "-r reqs/base.txt\n--find-links ./wheels\n"),
            ("reqs/base.txt", "./mine[all]\nother @ file:other.zip\n-cpins.txt\n${WHICH}/third\n"),
            ("reqs/pins.txt", "six==1.0"),
            ("mine/pyproject.toml", "[project]"),
            ("mine/mine/x.py", "x = 1"),
            ("other.zip", "1"),
            ("wheels/a.whl", "1"),
            ("a/third/x", "1"),
            ("b/third/x", "1"),
            ("train.py", "1"),
        ]);
        let env = [("WHICH", "a")];
        let mut before = code.key(&env);
        for name in ["train.py", "b/third/x", "mine/__pycache__/x.pyc", "unnamed.txt"] {
            code.write(name, "2");
            assert_eq!(before, code.key(&env), "{name}");
        }
        for name in [
            "reqs/pins.txt",
            "mine/mine/x.py",
            "mine/new.py",
            "other.zip",
            "wheels/a.whl",
            "wheels/b.whl",
            "a/third/x",
        ] {
            code.write(name, "2");
            let after = code.key(&env);
            assert_ne!(before, after, "{name}");
            before = after;
        }
        // The value counts by itself, though both folders hold the same.
        assert_ne!(before, code.key(&[("WHICH", "b")]));
        code.write("reqs/base.txt", "six");
        assert_ne!(before, code.key(&env));
    }

    #[test]
    fn entries_without_dependencies_count_like_lines() {
        let code = Code::new(&[("mine/x.py", "1")]);
        let python = PythonSetup { no_deps: vec!["./mine".into()], ..PythonSetup::default() };
        let key = || code.of(&python, &[]).unwrap().key;
        let before = key();
        code.write("mine/x.py", "2");
        assert_ne!(before, key());
    }

    #[test]
    fn where_packages_come_from_counts() {
        let code = Code::new(&[
            ("requirements.txt", "six"),
            ("pins.txt", "six==1"),
            ("more.txt", "-c pins.txt"),
            ("wheels/a.whl", "1"),
            ("pip.conf", "[global]\nindex-url = https://one\n"),
            ("uv.toml", "index-url = 'https://one'"),
        ]);
        let none = code.key(&[]);
        assert_eq!(none, code.key(&[("PIP_TIMEOUT", "9"), ("UV_CACHE_DIR", "/x"), ("HTTP", "x")]));
        for (name, value, change) in [
            ("PIP_INDEX_URL", "https://ada:secret@one/simple".to_owned(), None),
            ("UV_DEFAULT_INDEX", "https://one/simple".to_owned(), None),
            ("PIP_ONLY_BINARY", ":all:".to_owned(), None),
            (
                "PIP_CONFIG_FILE",
                code.path("pip.conf"),
                Some(("pip.conf", "[global]\nindex-url = https://two\n")),
            ),
            ("UV_CONFIG_FILE", code.path("uv.toml"), Some(("uv.toml", "[pip]"))),
            (
                "PIP_FIND_LINKS",
                format!("https://two {}", code.path("wheels")),
                Some(("wheels/a.whl", "2")),
            ),
            ("PIP_CONSTRAINT", code.path("pins.txt"), Some(("pins.txt", "six==2"))),
            ("PIP_REQUIREMENT", "more.txt".to_owned(), Some(("pins.txt", "six==3"))),
            ("UV_OVERRIDE", code.path("pins.txt"), Some(("pins.txt", "six==4"))),
        ] {
            let env = [(name, value.as_str())];
            let before = code.key(&env);
            assert_ne!(before, none, "{name}");
            let Some((file, text)) = change else { continue };
            code.write(file, text);
            assert_ne!(before, code.key(&env), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_known_is_said_and_what_is_not_there_is_an_error() {
        for (line, why) in [
            ("git+https://u:p@host/a.git@main", "requirements.txt:2: git+https://host/a.git@main"),
            ("-r https://host/more.txt", "requirements.txt:2 names a file by URL"),
            ("./leads", "its pyproject.toml leads to something else"),
        ] {
            let code = Code::new(&[
                ("requirements.txt", &format!("six\n{line}\n")),
                ("leads/pyproject.toml", "dependencies = ['other @ file:///home/other']"),
            ]);
            let moving = code.inputs(&[]).unwrap().moving.unwrap();
            assert!(moving.contains(why), "{moving}");
        }
        for (line, why) in [
            ("-r none.txt", "requirements.txt:2: can't read "),
            ("./none", "requirements.txt:2: there is no "),
            ("-e ./mine", "write `./mine` without `-e`"),
        ] {
            let code =
                Code::new(&[("requirements.txt", &format!("six\n{line}\n")), ("mine/x", "")]);
            let SetupError(error) = code.inputs(&[]).err().unwrap();
            assert!(error.contains(why), "{error}");
        }
        let code = Code::new(&[("requirements.txt", "--prefer-binary")]);
        assert!(code.inputs(&[]).unwrap().only_pip.unwrap().contains("--prefer-binary"));
    }
}
