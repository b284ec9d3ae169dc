//! `mlctl list`: which runs there are.

use std::time::Duration;

use serde::Serialize;

use super::globals::globals_of;
use super::selection::Selection;
use crate::cli::{CliError, Context, ErrorKind, Format, LOCAL, RuntimeRefresh};
use crate::event::{PodSight, RunState};
use crate::gang::RunId;
use crate::runtime::Wanted;
use crate::store::{ListFilter, Listing, Members, RunSummary, Store, now};
use crate::text::Span;
use crate::ui::human::{age, between, duration};
use crate::ui::{Screen, Table, Text, Verbosity, metrics_text, run_state_style};

/// Arguments of `list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl list                             the 50 newest runs
  mlctl list --state running,restarting  what is alive
  mlctl list --name digits --since 7d
  mlctl list --label team=vision -o json
  mlctl list --study digits-search       the trials of a study
  mlctl list --endpoint digits           the replicas of an endpoint
  mlctl list --context prod -n team-a    yours in that namespace of that cluster
  mlctl list --all-users --context prod  everybody's runs in that cluster
  mlctl cancel $(mlctl list --state running --quiet)")]
pub struct ListArgs {
    /// Only runs in these states
    #[arg(long, value_delimiter = ',', value_name = "STATE")]
    pub state: Vec<RunState>,
    /// Which runs
    #[command(flatten)]
    pub selection: Selection,
    /// Only runs submitted within this time, for example 2h or 7d
    #[arg(long, value_name = "DURATION")]
    pub since: Option<Span>,
    /// At most so many, the newest; 0 for all
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: usize,
    /// All runs, of every namespace and however many
    #[arg(short = 'A', long, short_alias = 'a', alias = "all-namespaces")]
    #[arg(conflicts_with_all = ["limit", "namespace"])]
    pub all: bool,
    /// Only the trials of this study, which are in no other list
    #[arg(long, value_name = "STUDY", conflicts_with = "all_users")]
    pub study: Option<String>,
    /// Only the replicas of this endpoint, which are in no other list
    #[arg(long, value_name = "ENDPOINT", conflicts_with_all = ["all_users", "study"])]
    pub endpoint: Option<String>,
    /// Runs of everybody, as the chosen cluster knows them
    #[arg(long, conflicts_with = "watch")]
    pub all_users: bool,
    /// Show the list again and again until Ctrl-C
    #[arg(short, long)]
    pub watch: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    total: usize,
    runs: Vec<Listed<'a>>,
}

/// A run of a list. Its id is `run` here as in every document.
#[derive(Serialize)]
struct Listed<'a> {
    run: &'a RunId,
    #[serde(flatten)]
    summary: &'a RunSummary,
}

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &ListArgs) -> Result<u8, CliError> {
    let store = context.store()?;
    if args.watch {
        return watch(context, &store, args);
    }
    let listing =
        if args.all_users { of_cluster(context, args)? } else { list(context, &store, args)? };
    context.print_notices(&store);
    if context.printer.verbosity == Verbosity::Quiet && context.format == Format::Table {
        context.printer.show(Text::lines(listing.runs.iter().map(|run| run.entry.id.as_str())))?;
        return Ok(0);
    }
    let runs = listing.runs.iter().map(|summary| Listed { run: &summary.entry.id, summary });
    let document = Document { schema_version: 1, total: listing.total, runs: runs.collect() };
    if listing.runs.is_empty() && context.format == Format::Table {
        say_none(context, &store)?;
        return Ok(0);
    }
    let terminal = context.printer.terminal;
    let width = terminal.stdout.then_some(terminal.width);
    context.emit(&document, || table(&listing, width).text(width))?;
    let hidden = listing.total - listing.runs.len();
    if hidden > 0 {
        context.printer.hint(format!("{hidden} older runs are not shown: --all shows them too"));
    }
    Ok(0)
}

/// Says that there is none, and whether that is for the place alone that the command line names.
fn say_none(context: &Context, store: &Store) -> Result<(), CliError> {
    let place = context.whereabouts();
    if place.is_anywhere() {
        context.printer.say("no runs");
        return Ok(());
    }
    context.printer.say(format!("no runs {place}"));
    if let Some(namespace) = &place.namespace
        && let Some(globals) = globals_of("list")
    {
        let none = CliError::new(ErrorKind::NotFound, "");
        globals.meant_by_number(none, namespace).print(&context.printer);
    }
    let filter = ListFilter { limit: Some(1), ..ListFilter::default() };
    let listing = store.list(&filter, &mut |run: &RunId| store.record(run))?;
    if listing.total > 0 {
        context.printer.hint(format!("mlctl list shows {} elsewhere", listing.total));
    }
    Ok(())
}

