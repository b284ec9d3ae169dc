//! `mlctl undeploy`: an endpoint ends, with all that serves it.

use super::args::UndeployArgs;
use super::lookup::forget_deployments;
use super::target::EndpointTarget;
use crate::cli::verbs::cancel::{self, CancelArgs};
use crate::cli::verbs::others::ask;
use crate::cli::{CliError, Context, ErrorKind, exit};

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
    let busy: Vec<&EndpointTarget> = targets.iter().filter(|target| is_busy(target)).collect();
    if !args.yes && !busy.is_empty() {
        let names: Vec<String> = busy.iter().map(|target| target.document.name.clone()).collect();
        let question = format!("{} is being called; end it?", names.join(", "));
        if !ask(context, &question, "--yes ends it without a question")? {
            context.printer.say("nothing was ended");
            return Ok(exit::OK);
        }
    }
    for target in &targets {
        let run = target.run.record.id.to_string();
        let cancel = CancelArgs { runs: vec![run], no_wait: false, force: false, yes: args.yes };
        cancel::run(context, &cancel)?;
        forget_all(context, target)?;
    }
    Ok(exit::OK)
}

/// Somebody has called it within the last minute.
fn is_busy(target: &EndpointTarget) -> bool {
    let live = target.live.as_ref().filter(|_| target.is_alive());
    live.is_some_and(|live| live.revisions.iter().any(|one| one.traffic.rate > 0.0))
}

/// Says in the registry that none of its versions serves here any more.
fn forget_all(context: &Context, target: &EndpointTarget) -> Result<(), CliError> {
    let definitions = target.definitions()?;
    forget_deployments(context, &target.document.name, &target.document.runtime, &definitions)
}
