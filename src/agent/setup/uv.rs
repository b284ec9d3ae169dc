//! What uv's variables and files say, and what uv is told so that it does as pip would.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::settings::Settings;
use crate::storage::{DOCUMENT_LIMIT, read_text};

/// uv's variables, as they begin, that change neither which packages are installed nor what is in them.
const HARMLESS: [&str; 16] = [
    "UV_CACHE_DIR",
    "UV_COLOR",
    "UV_COMPILE_BYTECODE",
    "UV_CONCURRENT_",
    "UV_HTTP_",
    "UV_INSTALL",
    "UV_LINK_MODE",
    "UV_LOCK_TIMEOUT",
    "UV_NATIVE_TLS",
    "UV_NO_CACHE",
    "UV_NO_PROGRESS",
    "UV_NO_WRAP",
    "UV_PROJECT",
    "UV_REQUEST_TIMEOUT",
    "UV_SYSTEM_CERTS",
    "UV_TOOL_",
];

/// Options by which uv's settings say where packages come from, as its files call them.
const PLACES: [&str; 6] =
    ["default-index", "index-url", "index", "extra-index-url", "find-links", "no-index"];

/// How uv chooses among indexes when it does as pip does.
const AS_PIP: &str = "unsafe-best-match";

/// One of uv's files.
pub(super) struct UvFile {
    path: PathBuf,
    /// What of it is uv's.
    pub(super) text: String,
}

impl UvFile {
    /// Reads a file, if it is there and says something to uv.
    fn read(path: PathBuf) -> Option<Self> {
        let text = read_text(&path, DOCUMENT_LIMIT).ok().filter(|text| !text.is_empty())?;
        if !path.ends_with("pyproject.toml") {
            return Some(Self { path, text });
        }
        let mut is_own = false;
        let own = text.lines().filter(|line| {
            let line = line.trim_start();
            if line.starts_with('[') {
                let table = line.trim_start_matches(['[', ' ']);
                is_own = table.starts_with("tool.uv.") || table.starts_with("tool.uv]");
            }
            is_own
        });
        let text = own.collect::<Vec<_>>().join("\n");
        (!text.is_empty()).then_some(Self { path, text })
    }

    /// Whether a word stands in it outside of comments: a table, an option, or what one is set to.
    fn has(&self, word: &str) -> bool {
        let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let lines = self.text.lines().filter(|line| !line.trim_start().starts_with('#'));
        lines.flat_map(|line| line.split(|c| !is_of_word(c))).any(|found| found == word)
    }
}

/// uv's variables that decide something.
pub(super) fn variables(env: &[(String, String)]) -> BTreeMap<String, String> {
    let decides = |name: &str| {
        name.starts_with("UV_") && !HARMLESS.iter().any(|known| name.starts_with(known))
    };
    let found = env.iter().filter(|(name, value)| decides(name) && !value.is_empty());
    found.cloned().collect()
}

/// uv's files that count in a folder: the nearest one of a project, the user's and the machine's.
pub(super) fn files<'a>(
    get: &dyn Fn(&str) -> Option<&'a str>,
    cwd: &Path,
    config: Option<&Path>,
    shared: &[PathBuf],
) -> Vec<UvFile> {
    if get("UV_NO_CONFIG").is_some_and(is_true) {
        return Vec::new();
    }
    if let Some(file) = get("UV_CONFIG_FILE") {
        return UvFile::read(cwd.join(file)).into_iter().collect();
    }
    let mut beside = cwd
        .ancestors()
        .flat_map(|folder| ["uv.toml", "pyproject.toml"].map(|name| folder.join(name)));
    let own = config.into_iter().chain(shared.iter().map(PathBuf::as_path));
    let own = own.map(|folder| folder.join("uv/uv.toml")).chain([PathBuf::from("/etc/uv/uv.toml")]);
    beside.find_map(UvFile::read).into_iter().chain(own.filter_map(UvFile::read)).collect()
}