/// What the cluster remembers, whoever submitted it.
fn of_cluster(context: &Context, args: &ListArgs) -> Result<Listing, CliError> {
    if !context.chooses_cluster() {
        let error = CliError::new(ErrorKind::Usage, "this machine knows only your own runs");
        return Err(error.hint("name a cluster: mlctl list --all-users --context CONTEXT"));
    }
    let found = context.find(&*context.chosen()?, &Wanted::All)?;
    let since = since(args);
    let mut runs: Vec<RunSummary> = found
        .into_iter()
        .map(|run| RunSummary::new(run.record.entry(), run.state))
        .filter(|run| run.entry.group().is_none())
        .filter(|run| args.state.is_empty() || args.state.contains(&run.state))
        .filter(|run| args.selection.name.as_ref().is_none_or(|name| run.entry.name == *name))
        .filter(|run| args.selection.label.iter().all(|(k, v)| run.entry.labels.get(k) == Some(v)))
        .filter(|run| since.is_none_or(|since| run.entry.created >= since))
        .collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.entry.created));
    let total = runs.len();
    runs.truncate(limit(args).unwrap_or(usize::MAX));
    Ok(Listing { runs, total })
}

/// How many are shown; `None` for all.
fn limit(args: &ListArgs) -> Option<usize> {
    (args.limit > 0 && !args.all).then_some(args.limit)
}

fn since(args: &ListArgs) -> Option<jiff::Timestamp> {
    args.since.map(|since| now().checked_sub(since.0).unwrap_or(jiff::Timestamp::MIN))
}

/// The endpoint of a name, whose replicas are runs.
fn replicas_of(context: &Context, endpoint: &str) -> Result<RunId, CliError> {
    let target = context.endpoint(Some(endpoint))?;
    if target.run.record.runtime == LOCAL {
        return Ok(target.paths.endpoint);
    }
    let name = &target.document.name;
    let message = format!("{name} is in a cluster, where replicas are pods and no runs");
    Err(CliError::new(ErrorKind::Refused, message)
        .hint(format!("its revisions and their replicas: mlctl status {name}"))
        .hint(format!("what one of them prints: mlctl logs {name}/REVISION")))
}

fn list(context: &Context, store: &Store, args: &ListArgs) -> Result<Listing, CliError> {
    let since = since(args);
    let filter = ListFilter {
        states: args.state.clone(),
        name: args.selection.name.clone(),
        labels: args.selection.labels(),
        since,
        limit: limit(args),
        place: context.whereabouts(),
        members: match (&args.study, &args.endpoint) {
            (_, Some(endpoint)) => Members::Of(replicas_of(context, endpoint)?),
            (Some(study), None) => {
                // Its document and journal may be lost: this is then the way to its trials.
                let target = context.target_of_study(Some(study))?;
                let study = target.study().cloned().ok_or_else(|| target.no_study())?;
                context.take_in_trials(store, &target.record.id)?;
                Members::Of(study)
            }
            (None, None) => Members::Hidden,
        },
    };
    let mut listing = store.list(&filter, &mut RuntimeRefresh { context, store })?;
    store.fill_metrics(&mut listing);
    Ok(listing)
}

/// Columns of a metric where there is room for one alone.
const METRIC: usize = 24;

/// The table for a terminal of `width` columns, or for a pipe. Where not all of the last numbers have room,
/// each run has its first one, whole.
fn table(listing: &Listing, width: Option<usize>) -> Table {
    let all = table_with(listing, usize::MAX);
    match width {
        Some(width) if all.width() > width => table_with(listing, 1),
        _ => all,
    }
}

/// The table with at most so many metrics of each run.
fn table_with(listing: &Listing, most: usize) -> Table {
    let mut header = vec!["RUN", "KIND", "STATE", "RUNTIME", "AGE", "DURATION"];
    let has_notes = listing.runs.iter().any(|run| !run.pods.is_empty());
    let has_metrics = listing.runs.iter().any(|run| run.metrics.is_some());
    if has_metrics {
        header.push("METRICS");
    }
    if has_notes {
        header.push("NOTE");
    }
    let whole: &[usize] = if has_metrics && most == 1 { &[0, 2, 6] } else { &[0, 2] };
    let mut table = Table::new(&header).whole(whole).painted(2);
    let now = now();
    for RunSummary { entry, state, pods, metrics } in &listing.runs {
        let took = entry
            .started
            .map(|started| duration(between(started, entry.ended.unwrap_or(now))))
            .unwrap_or_default();
        let mut row = vec![
            entry.id.to_string(),
            entry.kind.clone(),
            state.to_string(),
            entry.runtime.clone(),
            age(entry.created, now),
            took,
        ];
        if has_metrics {
            let last = metrics.as_ref().map(|last| {
                let step = last.step.filter(|_| most > 1 || last.values.is_empty());
                let text = metrics_text(step, last.values.iter().take(most));
                if most > 1 { text } else { Text::from(text).clip(METRIC).to_string() }
            });
            row.push(last.unwrap_or_default());
        }
        if has_notes {
            row.push(PodSight::line(pods).unwrap_or_default());
        }
        table.painted_row(run_state_style(*state), row);
    }
    table
}

fn watch(context: &Context, store: &Store, args: &ListArgs) -> Result<u8, CliError> {
    if !context.printer.terminal.stderr || context.format != Format::Table {
        return Err(CliError::new(ErrorKind::Usage, "--watch needs a terminal")
            .hint("for a program: mlctl wait, or mlctl train --events"));
    }
    let mut screen = Screen::new(&context.printer);
    loop {
        let listing = list(context, store, args)?;
        let width = Some(screen.width());
        let mut lines = table(&listing, width).text(width).split();
        lines.truncate(40);
        screen.draw(&[], &lines);
        std::thread::sleep(Duration::from_secs(1));
    }
}
