//! `mlctl undeploy`: an endpoint ends, with all that serves it.

use serde::Serialize;

use super::args::UndeployArgs;
use super::marks::forget_deployments;
use super::target::EndpointTarget;
use crate::cli::verbs::cancel::{self, CancelArgs};
use crate::cli::verbs::others::ask;
use crate::cli::{CliError, Context, ErrorKind, exit};
use crate::event::RunState;
use crate::gang::RunId;
use crate::ui::Text;

/// What `undeploy -o json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: u32,
    /// In the order of the command line; none where the question was answered with no.
    ended: Vec<Ended>,
}

/// An endpoint that was ended.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ended {
    endpoint: RunId,
    name: String,
    runtime: String,
    /// The run of its controller, and how that has ended.
    run: RunId,
    state: RunState,
    revisions: Vec<Removed>,
}

/// A revision of it that had replicas, or that the spec meant.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Removed {
    revision: String,
    weight: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// How many replicas it was to have.
    replicas: u32,
}

/// Ends endpoints.
pub fn undeploy(context: &Context, args: &UndeployArgs) -> Result<u8, CliError> {
    // Every name is resolved before anything is ended: a typing error ends nothing.
    let targets = args
        .endpoints
        .iter()
        .map(|name| {
            let target = context.endpoint(Some(name))?;
            let (own, id) = (&target.document.name, &target.paths.endpoint);
            if own != name && id.as_str() != name && target.run.record.id.as_str() != name {
                let message = format!("there is no endpoint `{name}` here");
                return Err(CliError::new(ErrorKind::NotFound, message)
                    .hint(format!("to end {own}, write its whole name: mlctl undeploy {own}")));
            }
            Ok(target)
        })
        .collect::<Result<Vec<_>, _>>()?;
    if !may_end(context, &targets, args.yes)? {
        return said(context, Vec::new());
    }
    let mut ended = Vec::new();
    for target in &targets {
        let run = target.run.record.id.to_string();
        let cancel = CancelArgs { runs: vec![run], no_wait: false, force: false, yes: args.yes };
        cancel::cancelled(context, &cancel)?;
        let record = context.refresh(&target.run.store, &target.run.paths.run)?;
        if record.state.is_ended() {
            forget(context, target)?;
        }
        ended.push(Ended {
            endpoint: target.paths.endpoint.clone(),
            name: target.document.name.clone(),
            runtime: target.document.runtime.clone(),
            run: record.id,
            state: record.state,
            revisions: removed(target),
        });
    }
    said(context, ended)
}

fn said(context: &Context, ended: Vec<Ended>) -> Result<u8, CliError> {
    context.emit(&Document { schema_version: 1, ended }, Text::default)?;
    Ok(exit::OK)
}

/// Its revisions as they were.
fn removed(target: &EndpointTarget) -> Vec<Removed> {
    let shown = target.live.iter().flat_map(|live| &live.revisions);
    let models: Vec<_> = shown.map(|one| (&one.revision, one.model.as_ref())).collect();
    let state = &target.state;
    let is_there =
        |id: &_, replicas: u32| replicas > 0 || state.weights.get(id) > 0 || state.is_current(id);
    let revisions = state.revisions.iter().filter(|(id, one)| is_there(*id, one.replicas));
    revisions
        .map(|(id, one)| Removed {
            revision: id.to_string(),
            weight: state.weights.get(id),
            model: models.iter().find(|(of, _)| *of == id).and_then(|(_, model)| model.cloned()),
            replicas: one.replicas,
        })
        .collect()
}

/// Whether endpoints may end: those that are being called only after a question, unless `yes` answers it.
pub fn may_end(context: &Context, targets: &[EndpointTarget], yes: bool) -> Result<bool, CliError> {
    let busy: Vec<&str> = targets
        .iter()
        .filter(|target| is_busy(target))
        .map(|target| target.document.name.as_str())
        .collect();
    if yes || busy.is_empty() {
        return Ok(true);
    }
    let question = format!("{} is being called; end it?", busy.join(", "));
    let may = ask(context, &question, "--yes ends it without a question")?;
    if !may {
        context.printer.say("nothing was ended");
    }
    Ok(may)
}

/// Somebody has called it within the last minute.
fn is_busy(target: &EndpointTarget) -> bool {
    let live = target.live.as_ref().filter(|_| target.is_alive());
    live.is_some_and(|live| live.revisions.iter().any(|one| one.traffic.rate > 0.0))
}

/// Says in the registry that none of an endpoint's versions serves here any more.
pub fn forget(context: &Context, target: &EndpointTarget) -> Result<(), CliError> {
    let definitions = target.definitions()?;
    forget_deployments(context, &target.document.name, &target.document.runtime, &definitions)
}
