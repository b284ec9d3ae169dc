//! The hidden verbs that run beside and around a replica's command.

use std::path::PathBuf;

use crate::agent::{Surroundings, guard, run as run_agent};
use crate::cli::{CliError, Env};

/// Arguments of `agent`.
#[derive(Debug, clap::Args)]
pub struct AgentArgs {
    /// The agent's configuration
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Runs the agent of one replica; its log is standard output.
pub fn agent(env: Env, args: &AgentArgs) -> Result<u8, CliError> {
    let surroundings = Surroundings {
        // Also after an upgrade has replaced the file.
        exe: crate::sys::own_program(),
        environment: env.vars.into_iter().collect(),
        out: Box::new(std::io::stdout()),
    };
    Ok(run_agent(&args.config, surroundings)?)
}

/// Runs the guard of one command; its orders come on standard input.
pub fn agent_guard() -> u8 {
    guard::run()
}
