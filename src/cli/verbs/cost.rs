//! `mlctl cost`: what runs have cost, and what of it was wasted.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::selection::Selection;
use crate::cli::{CliError, Context, ErrorKind, Format, RuntimeRefresh, Target};
use crate::gang::RunId;
use crate::ops::cost::{Bill, By, Charged, Stretches, Sum, Window, money, sums};
use crate::plan::Plan;
use crate::runtime::Wanted;
use crate::store::{
    IndexEntry, ListFilter, Members, RunRecord, RunSummary, Store, Whereabouts, now,
};
use crate::text::Span;
use crate::ui::Table;

const GCP: &str = include_str!("../../../prices/gcp.yaml");
const AWS: &str = include_str!("../../../prices/aws.yaml");
const AZURE: &str = include_str!("../../../prices/azure.yaml");

/// Arguments of `cost`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Counts what replicas requested, from the moment at which their pods started to
the end of the run, and takes prices from the file that the setting `prices`
names. Wasted is what attempts cost that failed, and what was held while nothing
of the gang ran. Runs on this machine cost nothing; their hours are shown: of
replicas, cores (CORE-H), GiB of memory (GIB-H) and accelerators (ACC-H).

Examples:
  mlctl cost --template gcp > ~/.config/mlctl/prices.yaml
  mlctl cost                             every run of yours that is known here
  mlctl cost digits-a1b2c3               one run
  mlctl cost --by day --since 7d
  mlctl cost --by label=team -o json
  mlctl cost --by user --all-users --context prod")]
pub struct CostArgs {
    /// Only these runs
    pub runs: Vec<String>,
    /// Sum up by run, name, label=KEY, user or day (of UTC, as clouds bill)
    #[arg(long, default_value = "run", value_name = "WHAT", value_parser = by)]
    pub by: By,
    /// Only hours within this time, for example 12h or 30d
    #[arg(long, value_name = "DURATION")]
    pub since: Option<Span>,
    /// Which runs
    #[command(flatten)]
    pub selection: Selection,
    /// Runs of everybody, as the chosen cluster knows them
    #[arg(long, conflicts_with = "runs")]
    pub all_users: bool,
    /// Print a price file with a cloud's list prices to start from
    #[arg(long, value_enum, value_name = "CLOUD")]
    #[arg(conflicts_with_all = ["runs", "by", "since", "name", "label", "all_users", "output"])]
    #[arg(conflicts_with_all = ["runtime", "context", "namespace"])]
    pub template: Option<Cloud>,
}

/// Clouds whose list prices there is a template of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Cloud {
    /// Google Cloud
    Gcp,
    /// Amazon Web Services
    Aws,
    /// Microsoft Azure
    Azure,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    /// The time zone of days, where hours are summed up by day.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<&'static str>,
    sums: &'a [Sum],
    all: &'a Bill,
}

fn by(text: &str) -> Result<By, String> {
    text.parse()
}

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &CostArgs) -> Result<u8, CliError> {
    if let Some(cloud) = args.template {
        if context.format == Format::Json {
            let message = "--template prints a price file, which is YAML";
            return Err(CliError::new(ErrorKind::Usage, message).hint("leave -o json out"));
        }
        let text = match cloud {
            Cloud::Gcp => GCP,
            Cloud::Aws => AWS,
            Cloud::Azure => AZURE,
        };
        context.printer.data(text)?;
        return Ok(0);
    }
    let temporary;
    let store = if args.all_users {
        temporary = tempfile::tempdir()?;
        everybodys(context, temporary.path().to_owned())?
    } else {
        context.store()?
    };
    let (charged, others) = charged(context, &store, args)?;
    context.print_notices(&store);
    let to = now();
    let from = args.since.map(|since| to.checked_sub(since.0).unwrap_or(jiff::Timestamp::MIN));
    let window = from.map_or(Window::until(to), |from| Window { from, to });
    let sums = sums(&charged, &args.by, window);
    let mut all = Bill::default();
    for sum in &sums {
        all.add(&sum.bill);
    }
    if others > 0 {
        let runs = if others == 1 { "1 run" } else { &format!("{others} runs") };
        context.printer.hint(format!(
            "{runs} of others that you looked at don't count: name them, or --all-users counts everybody's"
        ));
    }
    if sums.is_empty() && context.format == Format::Table {
        context.printer.say("no run has held anything in this time");
        return Ok(0);
    }
    // Clouds bill by days of UTC.
    let time_zone = (args.by == By::Day).then_some("UTC");
    context.emit(&Document { schema_version: 1, time_zone, sums: &sums, all: &all }, || {
        table(&sums, &all, &args.by).render(&context.printer)
    })?;
    if !all.unpriced.is_empty() {
        context.printer.say(format!("not in the cost: {}", all.unpriced.join("; ")));
    }
    if all.cost.is_none() {
        context.printer.hint(
            "name a price file in the settings (`prices: prices.yaml`); --template prints one",
        );
    }
    Ok(0)
}

/// A state folder for the time being, with what the cluster remembers of everybody's runs.
fn everybodys(context: &Context, dir: PathBuf) -> Result<Store, CliError> {
    if !context.chooses_cluster() {
        let error = CliError::new(ErrorKind::Usage, "this machine knows only your own runs");
        return Err(error.hint("name a cluster: --context CONTEXT --all-users"));
    }
    let store = Store::open(dir)?;
    for found in context.find(&*context.chosen()?, &Wanted::All)? {
        store.adopt(&found)?;
    }
    Ok(store)
}

