//! What the verbs about a model's files take.

use clap::Subcommand;

use super::diff::{DiffArgs, diff};
use super::inspect::{InspectArgs, inspect};
use crate::cli::{CliError, Context};
use crate::model::inspect::{Report, inspect as read};
use crate::spec::ModelRef;

/// Arguments of `model`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl model inspect ./model
  mlctl model diff digits@1 digits@2")]
pub struct ModelArgs {
    #[command(subcommand)]
    verb: ModelVerb,
}

/// What is to be done with a model's files.
#[derive(Debug, Subcommand)]
enum ModelVerb {
    /// Show what a model's files say: signatures, types, shapes, sizes, requests
    Inspect(InspectArgs),
    /// Show what another model changes for its callers
    Diff(DiffArgs),
}

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &ModelArgs) -> Result<u8, CliError> {
    match &args.verb {
        ModelVerb::Inspect(args) => inspect(context, args),
        ModelVerb::Diff(args) => diff(context, args),
    }
}

/// What the files of a model say that somebody has named.
pub(super) fn report(context: &Context, model: &str) -> Result<Report, CliError> {
    let reference = context.model_or_folder(ModelRef::from(model), &context.env.cwd)?;
    let named = context.model(&reference, &context.env.cwd)?;
    Ok(read(&named.stores, &context.handle()?, &named.place)?)
}
