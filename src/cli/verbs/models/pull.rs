//! `mlctl models pull`: a version in a folder of this machine.

use std::path::PathBuf;

use serde::Serialize;

use crate::cli::{CliError, Context, exit};
use crate::model::registry::{ModelName, VersionRef};
use crate::ui::human;

/// Arguments of `models pull`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl models pull digits               the newest, into ./digits
  mlctl models pull digits@champion ./model")]
pub struct PullArgs {
    /// The version
    #[arg(value_name = "NAME[@VERSION]")]
    pub model: VersionRef,
    /// The folder that it becomes, which must not be there, or be empty [default: NAME]
    pub folder: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    name: &'a ModelName,
    version: u64,
    path: String,
    files: u64,
    bytes: u64,
}

pub(super) fn pull(
    context: &Context,
    registry: Option<&str>,
    args: &PullArgs,
) -> Result<u8, CliError> {
    let registry = context.registry(registry)?.watched(context.transfer("model"));
    let name = &args.model.name;
    let folder = args.folder.clone().unwrap_or_else(|| name.as_str().into());
    let path = context.env.cwd.join(folder);
    let version = context.handle()?.block_on(async {
        let version = registry.version(&args.model).await?;
        registry.pull(&version, &path).await?;
        Ok::<_, CliError>(version)
    })?;
    let (files, bytes) = (version.facts.files, version.facts.bytes);
    let path = path.display().to_string();
    let document =
        Document { schema_version: 1, name, version: version.version, path, files, bytes };
    context.emit(&document, || {
        format!("{name}@{} is in {}, {}", version.version, document.path, human::bytes(bytes))
            .into()
    })?;
    Ok(exit::OK)
}
