//! What every verb gets.

use std::path::PathBuf;

use super::{CliError, Env, Settings};
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
}
