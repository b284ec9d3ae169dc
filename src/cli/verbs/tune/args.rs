//! What `tune` can do.

use super::best::{BestArgs, best};
use super::export::{ExportArgs, export};
use super::plot::{PlotArgs, plot};
use super::resume::{ResumeArgs, resume};
use super::start::start;
use super::stop_trial::{StopTrialArgs, stop_trial};
use super::suggest::{SuggestArgs, suggest};
use super::trials::{TrialsArgs, trials};
use crate::cli::verbs::selection::label;
use crate::cli::{CliError, Context, OnInterrupt, SpecArgs};

/// Arguments of `tune`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
A study (kind: TuneJob), a HyperparameterTuningJob of Vertex AI or an Experiment of
Katib is run: each trial is a run of its own, with the parameters as --name=value
behind its other arguments. The study goes on by itself when mlctl ends.

Examples:
  mlctl tune                             run ./mlctl.yaml and follow it
  mlctl tune study.yaml --max-trials 20 --parallel-trials 2
  mlctl tune study.yaml --detach && mlctl wait
  mlctl tune study.yaml --dry-run        the first trial's plan; nothing runs
  mlctl tune trials                      the trials of the last study
  mlctl tune plot                        a page with charts of it
  mlctl tune best -o yaml > train.yaml   a TrainJob with the best parameters
  mlctl tune resume --max-trials 60      go on, with more trials

Without a terminal a line for each trial goes to standard output as it starts and ends,
and in the end what was found; -q leaves the lines of trials out.

Exit codes: 0 at least one trial has a result, 1 internal, 2 usage, 3 spec,
4 not found, 5 refused, 10 no trial has one, 11 infrastructure, 12 cancelled,
14 the loop could not start, 130 detached."
)]
pub struct TuneArgs {
    /// What to do
    #[command(subcommand)]
    pub action: Option<TuneAction>,
    /// The study
    #[command(flatten)]
    pub spec: SpecArgs,
    /// How the study is begun and followed
    #[command(flatten)]
    pub start: StartArgs,
}

/// How a study is begun and followed.
#[derive(Clone, Debug, clap::Args)]
pub struct StartArgs {
    /// Trials in all, in place of what the file says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_trials: Option<u32>,
    /// Trials at once, in place of what the file says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub parallel_trials: Option<u32>,
    /// Submit and return; prints the study's id
    #[arg(short, long)]
    pub detach: bool,
    /// Show what the first trial would run
    #[arg(long)]
    pub dry_run: bool,
    /// Add a label to the study and its trials
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = label)]
    pub label: Vec<(String, String)>,
    /// Run trials on the CPU where the accelerators are missing
    #[arg(long)]
    pub allow_cpu: bool,
    /// Take along more code than 1 GiB or 20000 files
    #[arg(long)]
    pub allow_large_code: bool,
    /// What Ctrl-C does to the study [default: detach at a terminal, cancel elsewhere]
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "detach")]
    pub on_interrupt: Option<OnInterrupt>,
}

/// What `tune` can do beside running a study.
#[derive(Debug, clap::Subcommand)]
pub enum TuneAction {
    /// List the trials of a study
    Trials(TrialsArgs),
    /// Print the best trial, as a TrainJob with -o yaml
    Best(BestArgs),
    /// Write the trials for other programs: CSV, JSON, Optuna
    Export(ExportArgs),
    /// Write a page with charts of a study
    Plot(PlotArgs),
    /// Go on with a study, or give it more trials
    Resume(ResumeArgs),
    /// End a trial; what it has reported counts
    StopTrial(StopTrialArgs),
    /// Say which parameters to try next: a request on each line of standard input, an answer on each
    /// of standard output
    Suggest(SuggestArgs),
}

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &TuneArgs) -> Result<u8, CliError> {
    match &args.action {
        Some(TuneAction::Trials(args)) => trials(context, args),
        Some(TuneAction::Best(args)) => best(context, args),
        Some(TuneAction::Export(args)) => export(context, args),
        Some(TuneAction::Plot(args)) => plot(context, args),
        Some(TuneAction::Resume(args)) => resume(context, args),
        Some(TuneAction::StopTrial(args)) => stop_trial(context, args),
        Some(TuneAction::Suggest(args)) => suggest(context, args),
        None => start(context, &args.spec, &args.start),
    }
}
