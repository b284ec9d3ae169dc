//! `mlctl status`: one run and its replicas.

use std::time::Duration;

use serde::Serialize;

use super::cost::{cost_text, wasted_text};
use super::serve::{EndpointReport, endpoint_report};
use super::tune::study_report;
use crate::cli::{CliError, Context, ErrorKind, Format, Target};
use crate::event::RunState;
use crate::gang::RunId;
use crate::ops::cost::{Bill, Stretches, Window};
use crate::plan::{ImageIds, Plan, StartedWith, started_rows, started_with};
use crate::run::{ReplicaView, RunView, lacks_ends, outputs};
use crate::store::{RunRecord, now};
use crate::ui::human::{age, between, bytes, duration};
use crate::ui::{
    BOLD, Screen, Table, Text, accelerators_text, endpoint_curves, endpoint_lines, metrics_text,
    replica_state_style, run_state_style, study_facts_text, trials_table, usage_text,
};
use crate::work::tune::{StudyReport, TrialReport};

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl status                     the last run started from this folder
  mlctl status digits              the latest run of the spec named digits
  mlctl status digits-a1 --watch
  mlctl status digits -o json | jq .view.state")]
pub struct StatusArgs {
    /// The run
    pub run: Option<String>,
    /// Show it again and again until it has ended or Ctrl-C
    #[arg(short, long)]
    pub watch: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    run: &'a RunId,
    record: &'a RunRecord,
    view: &'a RunView,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<&'a Bill>,
    outputs: Vec<Output>,
    /// What each role was started with; absent where the plan is lost, and of what runs other runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    started_with: Vec<StartedWith>,
    #[serde(skip_serializing_if = "Option::is_none")]
    study: Option<&'a StudyReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<&'a EndpointReport>,
}

/// The columns before the value of a fact.
const FACT_INDENT: usize = 12;

#[derive(Serialize)]
struct Output {
    name: &'static str,
    place: String,
}

/// What a run decides over, where it does.
#[derive(Clone, Copy)]
struct Groups<'a> {
    study: Option<&'a StudyReport>,
    endpoint: Option<&'a EndpointReport>,
    /// How the endpoint's traffic went, for whoever goes on looking.
    curves: &'a [Text],
}

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &StatusArgs) -> Result<u8, CliError> {
    let mut target = context.target(args.run.as_deref())?;
    if args.watch {
        return watch(context, &mut target);
    }
    let mut view = target.view()?;
    // What ended after the run itself, such as a replica in its drain, is saved once nothing of it is
    // left; where that can't be asked just now, what is known is shown.
    if lacks_ends(&view)
        && let Ok(runtime) = context.runtime(&target.record.runtime)
        && runtime.is_gone(&target.paths).is_ok_and(|gone| gone)
    {
        view = target.view()?;
    }
    let outputs = outputs(target.plan.as_ref(), &target.paths);
    let places = outputs.iter().map(|(name, place)| Output { name, place: place.clone() });
    let bill = bill(context, &target)?;
    let study = study_report(context, &target)?;
    let endpoint = endpoint_report(context, &target)?;
    let groups = Groups { study: study.as_ref(), endpoint: endpoint.as_ref(), curves: &[] };
    let document = Document {
        schema_version: 1,
        run: &target.record.id,
        record: &target.record,
        view: &view,
        cost: bill.as_ref(),
        outputs: places.collect(),
        started_with: commands_of(&target)
            .map(|plan| started_with(plan, &images(&view)))
            .unwrap_or_default(),
        study: groups.study,
        endpoint: groups.endpoint,
    };
    context.emit(&document, || {
        let terminal = context.printer.terminal;
        let width = terminal.stdout.then_some(terminal.width);
        text(&target, &view, bill.as_ref(), groups, width)
    })?;
    Ok(0)
}

