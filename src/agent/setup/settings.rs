//! What the user's settings say about where packages come from: pip's and uv's variables and files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::uv::{self, UvFile, like_of_uv};
use crate::storage::{DOCUMENT_LIMIT, read_text};

/// pip's options that change neither which packages are installed nor what is in them.
const HARMLESS: [&str; 31] = [
    "break-system-packages",
    "cache-dir",
    "cert",
    "client-cert",
    "compile",
    "config-file",
    "debug",
    "default-timeout",
    "disable-pip-version-check",
    "exists-action",
    "isolated",
    "keyring-provider",
    "log",
    "log-file",
    "no-cache-dir",
    "no-clean",
    "no-color",
    "no-compile",
    "no-input",
    "no-python-version-warning",
    "no-warn-conflicts",
    "no-warn-script-location",
    "progress-bar",
    "proxy",
    "quiet",
    "require-virtualenv",
    "resume-retries",
    "retries",
    "root-user-action",
    "timeout",
    "verbose",
];

/// What pip's and uv's variables and files say.
pub(super) struct Settings {
    /// pip's options by their long names; the variables go over the files.
    pub(super) pip: BTreeMap<String, String>,
    /// uv's variables.
    pub(super) uv: BTreeMap<String, String>,
    /// uv's files.
    pub(super) uv_files: Vec<UvFile>,
}

impl Settings {
    /// The settings that a set-up with these variables in this folder goes by.
    pub(super) fn of(env: &[(String, String)], cwd: &Path) -> Self {
        let get = |name: &str| {
            env.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        };
        let home = get("HOME").map(Path::new);
        let absolute = |name: &str| get(name).map(Path::new).filter(|path| path.is_absolute());
        let config = absolute("XDG_CONFIG_HOME").map(Path::to_owned);
        let config = config.or_else(|| home.map(|home| home.join(".config")));
        let shared: Vec<PathBuf> = get("XDG_CONFIG_DIRS")
            .filter(|dirs| !dirs.is_empty())
            .unwrap_or("/etc/xdg")
            .split(':')
            .map(PathBuf::from)
            .collect();
        let mut pip = BTreeMap::new();
        for file in pip_files(&shared, home, config.as_deref(), get("PIP_CONFIG_FILE")) {
            // pip, too, goes on without a file that it can't read.
            let text = read_text(&cwd.join(file), DOCUMENT_LIMIT).unwrap_or_default();
            pip.extend(of_file(&text));
        }
        let variables = env.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix("PIP_")?.to_ascii_lowercase().replace('_', "-");
            (!value.is_empty()).then(|| (name, value.clone()))
        });
        pip.extend(variables);
        pip.retain(|name, _| !HARMLESS.contains(&name.as_str()) || like_of_uv(name).is_some());
        let uv = uv::variables(env);
        let uv_files = uv::files(&get, cwd, config.as_deref(), &shared);
        Self { pip, uv, uv_files }
    }

    /// The options that decide what is installed.
    pub(super) fn deciding(&self) -> impl Iterator<Item = (&str, &str)> {
        let options = self.pip.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        options.filter(|(name, _)| !HARMLESS.contains(name))
    }
}

/// pip's files, those that count more last.
fn pip_files(
    shared: &[PathBuf],
    home: Option<&Path>,
    config: Option<&Path>,
    named: Option<&str>,
) -> Vec<PathBuf> {
    if named == Some("/dev/null") {
        return Vec::new();
    }
    let mut files: Vec<PathBuf> = shared.iter().rev().map(|dir| dir.join("pip/pip.conf")).collect();
    files.push("/etc/pip.conf".into());
    files.extend(home.map(|home| home.join(".pip/pip.conf")));
    files.extend(config.map(|config| config.join("pip/pip.conf")));
    files.extend(named.map(PathBuf::from));
    files
}

/// The options in one of pip's files that count when it installs.
fn of_file(text: &str) -> BTreeMap<String, String> {
    let mut all: BTreeMap<(bool, String), String> = BTreeMap::new();
    let mut of_install = None;
    let mut last = None;
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            of_install = match section {
                "global" => Some(false),
                "install" => Some(true),
                _ => None,
            };
            last = None;
        } else if line.starts_with(char::is_whitespace)
            && let Some(value) = last.as_ref().and_then(|key| all.get_mut(key))
        {
            // A value that goes on.
            value.push('\n');
            value.push_str(bare);
        } else if let (Some(of_install), Some((name, value))) =
            (of_install, bare.split_once(['=', ':']))
        {
            let key = (of_install, name.trim().to_ascii_lowercase().replace('_', "-"));
            all.insert(key.clone(), value.trim().to_owned());
            last = Some(key);
        }
    }
    // `[install]` comes after `[global]` in this order, and counts more.
    all.into_iter().map(|((_, name), value)| (name, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_go_over_files_and_what_decides_nothing_is_left_out() {
        let root = tempfile::tempdir().unwrap();
        let config = root.path().join(".config/pip");
        fs_err::create_dir_all(&config).unwrap();
        let text = "# x\n[install]\nfind-links = a\n  b\n[global]\nindex_url = https://u:p@one/simple\n\
            timeout = 9\nfind-links = c\n[freeze]\nuser = yes\n";
        fs_err::write(config.join("pip.conf"), text).unwrap();
        let home = root.path().to_str().unwrap();
        let of = |more: &[(&str, &str)]| {
            let own = [("HOME", home), ("PIP_CERT", "/c"), ("PIP_PROGRESS_BAR", "off")];
            let env: Vec<(String, String)> =
                own.iter().chain(more).map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            let settings = Settings::of(&env, root.path());
            let deciding: Vec<String> =
                settings.deciding().map(|(name, value)| format!("{name}={value}")).collect();
            (deciding, settings.for_uv())
        };
        let (deciding, uv) = of(&[("PIP_CONFIG_FILE", "/dev/null")]);
        assert_eq!(deciding, [""; 0]);
        assert_eq!(uv.unwrap().last().unwrap(), &("SSL_CERT_FILE".into(), "/c".into()));
        let (deciding, uv) = of(&[("PIP_EXTRA_INDEX_URL", "https://two https://three")]);
        assert!(deciding.contains(&"find-links=a\nb".to_owned()), "{deciding:?}");
        assert!(deciding.contains(&"index-url=https://u:p@one/simple".to_owned()), "{deciding:?}");
        let uv = uv.unwrap();
        for (name, value) in [
            ("UV_FIND_LINKS", "a,b"),
            ("UV_DEFAULT_INDEX", "https://u:p@one/simple"),
            ("UV_EXTRA_INDEX_URL", "https://two https://three"),
            ("UV_HTTP_TIMEOUT", "9"),
        ] {
            assert!(uv.contains(&(name.into(), value.into())), "{name}: {uv:?}");
        }
        let (_, uv) = of(&[("UV_DEFAULT_INDEX", "https://mine")]);
        assert!(!uv.unwrap().iter().any(|(name, _)| name == "UV_DEFAULT_INDEX"));
        assert_eq!(of(&[("PIP_PREFER_BINARY", "1")]).1.unwrap_err(), "pip's setting prefer-binary");
    }
}
