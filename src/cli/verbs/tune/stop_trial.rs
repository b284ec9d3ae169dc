//! `mlctl tune stop-trial`: ends a trial by hand.

use crate::cli::verbs::others::agree;
use crate::cli::{CliError, Context, ErrorKind, exit};
use crate::runtime::Notice;
use crate::store::now;
use crate::work::tune::{Entry, StopReason, append};

/// Arguments of `tune stop-trial`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What the trial has reported counts as its result, if it has a value for each metric.
The study goes on with another one.

Examples:
  mlctl tune stop-trial 7                 of the last study of this folder
  mlctl tune stop-trial 7 digits-search")]
pub struct StopTrialArgs {
    /// The number of the trial
    pub trial: u32,
    /// The study
    pub study: Option<String>,
    /// Don't ask, also where the trial is another user's
    #[arg(short, long)]
    pub yes: bool,
}

/// Ends a trial that runs.
pub(super) fn stop_trial(context: &Context, args: &StopTrialArgs) -> Result<u8, CliError> {
    let target = context.study(args.study.as_deref())?;
    let (study, number) = (&target.paths.study, args.trial);
    let Some(trial) = target.state.trial(number) else {
        let message = format!("{study} has no trial {number}");
        return Err(CliError::new(ErrorKind::NotFound, message)
            .hint(format!("see which it has: mlctl tune trials {study}")));
    };
    if trial.run.is_none() || trial.state.is_ended() {
        let message = format!("trial {number} of {study} is {}, and does not run", trial.state);
        return Err(CliError::new(ErrorKind::Refused, message));
    }
    let run = context.target(Some(&format!("{study}/{number}")))?;
    if agree(context, [&run], args.yes)?.is_none() {
        return Ok(exit::OK);
    }
    let runtime = context.runtime(&run.record.runtime)?;
    let user = context.user_in(&*runtime)?;
    let entry = Entry::Stopping { trial: number, reason: StopReason::by_person(&user) };
    append(&*target.notes, &target.paths, now(), &[entry])?;
    for Notice(notice) in runtime.cancel(&run.paths, &user)? {
        context.printer.warn(notice);
    }
    context.printer.say(format!("trial {number} of {study} is being ended"));
    Ok(exit::OK)
}
