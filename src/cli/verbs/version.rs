//! `mlctl version` and `mlctl help`: what this program is, and what its verbs are.

use serde::Serialize;

use crate::cli::{CliError, Context};

/// Arguments of `version`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl version
  mlctl version -o json | jq -r .version")]
pub struct VersionArgs {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: u32,
    name: &'static str,
    version: &'static str,
    /// The commit that it was built from, where whoever built it has said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'static str>,
    target: String,
}

/// The system that this program was built for, as compilers call it.
fn target() -> String {
    let environment = if cfg!(target_env = "musl") { "musl" } else { "gnu" };
    format!("{}-unknown-{}-{environment}", std::env::consts::ARCH, std::env::consts::OS)
}

/// Prints what this program is.
pub fn version(context: &Context, _: &VersionArgs) -> Result<u8, CliError> {
    let document = Document {
        schema_version: 1,
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        commit: option_env!("MLCTL_COMMIT").filter(|commit| !commit.is_empty()),
        target: target(),
    };
    context.emit(&document, || {
        let Document { name, version, commit, target, .. } = &document;
        let commit = commit.map(|commit| format!("{}, ", commit.get(..12).unwrap_or(commit)));
        format!("{name} {version} ({}{target})", commit.unwrap_or_default()).into()
    })?;
    Ok(0)
}

/// Arguments of `help`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl help                       all verbs
  mlctl help train                 the same as mlctl train --help
  mlctl help models push")]
pub struct HelpArgs {
    /// The verb [default: all of them]
    #[arg(value_name = "VERB")]
    pub verb: Vec<String>,
}
