//! `mlctl models show`: a model with its versions, or one version with where it comes from.

use serde::Serialize;

use crate::cli::{CliError, Context, exit};
use crate::model::registry::{Model, ModelName, Version, VersionRef};
use crate::store::now;
use crate::ui::{model_text, version_text};

/// Arguments of `models show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl models show digits               its versions
  mlctl models show digits@champion      where it comes from, where it is deployed")]
pub struct ShowArgs {
    /// NAME for all versions, NAME@VERSION or NAME@ALIAS for one
    #[arg(value_name = "NAME[@VERSION]")]
    pub model: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModelDocument<'a> {
    schema_version: u32,
    #[serde(flatten)]
    model: &'a Model,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionDocument<'a> {
    schema_version: u32,
    name: &'a ModelName,
    #[serde(flatten)]
    version: &'a Version,
}

pub(super) fn show(
    context: &Context,
    registry: Option<&str>,
    args: &ShowArgs,
) -> Result<u8, CliError> {
    let registry = context.registry(registry)?;
    let reference: VersionRef = args.model.parse()?;
    let name = &reference.name;
    let model = context.handle()?.block_on(registry.model(name))?;
    if args.model.contains('@') {
        let version = match model.pick(&reference.pick) {
            Some(version) => version.clone(),
            // The registry says what there is instead.
            None => context.handle()?.block_on(registry.version(&reference))?,
        };
        let document = VersionDocument { schema_version: 1, name, version: &version };
        context.emit(&document, || version_text(name, &version))?;
    } else {
        let document = ModelDocument { schema_version: 1, model: &model };
        context.emit(&document, || model_text(&model, now(), &context.printer))?;
    }
    Ok(exit::OK)
}
