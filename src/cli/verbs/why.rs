//! `mlctl why`: the causes of what happened.

use serde::Serialize;

use super::serve::endpoint_report;
use crate::cli::{CliError, Context};
use crate::event::RunState;
use crate::run::WhyReport;
use crate::ui::{Text, endpoint_causes, why_text};

/// Arguments of `why`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The first replica that failed and its cause come first; replicas that failed only
because another one went away are named as consequences, never as the cause.

Examples:
  mlctl why                        why the last run of this folder failed
  mlctl why digits                 of an endpoint: which figure broke, what it waits for
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
    let endpoint = endpoint_report(context, &target)?;
    let causes = endpoint.map(|one| {
        let mut causes = endpoint_causes(&target.record.name, &one.state, one.live.as_ref());
        if let Some(waits) = view.waiting.as_ref().filter(|_| view.state == RunState::Pending) {
            causes.insert(0, format!("nothing routes yet: {waits}"));
        }
        causes
    });
    let document = Document { report: &report, endpoint: causes.as_deref() };
    context.emit(&document, || {
        context.printer.report(match &causes {
            Some(causes) if target.record.state.is_ended() => {
                Text::lines(std::iter::once(why_text(&report)).chain(lines(causes)))
            }
            Some(causes) => Text::lines(lines(causes)),
            None => why_text(&report),
        })
    })?;
    Ok(0)
}

fn lines(causes: &[String]) -> impl Iterator<Item = Text> {
    causes.iter().map(|cause| Text::from(cause.as_str()))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(flatten)]
    report: &'a WhyReport,
    /// Of an endpoint: what broke, or is being waited for, a sentence each.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<&'a [String]>,
}