impl Settings {
    /// uv's variables for what pip's options say, where the user has said nothing to uv; an error names an
    /// option that uv has no like of.
    pub(super) fn for_uv(&self) -> Result<Vec<(String, String)>, String> {
        // pip looks at every index for the best version, unless the user of uv wants it otherwise.
        let mut env = vec![("UV_INDEX_STRATEGY".to_owned(), AS_PIP.to_owned())];
        // pip trusts whom the machine trusts; older releases of uv know the other name.
        env.extend(
            ["UV_SYSTEM_CERTS", "UV_NATIVE_TLS"].map(|name| (name.to_owned(), "1".to_owned())),
        );
        for (name, value) in &self.pip {
            let Some(like) = like_of_uv(name) else {
                return Err(format!("pip's setting {name}"));
            };
            let words: Vec<&str> = value.split_whitespace().collect();
            let value = match name.as_str() {
                "pre" if is_true(value) => "allow".to_owned(),
                "pre" => continue,
                "find-links" => words.join(","),
                _ => words.join(" "),
            };
            env.push((like.to_owned(), value));
        }
        env.retain(|(name, _)| !self.uv.contains_key(name) && !self.is_said_to_uv(name));
        Ok(env)
    }

    /// Whether uv's files, or another variable, say what a variable would overrule.
    fn is_said_to_uv(&self, name: &str) -> bool {
        let any = |says: &dyn Fn(&UvFile) -> bool| self.uv_files.iter().any(says);
        match name {
            "UV_INDEX_STRATEGY" => any(&|file| file.has("index-strategy")),
            "UV_DEFAULT_INDEX" => {
                self.uv.contains_key("UV_INDEX_URL")
                    || any(&|file| {
                        file.has("index-url") || file.has("index") && file.has("default")
                    })
            }
            "UV_PRERELEASE" => any(&|file| file.has("prerelease")),
            "UV_SYSTEM_CERTS" | "UV_NATIVE_TLS" => {
                any(&|file| file.has("system-certs") || file.has("native-tls"))
            }
            _ => false,
        }
    }

    /// What says only to uv where packages come from. pip would take them from elsewhere, and perhaps what
    /// a stranger has put there under the name of a private package.
    pub(super) fn only_uv_knows(&self) -> Option<String> {
        let variable = self.uv.iter().find(|(name, value)| {
            let option = name.trim_start_matches("UV_").to_ascii_lowercase().replace('_', "-");
            PLACES.contains(&option.as_str()) || option == "index-strategy" && *value != AS_PIP
        });
        let file = || {
            self.uv_files.iter().find_map(|file| {
                let decides = |option: &&&str| file.has(option);
                let option = PLACES.iter().find(decides).copied();
                let strategy = || file.has("index-strategy") && !file.has(AS_PIP);
                let option = option.or_else(|| strategy().then_some("index-strategy"))?;
                Some(format!("{option} in {}", file.path.display()))
            })
        };
        variable.map(|(name, _)| name.clone()).or_else(file)
    }

    /// Whether the user has said to pip itself where packages come from.
    pub(super) fn pip_has_index(&self) -> bool {
        ["index-url", "pypi-url"].iter().any(|name| self.pip.contains_key(*name))
            || self.pip.get("no-index").is_some_and(|value| is_true(value))
    }
}

/// uv's variable for an option of pip's.
pub(super) fn like_of_uv(name: &str) -> Option<&'static str> {
    Some(match name {
        "index-url" | "pypi-url" => "UV_DEFAULT_INDEX",
        "extra-index-url" => "UV_EXTRA_INDEX_URL",
        "find-links" => "UV_FIND_LINKS",
        "constraint" => "UV_CONSTRAINT",
        "build-constraint" => "UV_BUILD_CONSTRAINT",
        "pre" => "UV_PRERELEASE",
        "trusted-host" => "UV_INSECURE_HOST",
        "cert" => "SSL_CERT_FILE",
        "client-cert" => "SSL_CLIENT_CERT",
        "timeout" | "default-timeout" => "UV_HTTP_TIMEOUT",
        "proxy" => "ALL_PROXY",
        _ => return None,
    })
}

