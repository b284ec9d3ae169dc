//! `mlctl state`: the folder in which mlctl remembers its runs.

use serde::Serialize;

use crate::cli::{CliError, Context, ErrorKind};
use crate::gang::RunId;
use crate::runtime::Wanted;
use crate::ui::Text;

/// Arguments of `state`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl state path                 where it is
  mlctl state check                is everything whole?
  mlctl state rebuild              make the index anew from the runs' folders
  mlctl state rebuild --context prod   and take in your runs that this cluster knows")]
pub struct StateArgs {
    /// What to do
    #[command(subcommand)]
    pub action: StateAction,
}

const REBUILD_HELP: &str = "\
Where a cluster is chosen, by --context or the settings, your runs that it knows are taken in.

Examples:
  mlctl state rebuild
  mlctl state rebuild --context prod -n team-a";

/// What `state` can do.
#[derive(Clone, Copy, Debug, clap::Subcommand)]
pub enum StateAction {
    /// Print where the state folder is
    #[command(after_help = "Examples:\n  du -sh $(mlctl state path)")]
    Path,
    /// Look everything over; exit code 1 when something is wrong
    #[command(after_help = "Examples:\n  mlctl state check")]
    Check,
    /// Make the index anew from the runs' folders; damaged files are kept aside
    #[command(after_help = REBUILD_HELP)]
    Rebuild,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<T> {
    schema_version: u32,
    path: String,
    #[serde(flatten)]
    report: T,
}

/// Looks after the state folder.
pub fn run(context: &Context, args: &StateArgs) -> Result<u8, CliError> {
    let store = context.store()?;
    let path = store.root().display().to_string();
    match args.action {
        StateAction::Path => {
            let empty = serde_json::Map::new();
            let document = Document { schema_version: 1, path: path.clone(), report: empty };
            context.emit(&document, || path.into())?;
        }
        StateAction::Check => {
            let report = store.check()?;
            let wrong = report.problems.len();
            let text = || {
                let mut lines = report.problems.clone();
                lines.extend(
                    report.set_aside.iter().map(|file| format!("set aside earlier: {file}")),
                );
                lines.push(format!("{} runs, {wrong} problems", report.runs));
                Text::lines(lines)
            };
            context.emit(&Document { schema_version: 1, path, report: report.clone() }, text)?;
            if wrong > 0 && store.is_read_only() {
                context.printer.hint("use the newer mlctl");
            } else if wrong > 0 {
                context.printer.hint(
                    "`mlctl state rebuild` makes `index` and `version` anew, `mlctl status RUN` a \
                     record that is damaged",
                );
            }
            if wrong > 0 {
                return Err(CliError::printed(ErrorKind::Internal));
            }
        }
        StateAction::Rebuild => {
            let mut adopted = Vec::new();
            if context.chooses_cluster() {
                for found in context.find(&*context.chosen()?, &Wanted::Mine)? {
                    if store.adopt(&found)? {
                        adopted.push(found.record.id);
                    }
                }
            }
            let mut report = store.rebuild()?;
            report.added.extend(adopted);
            let text = || {
                let list = |what: &str, runs: &[RunId]| {
                    runs.iter().map(|run| format!("{what}: {run}")).collect::<Vec<_>>()
                };
                let mut lines = list("found again", &report.added);
                lines.extend(list("folder is gone, dropped", &report.dropped));
                lines.extend(list("record is damaged, see `mlctl status`", &report.damaged));
                lines.push(format!("{} runs in the index", report.runs));
                Text::lines(lines)
            };
            context.emit(&Document { schema_version: 1, path, report: report.clone() }, text)?;
            context.print_notices(&store);
        }
    }
    Ok(0)
}
