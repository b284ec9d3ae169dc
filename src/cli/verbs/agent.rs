//! The hidden verbs that run beside and around a replica's command.

use std::path::PathBuf;

/// Arguments of `agent`.
#[derive(Debug, clap::Args)]
pub struct AgentArgs {
    /// The agent's configuration
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}
