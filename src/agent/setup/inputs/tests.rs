use super::reading::{Inputs, leads_elsewhere};
use crate::agent::input::SetupError;
use crate::agent::setup::python::Interpreter;
use crate::agent::setup::settings::Settings;
use crate::spec::PythonSetup;
use crate::spec::requirements::MOST_FILES;

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
        let python =
            PythonSetup { requirements: Some("requirements.txt".into()), ..PythonSetup::default() };
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
        // uv's is a list of files, too.
        ("UV_EXCLUDE", code.path("pins.txt"), Some(("pins.txt", "six"))),
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
        ("./names", "its requirements.txt leads to something else"),
    ] {
        let code = Code::new(&[
            ("requirements.txt", &format!("six\n{line}\n")),
            ("leads/pyproject.toml", "dependencies = ['other @ file:///home/other']"),
            ("names/pyproject.toml", "dynamic = ['dependencies']"),
            ("names/requirements.txt", "six\nother @ https://host/main.zip\n"),
        ]);
        let moving = code.inputs(&[]).unwrap().moving.unwrap();
        assert!(moving.contains(why), "{moving}");
    }
    for (line, why) in [
        ("-r none.txt", "requirements.txt:2: can't read "),
        ("./none", "requirements.txt:2: there is no "),
        ("-e ./mine", "write `./mine` without `-e`"),
    ] {
        let code = Code::new(&[("requirements.txt", &format!("six\n{line}\n")), ("mine/x", "")]);
        let SetupError(error) = code.inputs(&[]).err().unwrap();
        assert!(error.contains(why), "{error}");
    }
    let code = Code::new(&[("requirements.txt", "--prefer-binary")]);
    assert!(code.inputs(&[]).unwrap().only_pip.unwrap().contains("--prefer-binary"));
}

#[test]
fn what_leads_out_of_a_package_is_seen() {
    for text in ["x @ https://host/a.zip", "x@http://host/a", " https://host/a", "-r ../a"] {
        assert!(leads_elsewhere(text), "{text}");
    }
    for text in ["[project.urls]\nhome = 'https://host'", "mail = 'ada@https.org'", "six"] {
        assert!(!leads_elsewhere(text), "{text}");
    }
}

#[test]
fn files_that_name_each_other_are_read_once_and_not_without_end() {
    let code = Code::new(&[("requirements.txt", "-r a.txt\n"), ("a.txt", "-r a.txt\n-r b.txt")]);
    code.write("b.txt", "-r a.txt\n-r requirements.txt\nsix\n");
    let before = code.key(&[]);
    code.write("b.txt", "-r a.txt\n-r requirements.txt\nsix==1\n");
    assert_ne!(before, code.key(&[]));
    for at in 0..=MOST_FILES {
        code.write(&format!("n{at}.txt"), &format!("-r n{}.txt\n", at + 1));
    }
    code.write("requirements.txt", "-r n0.txt\n");
    let SetupError(error) = code.inputs(&[]).err().unwrap();
    assert!(error.contains("more than 200 files of requirements"), "{error}");
}

#[test]
fn no_password_of_an_entry_is_told() {
    let code = Code::new(&[]);
    let text = "a @ https://ada:hunter2@host/main.zip";
    let python = PythonSetup { no_deps: vec![text.into()], ..PythonSetup::default() };
    let moving = code.of(&python, &[]).unwrap().moving.unwrap();
    assert!(moving.contains("setup.python.noDeps: a @ https://"), "{moving}");
    assert!(!moving.contains("hunter2"), "{moving}");
}