fn watch(context: &Context, target: &mut Target) -> Result<u8, CliError> {
    if !context.printer.terminal.stderr || context.format != Format::Table {
        return Err(CliError::new(ErrorKind::Usage, "--watch needs a terminal")
            .hint("for a program: mlctl wait, or mlctl train --events"));
    }
    let mut screen = Screen::new(&context.printer);
    loop {
        target.record = context.refresh(&target.store, &target.paths.run)?;
        let bill = bill(context, target)?;
        let study = study_report(context, target)?;
        let endpoint = endpoint_report(context, target)?;
        let live = endpoint.as_ref().and_then(|endpoint| endpoint.live.as_ref());
        let is_ascii = context.printer.terminal.ascii;
        let curves = live.map(|live| endpoint_curves(live, screen.width(), is_ascii));
        let curves = curves.unwrap_or_default();
        let groups = Groups { study: study.as_ref(), endpoint: endpoint.as_ref(), curves: &curves };
        let width = Some(screen.width());
        let mut lines = text(target, &target.view()?, bill.as_ref(), groups, width).split();
        lines.truncate(50);
        if target.record.state.is_ended() {
            screen.draw_rest(&lines);
            return Ok(0);
        }
        screen.draw(&[], &lines);
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// What the run has cost so far; nothing where its plan is lost.
fn bill(context: &Context, target: &Target) -> Result<Option<Bill>, CliError> {
    let Some(plan) = &target.plan else { return Ok(None) };
    let now = now();
    let stretches = Stretches::of(&target.store.events(&target.record)?, now);
    let prices = context.prices_or_warn(&target.record.runtime);
    Ok(Some(Bill::of(plan, &stretches, &prices, Window::until(now))))
}

fn text(
    target: &Target,
    view: &RunView,
    bill: Option<&Bill>,
    Groups { study, endpoint, curves }: Groups<'_>,
    width: Option<usize>,
) -> Text {
    let record = &target.record;
    let state = Text::styled(run_state_style(record.state), record.state.as_str());
    let mut lines = vec![Text::styled(BOLD, &record.id).then(" ").then(state)];
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("  {name:<9} {value}").into());
        }
    };
    fact("kind", format!("{} on {}", record.kind, record.runtime));
    fact("submitted", format!("{} ago by {}", age(record.created, now()), record.user));
    fact("from", record.cwd.display().to_string());
    if let Some(started) = record.started {
        fact("duration", duration(between(started, record.ended.unwrap_or_else(now))));
    }
    if let Some(bill) = bill.filter(|bill| bill.cost.is_some() && bill.currency.is_some()) {
        let wasted = wasted_text(bill);
        let wasted = if wasted.is_empty() { wasted } else { format!(", {wasted} of it wasted") };
        fact("cost", format!("{}{wasted}", cost_text(bill)));
        if !bill.unpriced.is_empty() {
            fact("", format!("without: {}", bill.unpriced.join("; ")));
        }
    }
    let labels = record.labels.iter().map(|(key, value)| format!("{key}={value}"));
    fact("labels", labels.collect::<Vec<_>>().join(" "));
    if let Some(git) = &record.git {
        let dirty = if git.dirty { ", with changes" } else { "" };
        fact("commit", format!("{}{dirty}", git.commit.get(..12).unwrap_or(&git.commit)));
    }
    let rows = commands_of(target).map(|plan| started_rows(plan, &images(view)));
    for (name, value) in rows.unwrap_or_default() {
        fact(name, cut(&value, width));
    }
    if view.attempt > 1 {
        let spent = view.retries.iter().filter(|spending| spending.spent > 0);
        let spent = spent.map(|s| format!("{} {} of {}", s.class, s.spent, s.budget));
        let spent = spent.collect::<Vec<_>>().join(", ");
        let spent = if spent.is_empty() { spent } else { format!(" ({spent})") };
        fact("attempt", format!("{}{spent}", view.attempt));
    }
    if let Some(verdict) = &record.verdict {
        let of_study = study.and_then(|study| study.reason.clone());
        fact("reason", of_study.unwrap_or_else(|| verdict.reason.clone()));
    } else {
        fact("now", view.activity().unwrap_or_default());
    }
    for (name, place) in outputs(target.plan.as_ref(), &target.paths) {
        fact(name, place);
    }
    fact("push", push_text(target));
    for warning in &view.warnings {
        fact("warning", warning.clone());
    }
    if let Some(endpoint) = endpoint {
        let EndpointReport { state, live } = endpoint;
        lines.extend(endpoint_lines(state, live.as_ref(), curves, now(), width));
    } else if let Some(study) = study {
        lines.extend(study_text(study, width));
    } else if !view.replicas.is_empty() {
        lines.push(Text::default());
        lines.push(replicas(view).text(width));
    }
    let failed: Vec<_> = view.attempts.iter().filter_map(|a| a.first_failure.as_ref()).collect();
    if !failed.is_empty() {
        lines.push(Text::default());
        let mut table = Table::new(&["ATTEMPT", "FAILED FIRST", "CLASS", "REASON"]).whole(&[1]);
        for failure in failed {
            table.row(vec![
                failure.attempt.to_string(),
                failure.replica.to_string(),
                failure.class.to_string(),
                failure.reason.clone(),
            ]);
        }
        lines.push(table.text(width));
    }
    Text::lines(lines)
}

