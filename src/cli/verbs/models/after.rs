//! The push of a run's model by whoever has followed the run to its end.

use std::time::Duration;

use super::push::{TagArgs, new_push};
use crate::cli::in_cluster::no_push;
use crate::cli::{CliError, Context, ErrorKind, Target};
use crate::event::RunState;
use crate::gang::RunId;
use crate::model::registry::{Label, Lineage, ModelName, Registry};
use crate::plan::{Plan, PushPlan};
use crate::runtime::LOCAL;
use crate::spec::{PushTo, TrainJob};
use crate::store::{FileLock, PushedModel};

/// Somebody else who pushes the same model is waited for as long as this.
const OTHER_PUSH: Duration = Duration::from_hours(1);
/// Whoever holds a run's lock does so for moments.
const RUN_LOCK: Duration = Duration::from_secs(30);

/// Says before anything starts what would keep a model from being pushed when the run has succeeded.
pub(in crate::cli::verbs) fn check_push(job: &TrainJob, runtime: &str) -> Result<(), CliError> {
    let Some(push) = job.push.as_ref().map(PushTo::with) else { return Ok(()) };
    tags(&PushPlan { name: push.name, alias: push.alias, labels: push.labels })?;
    match no_push(job).filter(|_| runtime != LOCAL) {
        Some(reason) => {
            let error = CliError::new(ErrorKind::Refused, reason.what);
            Err(reason.help.into_iter().fold(error, CliError::hint))
        }
        None => Ok(()),
    }
}

/// Pushes the model of a run that has succeeded, where it is to be pushed and was not yet; the version that
/// it has become, `NAME@N`. What others have pushed of this run, by hand or from another machine, counts.
pub(in crate::cli::verbs) fn push_after(
    context: &Context,
    run: &RunId,
) -> Result<Option<String>, CliError> {
    let target = context.target_of(run)?;
    let push = target.plan.as_ref().and_then(|plan: &Plan| plan.head.push.clone());
    let Some(push) = push.filter(|_| target.record.state == RunState::Succeeded) else {
        return Ok(None);
    };
    if let Some(pushed) = &target.record.pushed {
        return Ok(Some(text(pushed)));
    }
    let hint = format!("push it by hand: mlctl models push {run} {}", push.name);
    if target.record.adopted {
        // Whoever wrote into the cluster says what is to be pushed, and nothing proves it.
        context.printer.hint(hint);
        return Ok(None);
    }
    let pushed = push_once(context, &target, &push);
    let pushed = pushed.map_err(|error| CliError {
        message: format!("{run} has succeeded, and its model was not pushed: {}", error.message),
        ..error.hint(hint)
    })?;
    context.printer.say(format!("  model    pushed as {}", text(&pushed)));
    Ok(Some(text(&pushed)))
}

fn text(pushed: &PushedModel) -> String {
    format!("{}@{}", pushed.name, pushed.version)
}

/// Pushes under a lock, so that of several followers one does, and writes down what has come of it.
fn push_once(context: &Context, target: &Target, push: &PushPlan) -> Result<PushedModel, CliError> {
    let Target { store, paths, .. } = target;
    let (name, tags) = tags(push)?;
    let _alone = FileLock::acquire(&paths.push_lock(), OTHER_PUSH)?;
    if let Some(pushed) = store.record(&paths.run)?.pushed {
        return Ok(pushed);
    }
    let registry = context.registry_to_write(None)?;
    let version = match version_of(context, &registry, &name, &paths.run)? {
        Some(version) => version,
        None => new_version(context, &registry, target, &name, &tags)?,
    };
    let pushed = PushedModel { name: name.to_string(), version };
    let lock = FileLock::acquire(&paths.lock(), RUN_LOCK)?;
    store.note_pushed(&lock, paths, pushed.clone())?;
    Ok(pushed)
}

/// The version that the model of a run is already: a follower may have died before it could say so.
fn version_of(
    context: &Context,
    registry: &Registry,
    name: &ModelName,
    run: &RunId,
) -> Result<Option<u64>, CliError> {
    let handle = context.handle()?;
    if !handle.block_on(registry.has(name))? {
        return Ok(None);
    }
    let model = handle.block_on(registry.model(name))?;
    let mut versions = model.versions.iter();
    let is_of_run = |lineage: &Lineage| lineage.run.as_ref().is_some_and(|of| of.run == *run);
    let found = versions.find(|version| is_of_run(&version.facts.lineage));
    Ok(found.map(|version| version.version))
}

fn new_version(
    context: &Context,
    registry: &Registry,
    target: &Target,
    name: &ModelName,
    tags: &TagArgs,
) -> Result<u64, CliError> {
    let handle = context.handle()?;
    let source = context.model_of_run(&target.paths.run)?;
    let stores = source.stores.watched(context.transfer("model"));
    let contents = handle.block_on(Registry::contents(&stores, &source.place))?;
    let lineage = Lineage { source: source.place, run: source.run, copy_of: None };
    let push = new_push(context, name, tags, lineage);
    let registry = registry.watched(context.transfer("model"));
    let pushed = handle.block_on(registry.push(&contents, &push))?;
    for trouble in &pushed.trouble {
        context.printer.warn(trouble);
    }
    Ok(pushed.version.version)
}

/// What a plan says as the registry takes it.
fn tags(push: &PushPlan) -> Result<(ModelName, TagArgs), CliError> {
    let name = push.name.parse()?;
    let alias = push.alias.iter().map(|alias| alias.parse()).collect::<Result<_, _>>()?;
    let labels = push.labels.iter().map(|(name, value)| format!("{name}={value}").parse());
    Ok((name, TagArgs { alias, label: labels.collect::<Result<Vec<Label>, _>>()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_would_stay_in_a_cluster_is_refused_before_the_run() {
        let job = |output: Option<&str>| TrainJob {
            push: Some("digits".into()),
            output: output.map(Into::into),
            ..TrainJob::default()
        };
        check_push(&TrainJob::default(), "kind/default").unwrap();
        check_push(&job(None), LOCAL).unwrap();
        check_push(&job(Some("s3://b/{run}")), "kind/default").unwrap();
        for output in [None, Some("pvc://claim/x")] {
            let error = check_push(&job(output), "kind/default").unwrap_err();
            assert_eq!(error.kind, ErrorKind::Refused);
        }
    }
}
