//! `mlctl models alias`: which version an alias means.

use serde::Serialize;

use crate::cli::{CliError, Context, exit};
use crate::model::registry::{Alias, ModelName, VersionRef};
use crate::store::now;

/// Arguments of `models alias`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl models alias digits@2 champion       champion is version 2 from now on
  mlctl models alias digits@2 default        and so is digits alone
  mlctl models alias digits champion --remove")]
pub struct AliasArgs {
    /// The version that it shall mean
    #[arg(value_name = "NAME[@VERSION]")]
    pub model: VersionRef,
    /// The alias; `default` is what NAME alone means
    pub alias: Alias,
    /// Take the alias away
    #[arg(long)]
    pub remove: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    name: &'a ModelName,
    alias: &'a Alias,
    from: Option<u64>,
    to: Option<u64>,
}

pub(super) fn alias(
    context: &Context,
    registry: Option<&str>,
    args: &AliasArgs,
) -> Result<u8, CliError> {
    let registry = context.registry_to_write(registry)?;
    let (name, alias, by) = (&args.model.name, &args.alias, context.user());
    let handle = context.handle()?;
    let moved = if args.remove {
        handle.block_on(registry.unset_alias(name, alias, &by, now()))?
    } else {
        handle.block_on(registry.set_alias(&args.model, alias, &by, now()))?
    };
    let (from, to) = (moved.from, moved.to);
    let document = Document { schema_version: 1, name, alias, from, to };
    context.emit(&document, || {
        let before = match from {
            Some(from) if Some(from) != to => format!(", before {from}"),
            _ => String::new(),
        };
        match to {
            Some(to) => format!("{name}@{alias} means version {to}{before}").into(),
            None => format!("{name}@{alias} is gone{before}").into(),
        }
    })?;
    Ok(exit::OK)
}
