//! `mlctl model diff`: what another model changes for its callers.

use serde::Serialize;

use super::args::report;
use crate::cli::{CliError, Context, ErrorKind, exit};
use crate::model::inspect::{Difference, Interface};
use crate::ui::difference_text;

/// Arguments of `model diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl model diff digits@1 digits@2
  mlctl model diff digits@champion ./model || echo \"callers break\"

Exit codes: 0 those who call A can go on with B, 10 they can't.")]
pub(super) struct DiffArgs {
    /// What is called now
    #[arg(value_name = "A")]
    pub(super) before: String,
    /// What would be called
    #[arg(value_name = "B")]
    pub(super) after: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    breaks: bool,
    #[serde(flatten)]
    difference: &'a Difference,
    before: &'a Interface,
    after: &'a Interface,
}

pub(super) fn diff(context: &Context, args: &DiffArgs) -> Result<u8, CliError> {
    let (before, after) = (report(context, &args.before)?, report(context, &args.after)?);
    let difference = Difference::of(&before, &after);
    if !difference.is_known {
        let silent = if before.says_interface() { &after } else { &before };
        let message = format!("{} doesn't say what it takes and gives", silent.model);
        return Err(CliError::new(ErrorKind::Refused, message).hint(
            "export it in a form that does: a SavedModel, TensorFlow Lite, TensorFlow.js, ONNX",
        ));
    }
    let document = Document {
        schema_version: 1,
        breaks: difference.breaks(),
        difference: &difference,
        before: &before.interface,
        after: &after.interface,
    };
    context.emit(&document, || difference_text(&difference))?;
    Ok(if difference.breaks() { exit::RUN_FAILED } else { exit::OK })
}