/// What is counted, and how many runs are not, since they are another user's and were only looked at.
fn charged(
    context: &Context,
    store: &Store,
    args: &CostArgs,
) -> Result<(Vec<Charged>, usize), CliError> {
    let wanted = args.runs.iter().map(|run| context.target(Some(run)));
    let wanted = wanted.collect::<Result<Vec<Target>, CliError>>()?;
    // A study is all of its trials, an endpoint all of its replicas, and all runs that decided over it.
    let studies: Vec<&RunId> =
        wanted.iter().filter_map(|target| target.plan.as_ref()?.decides_over()).collect();
    let filter = ListFilter {
        name: args.selection.name.clone(),
        members: Members::Shown,
        labels: args.selection.labels(),
        // Those of a study that is named may be elsewhere.
        place: if wanted.is_empty() { context.whereabouts() } else { Whereabouts::default() },
        ..ListFilter::default()
    };
    let listing = store.list(&filter, &mut RuntimeRefresh { context, store })?;
    let now = now();
    let (mut all, mut others) = (Vec::new(), 0);
    for RunSummary { entry, .. } in listing.runs {
        let is_named = wanted.is_empty() || wanted.iter().any(|one| one.record.id == entry.id);
        if !is_named && !studies.iter().any(|study| store.is_of_group(&entry, study)) {
            continue;
        }
        let (Some(plan), Ok(record)) =
            (store.paths(&entry.id).read_plan().ok(), store.record(&entry.id))
        else {
            context.printer.warn(format!(
                "{}: its plan or record can't be read, so what it cost is not known",
                entry.id
            ));
            continue;
        };
        if record.foreign && wanted.is_empty() && !args.all_users {
            others += 1;
            continue;
        }
        all.push(charge(context, store, entry, &record, plan, now)?);
    }
    Ok((all, others))
}

fn charge(
    context: &Context,
    store: &Store,
    entry: IndexEntry,
    record: &RunRecord,
    plan: Plan,
    now: Timestamp,
) -> Result<Charged, CliError> {
    Ok(Charged {
        run: entry.id,
        name: entry.name,
        user: entry.user,
        labels: entry.labels,
        stretches: Stretches::of(&store.events(record)?, now),
        prices: context.prices(&entry.runtime)?,
        plan,
    })
}

/// What one run has cost by now; an error of the price file is one.
pub(super) fn bill_of(
    context: &Context,
    store: &Store,
    run: &RunId,
    plan: &Plan,
) -> Result<Bill, CliError> {
    let (record, to) = (store.record(run)?, now());
    let charged = charge(context, store, record.entry(), &record, plan.clone(), to)?;
    let mut bill = Bill::default();
    for sum in sums(&[charged], &By::Run, Window::until(to)) {
        bill.add(&sum.bill);
    }
    Ok(bill)
}

fn table(sums: &[Sum], all: &Bill, by: &By) -> Table {
    let first = match by {
        By::Run => "RUN",
        By::Name => "NAME",
        By::Label(_) => "LABEL",
        By::User => "USER",
        By::Day => "DAY (UTC)",
    };
    let header = [first, "RUNS", "HOURS", "CORE-H", "GIB-H", "ACC-H", "COST", "WASTED"];
    let mut table = Table::new(&header).whole(&[0, 6, 7]);
    let mut row = |key: &str, runs: usize, bill: &Bill| {
        table.row(vec![
            key.to_owned(),
            runs.to_string(),
            hours(bill.replica_hours),
            hours(bill.cpu_hours),
            hours(bill.memory_gib_hours),
            bill.accelerator_hours
                .iter()
                .map(|(kind, held)| format!("{} {kind}", hours(*held)))
                .collect::<Vec<_>>()
                .join(", "),
            cost_text(bill),
            wasted_text(bill),
        ]);
    };
    for sum in sums {
        row(if sum.key.is_empty() { "-" } else { &sum.key }, sum.runs, &sum.bill);
    }
    if sums.len() > 1 {
        row("in all", sums.iter().map(|sum| sum.runs).sum(), all);
    }
    table
}

/// `4.12 USD`, `0` on one's own machine, `?` where nobody has said what things cost.
pub(super) fn cost_text(bill: &Bill) -> String {
    match (bill.cost, &bill.currency) {
        (Some(cost), Some(currency)) => money(cost, currency),
        (Some(_), None) => "0".into(),
        (None, _) => "?".into(),
    }
}

/// `1.20 USD (29%)`; hours where there is no money.
pub(super) fn wasted_text(bill: &Bill) -> String {
    let wasted = bill.wasted.all();
    let part = |wasted: f64, all: f64| format!("{:.0}%", wasted / all * 100.0);
    match (bill.cost, &bill.currency) {
        _ if wasted.hours == 0.0 => String::new(),
        (Some(cost), Some(currency)) if cost > 0.0 => {
            format!("{} ({})", money(wasted.cost, currency), part(wasted.cost, cost))
        }
        _ => format!("{} h ({})", hours(wasted.hours), part(wasted.hours, bill.replica_hours)),
    }
}

/// Hours with as many digits as say something.
fn hours(hours: f64) -> String {
    if hours < 0.1 { format!("{hours:.4}") } else { format!("{hours:.2}") }
}
