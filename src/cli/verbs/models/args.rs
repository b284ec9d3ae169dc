//! The actions of `models`.

use super::alias::{AliasArgs, alias};
use super::copy::{CopyArgs, copy};
use super::list::list;
use super::pull::{PullArgs, pull};
use super::push::{PushArgs, push};
use super::remove::{RemoveArgs, remove};
use super::retention::{RetentionArgs, retention};
use super::show::{ShowArgs, show};
use crate::cli::{CliError, Context};

const LIST_HELP: &str = "\
Examples:
  mlctl models list
  mlctl models list --registry s3://bucket/models -o json";

/// Arguments of `models`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Models are kept in a folder of the state, or where `models` in the settings says: a
folder or the URL of a bucket. Each is a base path of TensorFlow Serving, NAME/VERSION,
so any server can read it. NAME@3 is a version, NAME@champion the one that has this
alias, NAME the newest, unless its alias `default` was moved.

Examples:
  mlctl models push digits-a1b2c3 digits --alias champion
  mlctl models push ./exported digits --label team=vision
  mlctl models list
  mlctl models show digits@champion      where it comes from, where it is deployed
  mlctl models alias digits@2 champion   roll back
  mlctl models copy digits@2 digits-eu --to s3://eu/models
  mlctl models pull digits ./model")]
pub struct ModelsArgs {
    /// What to do
    #[command(subcommand)]
    pub action: ModelsAction,
    /// Models kept in this folder or bucket, in place of the settings' one
    #[arg(long, global = true, value_name = "PLACE")]
    pub registry: Option<String>,
}

/// What `models` can do.
#[derive(Debug, clap::Subcommand)]
pub enum ModelsAction {
    /// Keep the model of a run, a path or a URL as the next version
    Push(PushArgs),
    /// List models
    #[command(visible_alias = "ls", after_help = LIST_HELP)]
    List,
    /// Show a model with its versions, or one version with its lineage
    Show(ShowArgs),
    /// Let an alias mean a version, or take it away
    Alias(AliasArgs),
    /// Push a version under another name, or into another registry
    Copy(CopyArgs),
    /// Remove versions
    #[command(visible_alias = "rm")]
    Remove(RemoveArgs),
    /// Bring a version into a folder
    Pull(PullArgs),
    /// Settle how many versions of a model are kept
    Retention(RetentionArgs),
}

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &ModelsArgs) -> Result<u8, CliError> {
    let registry = args.registry.as_deref();
    match &args.action {
        ModelsAction::Push(args) => push(context, registry, args),
        ModelsAction::List => list(context, registry),
        ModelsAction::Show(args) => show(context, registry, args),
        ModelsAction::Alias(args) => alias(context, registry, args),
        ModelsAction::Copy(args) => copy(context, registry, args),
        ModelsAction::Remove(args) => remove(context, registry, args),
        ModelsAction::Pull(args) => pull(context, registry, args),
        ModelsAction::Retention(args) => retention(context, registry, args),
    }
}
