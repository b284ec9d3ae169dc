//! The environment, read once.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use super::{CliError, ErrorKind};
use crate::sys;

/// A snapshot of the process's surroundings. Commands never look again.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// The variables that are valid UTF-8.
    pub vars: BTreeMap<String, String>,
    /// The user's home: `HOME`, or what `/etc/passwd` says; absent where neither names a folder.
    pub home: Option<PathBuf>,
    /// What `HOME` names, where that is another user's folder or one that this user can't write to, and
    /// `/etc/passwd` knows better.
    pub foreign_home: Option<PathBuf>,
    /// The working folder of the command; relative paths start here.
    pub cwd: PathBuf,
    /// Path of the running mlctl, which agents are started from.
    pub exe: PathBuf,
    /// The command line, the program's name included.
    pub args: Vec<String>,
}

impl Env {
    /// Reads the process's environment.
    pub fn read() -> std::io::Result<Self> {
        let vars: BTreeMap<String, String> = env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .collect();
        let named = vars.get("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        let own = sys::home_dir();
        // `sudo` may leave HOME as it was, and CI runs containers as root with a home of the machine's
        // user: what lies there is that user's.
        let (foreign_home, home) = match named {
            Some(named) if own.is_some() && sys::is_anothers(&named) => (Some(named), own),
            // Containers that give their user a number only have a HOME that root alone writes to.
            Some(named)
                if !sys::can_make_in(&named)
                    && own.as_ref().is_some_and(|own| *own != named && sys::can_make_in(own)) =>
            {
                (Some(named), own)
            }
            named => (None, named.or(own)),
        };
        let args = env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
        Ok(Self {
            vars,
            home,
            foreign_home,
            cwd: env::current_dir()?,
            exe: env::current_exe()?,
            args,
        })
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A variable that names a folder. One that is relative would mean another folder in every folder
    /// that mlctl is called in, whoever has made it: XDG says to ignore it.
    fn folder(&self, variable: &str) -> Option<PathBuf> {
        self.get(variable).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// An XDG base folder; `fallback` is below the home.
    fn xdg(&self, variable: &str, fallback: &str) -> Option<PathBuf> {
        self.folder(variable).or_else(|| Some(self.home.as_ref()?.join(fallback)))
    }

    /// The folder of mlctl in a base folder; an error where there is none.
    fn needed(&self, variable: &str, fallback: &str) -> Result<PathBuf, CliError> {
        let base = self.xdg(variable, fallback).ok_or_else(|| {
            let message =
                "this user has no home folder: HOME is not set, and the machine's users have none";
            CliError::new(ErrorKind::Usage, message).hint(format!(
                "set HOME, or {variable} to a folder that only this user can write to"
            ))
        });
        Ok(base?.join("mlctl"))
    }

    /// The state folder, `$XDG_STATE_HOME/mlctl`.
    pub fn state_dir(&self) -> Result<PathBuf, CliError> {
        self.needed("XDG_STATE_HOME", ".local/state")
    }

    /// An error of one of mlctl's own folders that this user can't write to or read, with the variable
    /// that names another.
    pub fn with_variable(&self, error: CliError) -> CliError {
        if !error.hints.is_empty() {
            return error;
        }
        let folders = [
            ("XDG_STATE_HOME", ".local/state"),
            ("XDG_CACHE_HOME", ".cache"),
            ("XDG_CONFIG_HOME", ".config"),
        ];
        let meant = folders.into_iter().find(|(variable, fallback)| {
            let base = self.xdg(variable, fallback);
            base.is_some_and(|base| {
                error.message.contains(&*base.to_string_lossy()) && !sys::can_make_in(&base)
            })
        });
        let Some((variable, _)) = meant else { return error };
        let whole = if self.folder(variable).is_some() { "" } else { "HOME, or " };
        error.hint(format!("set {whole}{variable} to a folder that only this user can write to"))
    }

    /// The folder of caches, `$XDG_CACHE_HOME/mlctl`.
    pub fn cache_dir(&self) -> Result<PathBuf, CliError> {
        self.needed("XDG_CACHE_HOME", ".cache")
    }

    /// The folder of the settings, `$XDG_CONFIG_HOME/mlctl`; `None` where the user has no home, and so
    /// no settings.
    pub fn config_dir(&self) -> Option<PathBuf> {
        Some(self.xdg("XDG_CONFIG_HOME", ".config")?.join("mlctl"))
    }

    /// The settings file, for people.
    pub fn settings_file(&self) -> String {
        match self.config_dir() {
            Some(dir) => dir.join("config.yaml").display().to_string(),
            None => "$XDG_CONFIG_HOME/mlctl/config.yaml".to_owned(),
        }
    }

    /// Docker's configuration, with the user's credentials for registries.
    pub fn docker_config(&self) -> PathBuf {
        let home = || self.home.clone().unwrap_or_else(|| "/".into()).join(".docker");
        self.folder("DOCKER_CONFIG").unwrap_or_else(home).join("config.json")
    }

    /// The user's own rules for files that git ignores everywhere, as the lines of a `.gitignore`.
    pub fn git_excludes(&self) -> Vec<u8> {
        let config = self.xdg("XDG_CONFIG_HOME", ".config");
        super::git::personal(self.home.as_deref(), config.as_deref())
    }

    /// A pipeline: `CI` is set to something that isn't a no.
    pub fn is_ci(&self) -> bool {
        self.get("CI").is_some_and(|value| !matches!(value, "0" | "false" | "no"))
    }
}
