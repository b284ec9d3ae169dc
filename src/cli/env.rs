//! The environment, read once.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

/// A snapshot of the process's surroundings. Commands never look again.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// The variables that are valid UTF-8.
    pub vars: BTreeMap<String, String>,
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
        let vars = env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .collect();
        let args = env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
        Ok(Self { vars, cwd: env::current_dir()?, exe: env::current_exe()?, args })
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// An XDG base folder with `mlctl` below it. Relative values are ignored, as XDG says.
    fn xdg(&self, variable: &str, fallback: &str) -> PathBuf {
        let base = self.get(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || PathBuf::from(self.get("HOME").unwrap_or("/tmp")).join(fallback);
        base.unwrap_or_else(home).join("mlctl")
    }

    /// The state folder, `$XDG_STATE_HOME/mlctl`.
    pub fn state_dir(&self) -> PathBuf {
        self.xdg("XDG_STATE_HOME", ".local/state")
    }

    /// The folder of caches, `$XDG_CACHE_HOME/mlctl`.
    pub fn cache_dir(&self) -> PathBuf {
        self.xdg("XDG_CACHE_HOME", ".cache")
    }

    /// The folder of the settings, `$XDG_CONFIG_HOME/mlctl`.
    pub fn config_dir(&self) -> PathBuf {
        self.xdg("XDG_CONFIG_HOME", ".config")
    }

    /// Docker's configuration, with the user's credentials for registries.
    pub fn docker_config(&self) -> PathBuf {
        let home = || PathBuf::from(self.get("HOME").unwrap_or("/")).join(".docker");
        self.get("DOCKER_CONFIG").map_or_else(home, PathBuf::from).join("config.json")
    }

    /// A pipeline: `CI` is set to something that isn't a no.
    pub fn is_ci(&self) -> bool {
        self.get("CI").is_some_and(|value| !matches!(value, "0" | "false" | "no"))
    }
}
