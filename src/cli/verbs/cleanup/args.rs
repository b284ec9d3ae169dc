//! The arguments of `cleanup`.

use crate::cli::verbs::selection::Selection;
use crate::event::RunState;
use crate::text::Span;

/// Arguments of `cleanup`.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
Shows what it would remove and what that frees, then asks. Without a choice:
runs that ended 7 days ago or more, what is left of runs that nobody knows, and
Python environments, staged models and fetched data that were not used for so
long. Models of runs that succeeded stay, with the run's story but without its
logs (also where the spec's `output` says another place), and so does whatever still runs, belongs to
others, or was not made by mlctl. Outputs outside of the state folder and claims
are never touched, but for batch predictions: with the last run of a job go its
half-written parts, and, where the job was never finished, its markers, without
which it can't be resumed. Results go with --outputs only.

What is removed is no longer counted by `mlctl cost`.

By itself, once a day: working folders of runs here that ended 7 days ago, with
the copy of their code; logs, events and outputs stay. The setting `retention`
says other times, and what of whole runs goes: {workFolders: 1d, olderThan: 30d}.

Examples:
  mlctl cleanup                          look, and decide
  mlctl cleanup --dry-run -o json        only look
  mlctl cleanup digits-a1b2c3 --yes      one run, without a question
  mlctl cleanup --state failed,cancelled --older-than 1d --yes
  mlctl cleanup --orphans --context prod   what killed commands left there
  mlctl cleanup --all --yes              everything that has ended

Exit codes: 0 all is removed, 5 something could not be.")]
pub struct CleanupArgs {
    /// Only these runs
    pub runs: Vec<String>,
    /// Only what ended, or was used last, so long ago, for example 12h or 7d
    #[arg(long, value_name = "DURATION")]
    pub older_than: Option<Span>,
    /// Only runs in these states
    #[arg(long, value_delimiter = ',', value_name = "STATE")]
    pub state: Vec<RunState>,
    /// Which runs
    #[command(flatten)]
    pub selection: Selection,
    /// Only the trials of this study
    #[arg(long)]
    pub study: Option<String>,
    /// Only what belongs to no known run
    #[arg(long, conflicts_with_all = ["runs", "state", "name", "label", "study"])]
    pub orphans: bool,
    /// Everything that has ended, whatever its age
    #[arg(long, conflicts_with_all = ["runs", "older_than", "orphans"])]
    pub all: bool,
    /// Models of runs that succeeded, too
    #[arg(long)]
    pub models: bool,
    /// Results of batch predictions, too, also of those that succeeded
    #[arg(long)]
    pub outputs: bool,
    /// End and remove what still runs, too
    #[arg(long)]
    pub running: bool,
    /// Also what others have submitted to the cluster
    #[arg(long)]
    pub all_users: bool,
    /// Don't ask
    #[arg(short, long)]
    pub yes: bool,
    /// Only show what would be removed
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Nobody has asked for it: only what was submitted from here
    #[arg(skip)]
    pub only_own: bool,
}
