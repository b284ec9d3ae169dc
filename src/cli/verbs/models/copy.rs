//! `mlctl models copy`: a version is pushed under another name, or into another registry.

use super::push::{TagArgs, new_push, publish};
use crate::cli::{CliError, Context};
use crate::model::registry::{Lineage, ModelName, VersionRef};

/// Arguments of `models copy`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl models copy digits@2 digits-eu
  mlctl models copy digits@champion --to s3://eu/models")]
pub struct CopyArgs {
    /// The version
    #[arg(value_name = "NAME[@VERSION]")]
    pub model: VersionRef,
    /// The name of the copy [default: the same]
    #[arg(required_unless_present = "to")]
    pub name: Option<ModelName>,
    /// Copy into this registry: a folder or the URL of a bucket
    #[arg(long, value_name = "PLACE")]
    pub to: Option<String>,
    /// What of it is remembered and named
    #[command(flatten)]
    pub tags: TagArgs,
}

pub(super) fn copy(
    context: &Context,
    registry: Option<&str>,
    args: &CopyArgs,
) -> Result<u8, CliError> {
    let from = context.registry(registry)?.watched(context.transfer("model"));
    let target = context.registry_to_write(args.to.as_deref().or(registry))?;
    let (version, contents) = context.handle()?.block_on(async {
        let version = from.version(&args.model).await?;
        let contents = from.files(&version).await?;
        Ok::<_, CliError>((version, contents))
    })?;
    let lineage = Lineage {
        source: version.place.clone(),
        run: version.facts.lineage.run.clone(),
        copy_of: Some(format!("{}@{}", args.model.name, version.version)),
    };
    let name = args.name.as_ref().unwrap_or(&args.model.name);
    let mut push = new_push(context, name, &args.tags, lineage);
    // What was written on the original holds for the copy, unless it is written otherwise.
    let own = std::mem::take(&mut push.labels);
    push.labels.extend(version.facts.labels);
    push.labels.extend(own);
    publish(context, &target, &contents, &push)
}