/// As pip and uv read a switch.
fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "y" | "yes" | "t" | "true" | "on")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The settings of a folder with these files, whose user has these variables.
    fn settings(files: &[(&str, &str)], env: &[(&str, &str)]) -> Settings {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        let home = root.path().to_str().unwrap();
        let own = [("HOME", home), ("XDG_CONFIG_DIRS", home), ("PIP_CONFIG_FILE", "/dev/null")];
        let env: Vec<(String, String)> =
            own.iter().chain(env).map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        fs_err::create_dir_all(root.path().join("code")).unwrap();
        Settings::of(&env, &root.path().join("code"))
    }

    #[test]
    fn what_the_user_says_to_uv_is_not_overruled() {
        let pip = [("PIP_INDEX_URL", "https://pip/simple")];
        let given = |files: &[(&str, &str)], env: &[(&str, &str)]| {
            let env = [&pip[..], env].concat();
            let given = settings(files, &env).for_uv().unwrap();
            ["UV_INDEX_STRATEGY", "UV_DEFAULT_INDEX"]
                .map(|name| given.iter().any(|(known, _)| known == name))
        };
        let project =
            "[project]\nname = 'x'\n[project.index-strategy]\n[tool.uvx]\nindex-url = 1\n";
        let table = format!("{project}[[tool.uv.index]]\nurl = 'https://own'\ndefault = true\n");
        for (files, env, wanted) in [
            (&[][..], &[][..], [true, true]),
            (&[("code/pyproject.toml", project)], &[], [true, true]),
            (&[("code/uv.toml", "index-strategy = 'first-index'")], &[], [false, true]),
            (&[("code/uv.toml", "# index-strategy\n[pip]\nindex-url = 'x'")], &[], [true, false]),
            (&[("pyproject.toml", table.as_str())], &[], [true, false]),
            (&[("uv/uv.toml", "index-url = 'x'")], &[], [true, false]),
            (&[("uv/uv.toml", "index-url = 'x'")], &[("UV_NO_CONFIG", "1")], [true, true]),
            // The nearest one of a project counts alone.
            (&[("code/uv.toml", "[pip]"), ("uv.toml", "index-url = 'x'")], &[], [true, true]),
            (&[], &[("UV_INDEX_URL", "https://own")], [true, false]),
        ] {
            assert_eq!(given(files, env), wanted, "{files:?} {env:?}");
        }
    }

    #[test]
    fn what_only_uv_knows_is_found() {
        let found = |text: &str, env: &[(&str, &str)]| {
            let known = settings(&[("code/uv.toml", text)], env).only_uv_knows();
            known.map(|known| known.split(" in ").next().unwrap().to_owned())
        };
        assert_eq!(found("", &[]), None);
        assert_eq!(found("native-tls = true # index", &[]).as_deref(), Some("index"));
        assert_eq!(found("# index\nnative-tls = true", &[("UV_TORCH_BACKEND", "cpu")]), None);
        assert_eq!(found("[[index]]\nurl = 'x'", &[]).as_deref(), Some("index"));
        assert_eq!(found("index-strategy = 'unsafe-best-match'", &[]), None);
        let strategy = found("index-strategy = 'first-index'", &[]);
        assert_eq!(strategy.as_deref(), Some("index-strategy"));
        for name in ["UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "UV_INDEX_STRATEGY"] {
            assert_eq!(found("", &[(name, "x")]).as_deref(), Some(name));
        }
        assert!(!settings(&[], &[("PIP_NO_INDEX", "0")]).pip_has_index());
        assert!(settings(&[], &[("PIP_INDEX_URL", "https://x")]).pip_has_index());
    }
}
