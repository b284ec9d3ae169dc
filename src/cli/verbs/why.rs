//! `mlctl why`: the causes of what happened.

use crate::cli::{CliError, Context};
use crate::ui::why_text;

/// Arguments of `why`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The first replica that failed and its cause come first; replicas that failed only
because another one went away are named as consequences, never as the cause.

Examples:
  mlctl why                        why the last run of this folder failed
  mlctl why digits
  mlctl why digits -o json | jq -r '.next[]'")]
pub struct WhyArgs {
    /// The run
    pub run: Option<String>,
}

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &WhyArgs) -> Result<u8, CliError> {
    let target = context.target(args.run.as_deref())?;
    let view = target.view()?;
    // Without its runtime, a run is explained by its events alone.
    let runtime = context.runtime(&target.record.runtime).ok();
    let report = target.why(&view, runtime.as_deref());
    context.emit(&report, || why_text(&report))?;
    Ok(0)
}
