//! `mlctl exec`: a command beside a replica's.

use std::sync::Arc;

use super::others::owner;
use crate::cli::{CliError, Context, ErrorKind};
use crate::gang::ReplicaId;
use crate::runtime::ExecRequest;
use crate::ui::OwnTerminal;

/// Arguments of `exec`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The command sees the same environment and working folder as the replica's own. The
exit code is the command's.

Examples:
  mlctl exec -- nvidia-smi
  mlctl exec digits --replica worker-1 -- python -c 'import os; print(os.environ)'
  mlctl exec digits -- sh")]
pub struct ExecArgs {
    /// The run
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
