//! `mlctl exec`: a command beside a replica's.

use std::sync::Arc;

use super::others::owner;
use crate::cli::{CliError, Context, ErrorKind, Target};
use crate::gang::ReplicaId;
use crate::runtime::ExecRequest;
use crate::ui::OwnTerminal;
use crate::work::serve::LiveReplica;

/// Arguments of `exec`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The command sees the same environment and working folder as the replica's own. The
exit code is the command's.

Examples:
  mlctl exec -- nvidia-smi
  mlctl exec digits --replica worker-1 -- python -c 'import os; print(os.environ)'
  mlctl exec digits -- sh
  mlctl exec prices/v1 -- nvidia-smi       beside a server of an endpoint")]
pub struct ExecArgs {
    /// The run; for an endpoint ENDPOINT/REVISION or ENDPOINT/REPLICA
    pub run: Option<String>,
    /// Which replica [default: the primary]
    #[arg(long, value_name = "ROLE-INDEX")]
    pub replica: Option<ReplicaId>,
    /// Program and arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<String>,
}

/// Runs the verb; returns the exit code of the command in the replica.
pub fn run(context: &Context, args: &ExecArgs) -> Result<u8, CliError> {
    let target = context.target(args.run.as_deref())?;
    let id = &target.record.id;
    if target.record.state.is_ended() {
        let message = format!("{id} has ended ({})", target.record.state);
        return Err(CliError::new(ErrorKind::Refused, message)
            .hint(format!("its output is still there: mlctl logs {id}, mlctl status {id}")));
    }
    if target.plan.as_ref().is_some_and(|plan| plan.service().is_some()) {
        return beside_server(context, args, &target);
    }
    let known: Vec<ReplicaId> = target
        .plan
        .iter()
        .flat_map(|plan| plan.gang().replicas().map(|(_, replica)| replica))
        .collect();
    let replica = args.replica.as_ref().or(target.plan.as_ref().map(|plan| plan.gang().primary()));
    let Some(replica) = replica.filter(|replica| known.is_empty() || known.contains(replica))
    else {
        let asked = args.replica.as_ref().map(ToString::to_string).unwrap_or_default();
        let all: Vec<_> = known.iter().take(16).map(ToString::to_string).collect();
        return Err(CliError::new(ErrorKind::NotFound, format!("{id} has no replica `{asked}`"))
            .hint(format!("it has {}", all.join(", "))));
    };
    // It is no question: looking into a run ends nothing. But nobody should be there by a slip.
    if let Ok(Some(owner)) = owner(context, &target) {
        context.printer.warn(format!("{id} is a run of {owner}"));
    }
    let runtime = context.runtime(&target.record.runtime)?;
    let request = ExecRequest { argv: args.command.clone(), terminal: Arc::new(OwnTerminal) };
    Ok(runtime.exec(&target.paths, replica, &request)?)
}

/// Runs the command beside a server in a cluster: its replicas are pods, and no runs.
fn beside_server(context: &Context, args: &ExecArgs, target: &Target) -> Result<u8, CliError> {
    let endpoint = context.endpoint(Some(&target.record.id))?;
    let name = &endpoint.document.name;
    let live = endpoint.live.iter().flat_map(|live| &live.revisions);
    // Of several the first that answers is meant.
    let mut known: Vec<(String, &LiveReplica)> = live
        .flat_map(|one| one.replicas.iter().map(|replica| (one.revision.to_string(), replica)))
        .collect();
    known.sort_by_key(|(_, replica)| replica.state != "ready");
    let asked = args.run.as_deref().and_then(|run| run.rsplit_once('/')).map(|(_, asked)| asked);
    let is_meant = |(revision, replica): &&(String, &LiveReplica)| {
        asked.is_some_and(|asked| {
            *revision == *asked
                || replica.run == asked
                || replica.run.ends_with(&format!("-{asked}"))
        })
    };
    let Some((_, replica)) = known.iter().find(is_meant) else {
        let message = match asked {
            Some(asked) => format!("{name} has no replica `{asked}` that runs"),
            None => format!("{name} is an endpoint, and its servers are its replicas"),
        };
        let all: Vec<&str> =
            known.iter().take(16).map(|(_, replica)| replica.run.as_str()).collect();
        let error = CliError::new(ErrorKind::NotFound, message);
        return Err(match all.as_slice() {
            [] => error.hint(format!("see how it is: mlctl status {name}")),
            [first, ..] => error
                .hint(format!("it has {}", all.join(", ")))
                .hint(format!("name one: mlctl exec {name}/{first} -- CMD")),
        });
    };
    if let Ok(Some(owner)) = owner(context, target) {
        context.printer.warn(format!("{} is a run of {owner}", target.record.id));
    }
    let request = ExecRequest { argv: args.command.clone(), terminal: Arc::new(OwnTerminal) };
    let runtime = context.runtime(&target.record.runtime)?;
    Ok(runtime.exec_in(&target.paths, &replica.run, &request)?)
}
