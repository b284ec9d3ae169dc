//! `mlctl models list`: which models there are.

use serde::Serialize;

use crate::cli::{CliError, Context, Format, exit};
use crate::model::registry::Model;
use crate::storage::Place;
use crate::store::now;
use crate::ui::models_table;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    registry: &'a Place,
    models: &'a [Model],
}

pub(super) fn list(context: &Context, registry: Option<&str>) -> Result<u8, CliError> {
    let registry = context.registry(registry)?;
    let models = context.handle()?.block_on(registry.models())?;
    if models.is_empty() && context.format == Format::Table {
        context.printer.say(format!("no models in {}", registry.place()));
        return Ok(exit::OK);
    }
    let document = Document { schema_version: 1, registry: registry.place(), models: &models };
    context.emit(&document, || models_table(&models, now()).render(&context.printer))?;
    Ok(exit::OK)
}