/// The plan of a run whose commands its spec names: those of what decides over other runs, and of the workers
/// of a batch prediction, are mlctl's own.
fn commands_of(target: &Target) -> Option<&Plan> {
    let plan = target.plan.as_ref()?;
    let is_own = plan.gang().controller.is_some() || plan.is_tasks() || plan.service().is_some();
    (!is_own).then_some(plan)
}

/// What the nodes called the images of the replicas.
fn images(view: &RunView) -> ImageIds {
    let mut images = ImageIds::new();
    for one in view.replicas.values() {
        let ids = images.entry(one.replica.role.clone()).or_default();
        ids.extend(one.image_id.clone());
    }
    images
}

/// A line that a terminal shows whole, behind the name of the fact; a pipe gets all of it.
fn cut(text: &str, width: Option<usize>) -> String {
    let text = text.replace('\n', " ");
    let room = width.map(|width| width.saturating_sub(FACT_INDENT));
    match room.and_then(|room| text.char_indices().nth(room)) {
        Some(_) => {
            let room = room.unwrap_or_default().saturating_sub(1);
            text.chars().take(room).chain(['…']).collect()
        }
        None => text,
    }
}

/// What becomes of the run's model in the registry, or has become of it.
fn push_text(target: &Target) -> String {
    let record = &target.record;
    if let Some(pushed) = &record.pushed {
        return format!("as {}@{}", pushed.name, pushed.version);
    }
    let push = target.plan.as_ref().and_then(|plan| plan.head.push.as_ref());
    let may_be = !record.state.is_ended() || record.state == RunState::Succeeded;
    match push.filter(|_| may_be) {
        Some(push) => format!("as {}, not yet: mlctl wait {}", push.name, record.id),
        None => String::new(),
    }
}

/// How far a study is: what it has found, and the trials that run.
fn study_text(study: &StudyReport, width: Option<usize>) -> Vec<Text> {
    let mut lines = vec![study_facts_text(study)];
    let running: Vec<&TrialReport> =
        study.trials.iter().filter(|trial| !trial.state.is_ended()).collect();
    if !running.is_empty() {
        lines.push(Text::default());
        lines.push(trials_table(study, &running, now()).text(width));
    }
    lines
}

fn replicas(view: &RunView) -> Table {
    let mut header = vec!["REPLICA", "STATE", "TIME", "CPU", "MEMORY", "EXIT", "METRICS"];
    let seen = |replica: &ReplicaView| {
        let now = accelerators_text(replica.usage.as_ref());
        match replica.peak_accelerator_memory {
            Some(peak) if now.is_empty() => format!("peak {}", bytes(peak)),
            _ => now,
        }
    };
    let has_gpus = view.replicas.values().any(|replica| !seen(replica).is_empty());
    if has_gpus {
        header.insert(5, "GPU");
    }
    let has_unseen = view.replicas.values().any(|replica| replica.pod.is_some());
    if has_unseen {
        header.push("POD");
    }
    let mut table = Table::new(&header).whole(&[0, 1]).painted(1);
    let now = now();
    for replica in view.replicas.values() {
        let time = replica.since.map(|since| between(since, replica.until.unwrap_or(now)));
        let (cpu, mut memory) = usage_text(replica.usage.as_ref());
        if memory.is_empty() && replica.peak_memory > 0 {
            memory = format!("peak {}", bytes(replica.peak_memory));
        }
        let mut row = vec![
            replica.replica.to_string(),
            replica.state.as_str().into(),
            time.map(duration).unwrap_or_default(),
            cpu,
            memory,
            replica.last_exit().map(|exit| exit.reason.clone()).unwrap_or_default(),
            metrics_text(replica.step, &replica.metrics),
        ];
        if has_gpus {
            row.insert(5, seen(replica));
        }
        if has_unseen {
            row.push(replica.pod.as_ref().map(ToString::to_string).unwrap_or_default());
        }
        table.painted_row(replica_state_style(replica.state), row);
    }
    table
}
