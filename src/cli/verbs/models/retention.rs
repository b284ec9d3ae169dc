//! `mlctl models retention`: how many versions of a model are kept.

use std::num::NonZeroU64;

use serde::Serialize;

use crate::cli::{CliError, Context, exit};
use crate::model::registry::ModelName;
use crate::store::now;

/// Arguments of `models retention`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each push removes what is not kept. A version that has an alias or is deployed is.

Examples:
  mlctl models retention digits --keep 5
  mlctl models retention digits --all    keep all from now on")]
pub struct RetentionArgs {
    /// The model
    pub name: ModelName,
    /// Keep the newest so many
    #[arg(long, value_name = "N", required_unless_present = "all", conflicts_with = "all")]
    pub keep: Option<NonZeroU64>,
    /// Keep all versions
    #[arg(long)]
    pub all: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    name: &'a ModelName,
    keep: Option<u64>,
}

pub(super) fn retention(
    context: &Context,
    registry: Option<&str>,
    args: &RetentionArgs,
) -> Result<u8, CliError> {
    let registry = context.registry_to_write(registry)?;
    let (name, keep) = (&args.name, args.keep.map(NonZeroU64::get));
    let user = context.user();
    context.handle()?.block_on(registry.set_retention(name, keep, &user, now()))?;
    context.emit(&Document { schema_version: 1, name, keep }, || match keep {
        Some(keep) => {
            format!("from the next push on, {name} keeps its newest {keep} versions").into()
        }
        None => format!("{name} keeps all of its versions").into(),
    })?;
    Ok(exit::OK)
}
