//! `mlctl models remove`: versions that nobody needs any more.

use serde::Serialize;

use crate::cli::verbs::others::ask;
use crate::cli::{CliError, Context, exit};
use crate::model::registry::{Removed, VersionRef};
use crate::store::now;
use crate::ui::{Text, human};

/// Arguments of `models remove`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A version that is deployed, or that an alias was set to, is refused.

Examples:
  mlctl models remove digits@1
  mlctl models remove digits@1 digits@2 --yes")]
pub struct RemoveArgs {
    /// The versions; NAME alone is the one that NAME means
    #[arg(required = true, value_name = "NAME@VERSION")]
    pub versions: Vec<VersionRef>,
    /// Don't ask
    #[arg(short, long)]
    pub yes: bool,
    /// Forget that a version is deployed as this endpoint, which is long gone
    #[arg(long, value_name = "ENDPOINT")]
    pub forget: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: u32,
    removed: Vec<Removed>,
}

pub(super) fn remove(
    context: &Context,
    registry: Option<&str>,
    args: &RemoveArgs,
) -> Result<u8, CliError> {
    let registry = context.registry_to_write(registry)?;
    let handle = context.handle()?;
    let mut versions = Vec::new();
    for reference in &args.versions {
        versions.push((&reference.name, handle.block_on(registry.version(reference))?));
    }
    if !args.yes {
        let names: Vec<String> =
            versions.iter().map(|(name, version)| format!("{name}@{}", version.version)).collect();
        let question = format!("remove {}?", names.join(", "));
        if !ask(context, &question, "--yes removes without a question")? {
            context.printer.say("nothing was removed");
            return Ok(exit::OK);
        }
    }
    let mut removed = Vec::new();
    for (name, version) in versions {
        for deployment in &version.deployments {
            if args.forget.contains(&deployment.at.endpoint) {
                handle.block_on(registry.undeployed(name, version.version, &deployment.at))?;
            }
        }
        removed.push(handle.block_on(registry.remove(
            name,
            version.version,
            &context.user(),
            now(),
        ))?);
    }
    let document = Document { schema_version: 1, removed };
    context.emit(&document, || {
        Text::lines(document.removed.iter().map(|one| {
            format!("removed {}@{}, {}", one.name, one.version, human::bytes(one.bytes))
        }))
    })?;
    Ok(exit::OK)
}
