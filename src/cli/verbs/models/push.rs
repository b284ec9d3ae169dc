//! `mlctl models push`: a model becomes the next version of a name.

use serde::Serialize;

use crate::cli::verbs::globals::place_is_said;
use crate::cli::{CliError, Context, exit};
use crate::model::registry::{
    Alias, Contents, Label, Lineage, ModelName, Push, Pushed, Registry, Removed, Version,
};
use crate::spec::ModelRef;
use crate::store::now;
use crate::ui::pushed_text;

/// Arguments of `models push`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl models push digits-a1b2c3 digits        the model of a run
  mlctl models push ./exported digits --alias candidate --label team=vision
  mlctl models push s3://bucket/model digits")]
pub struct PushArgs {
    /// A run, whose `model` output is meant; a path (with a `/` in it); a URL; or a model
    #[arg(value_name = "RUN|PATH|URI")]
    pub source: String,
    /// The name that it gets
    pub name: ModelName,
    /// What of it is remembered and named
    #[command(flatten)]
    pub tags: TagArgs,
}

/// What a pushed version gets beside its files.
#[derive(Debug, clap::Args)]
pub struct TagArgs {
    /// Let an alias mean the new version; several times for several
    #[arg(long, value_name = "ALIAS")]
    pub alias: Vec<Alias>,
    /// Write a label on the new version
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub label: Vec<Label>,
}

/// A push, as `-o json` prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    name: &'a ModelName,
    #[serde(flatten)]
    version: &'a Version,
    /// The version folder that was taken of a base path of TensorFlow Serving.
    taken: Option<u64>,
    /// Older versions that were removed since the model keeps no more.
    removed: &'a [Removed],
}

pub(super) fn push(
    context: &Context,
    registry: Option<&str>,
    args: &PushArgs,
) -> Result<u8, CliError> {
    let source = context.model(&ModelRef::from(args.source.as_str()), &context.env.cwd)?;
    if source.run.is_none() {
        place_is_said(context, &args.source)?;
    }
    let stores = source.stores.watched(context.transfer("model"));
    let contents = context.handle()?.block_on(Registry::contents(&stores, &source.place))?;
    let registry = context.registry_to_write(registry)?;
    let copy_of = source.registered.map(|(name, version)| format!("{name}@{version}"));
    let lineage = Lineage { source: source.place, run: source.run, copy_of };
    let push = new_push(context, &args.name, &args.tags, lineage);
    publish(context, &registry, &contents, &push)
}

/// What this user pushes now.
pub(super) fn new_push(
    context: &Context,
    name: &ModelName,
    tags: &TagArgs,
    lineage: Lineage,
) -> Push {
    let labels = tags.label.iter().map(|label| (label.name.clone(), label.value.clone()));
    Push {
        name: name.clone(),
        aliases: tags.alias.clone(),
        labels: labels.collect(),
        lineage,
        by: context.user(),
        host: crate::sys::host_name(),
        at: now(),
    }
}

/// Pushes, and says as which version.
pub(super) fn publish(
    context: &Context,
    registry: &Registry,
    contents: &Contents,
    push: &Push,
) -> Result<u8, CliError> {
    if let Some(taken) = contents.taken {
        let source = &push.lineage.source;
        context.printer.say(format!("{source} has versions: the newest, {taken}, is pushed"));
    }
    let registry = registry.watched(context.transfer("model"));
    let pushed = context.handle()?.block_on(registry.push(contents, push))?;
    let Pushed { version, taken, removed, trouble } = &pushed;
    for trouble in trouble {
        context.printer.warn(trouble);
    }
    let document =
        Document { schema_version: 1, name: &push.name, version, taken: *taken, removed };
    context.emit(&document, || pushed_text(&push.name, version, removed))?;
    Ok(exit::OK)
}
