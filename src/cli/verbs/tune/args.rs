//! What `tune` can do.

use std::path::PathBuf;

use super::suggest::{SuggestArgs, suggest};
use crate::cli::{CliError, Context, ErrorKind};

/// Arguments of `tune`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
A study (kind: TuneJob), a HyperparameterTuningJob of Vertex AI and an Experiment of
Katib can be checked and converted, and not yet run. A program of your own that runs
trials can ask for parameters.

Examples:
  mlctl tune suggest < requests.jsonl    a line of JSON in, a line of JSON out
  mlctl validate study.yaml
  mlctl convert experiment.yaml
  mlctl explain TuneJob.parameters"
)]
pub struct TuneArgs {
    /// What to do
    #[command(subcommand)]
    pub action: Option<TuneAction>,
    /// A study, of which people are told what can be done with it
    #[arg(value_name = "FILE", hide = true)]
    pub file: Option<PathBuf>,
}

/// What `tune` can do.
#[derive(Debug, clap::Subcommand)]
pub enum TuneAction {
    /// Say which parameters to try next: a request on each line of standard input, an answer on each
    /// of standard output
    Suggest(SuggestArgs),
}

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &TuneArgs) -> Result<u8, CliError> {
    match &args.action {
        Some(TuneAction::Suggest(args)) => suggest(context, args),
        None => {
            let error = CliError::new(ErrorKind::Usage, "studies can't be run yet");
            let file = args.file.as_deref().unwrap_or("study.yaml".as_ref()).display();
            Err(error.hint(format!(
                "check one with `mlctl validate {file}`, print it as a TuneJob with `mlctl convert {file}`, \
                 or ask for parameters with `mlctl tune suggest`"
            )))
        }
    }
}
