//! What every verb gets.

use std::path::PathBuf;
use std::time::Duration;

use super::{CliError, Env, ErrorKind, Settings};
use crate::backend::Backend;
use crate::backend::kubernetes::ManifestContext;
use crate::backend::local::{Local, LocalConfig, read_secrets_file};
use crate::ui::Printer;

/// Form of the final document on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document with `schemaVersion`.
    Json,
    /// The same as YAML.
    Yaml,
}

/// How long ended pods and their logs stay in a cluster.
const KEEP: Duration = Duration::from_hours(7 * 24);

/// The surroundings of one command, resolved once.
#[derive(Clone, Debug)]
pub struct Context {
    /// The environment as it was at the start.
    pub env: Env,
    /// The settings file.
    pub settings: Settings,
    /// Where output goes.
    pub printer: Printer,
    /// Form of the output.
    pub format: Format,
}

impl Context {
    /// Resolves the surroundings.
    pub fn new(env: Env, printer: Printer, format: Format) -> Result<Self, CliError> {
        let settings = Settings::load(&env.config_dir())?;
        Ok(Self { env, settings, printer, format })
    }

    /// The state folder.
    pub fn state_dir(&self) -> PathBuf {
        self.env.state_dir()
    }

    /// The runtime of this name.
    pub fn backend(&self, runtime: &str) -> Result<Box<dyn Backend>, CliError> {
        if runtime != "local" {
            let message = format!("there is no runtime `{runtime}`");
            return Err(CliError::new(ErrorKind::Usage, message)
                .hint("this version runs on this machine only: --runtime local"));
        }
        let file = match &self.settings.secrets_file {
            Some(path) => self.env.config_dir().join(path),
            None => self.env.config_dir().join("secrets.yaml"),
        };
        let secrets = read_secrets_file(&file)
            .map_err(|error| CliError::new(ErrorKind::Refused, error.to_string()))?;
        Ok(Box::new(Local::new(LocalConfig {
            exe: self.env.exe.clone(),
            state: self.state_dir(),
            cache: self.env.cache_dir(),
            env: self.env.vars.clone(),
            nvidia_smi: "nvidia-smi".into(),
            secrets,
            claims: self
                .settings
                .claims
                .iter()
                .map(|(name, folder)| (name.clone(), self.env.config_dir().join(folder)))
                .collect(),
        })))
    }

    /// The runtime that a command line, the environment or the settings choose.
    pub fn runtime(&self, choice: Option<&str>) -> String {
        choice
            .or_else(|| self.env.get("MLCTL_RUNTIME"))
            .or(self.settings.runtime.as_deref())
            .unwrap_or("local")
            .to_owned()
    }

    /// What the settings say of every run in a cluster: the runner image and how long pods stay.
    pub fn manifest_settings(&self) -> Result<ManifestContext, CliError> {
        let settings = &self.settings;
        let image = self.env.get("MLCTL_RUNNER_IMAGE").or(settings.runner_image.as_deref());
        let image = image.ok_or_else(|| {
            CliError::new(ErrorKind::Usage, "no setting `runnerImage`: pods take mlctl from it")
                .hint(format!(
                    "make one with `mlctl cluster image`, then write `runnerImage: ...` into {}",
                    self.env.config_dir().join("config.yaml").display()
                ))
        })?;
        Ok(ManifestContext {
            runner_image: image.to_owned(),
            architectures: settings
                .runner_architectures
                .clone()
                .unwrap_or_else(|| vec![architecture().to_owned()]),
            accelerators: settings.accelerators.clone(),
            keep: Some(settings.keep.map_or(KEEP, |keep| keep.0)),
            ..ManifestContext::default()
        })
    }

    /// Who runs commands here: for records and for who cancelled.
    pub fn user(&self) -> String {
        let names = ["USER", "LOGNAME"];
        names.iter().find_map(|name| self.env.get(name)).unwrap_or("unknown").to_owned()
    }
}

/// This machine's architecture as Kubernetes nodes call it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
