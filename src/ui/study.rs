//! A study for people: lines of what happens, the table of its trials, the live view.

use jiff::Timestamp;

use super::human::{between, duration, number};
use super::table::Table;
use super::{BOLD, DIM, ERROR, GOOD, Text, run_state_style};
use crate::event::RunState;
use crate::run::RunView;
use crate::work::tune::{Entry, StudyReport, TrialReport, TrialState, short};

/// At most so many trials have a row in the live view.
const ROWS: usize = 16;
/// Columns of a sparkline.
const SPARKS: usize = 16;
/// The bars of a curve, from the lowest to the highest.
pub(super) const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What an entry of a study's journal says to a person; `None` where it says nothing worth a line.
/// The report is the study's after the entry.
pub fn trial_line(entry: &Entry, report: &StudyReport) -> Option<Text> {
    let of = |number: &u32| report.trial(*number);
    let name = |number: &u32| Text::styled(BOLD, &format!("trial {number}"));
    let line = match entry {
        Entry::Session { .. } if report.ended() > 0 => format!(
            "the study goes on: {} of {} trials have ended",
            report.ended(),
            report.max_trials
        )
        .into(),
        Entry::Submitting { trial, run } => {
            let params = of(trial)?.params_text();
            name(trial)
                .then(format!(" starts: {params}"))
                .then(Text::styled(DIM, &format!(" ({run})")))
        }
        Entry::Again { trial, reason } => name(trial).then(format!(" starts again: {reason}")),
        Entry::Stopping { trial, reason } => {
            name(trial).then(format!(" is ended: {}", reason.text()))
        }
        Entry::Ended { trial, .. } => {
            let ended = of(trial)?;
            let state = Text::styled(style(ended.state), ended.state.as_str());
            let values = ended.values_text(&report.metrics);
            let values = if values.is_empty() { values } else { format!(" with {values}") };
            let best = if report.best.contains(trial) { ", the best so far" } else { "" };
            let best = if report.best.len() > 1 && !best.is_empty() {
                ", not beaten so far"
            } else {
                best
            };
            let reason =
                if ended.reason.is_empty() { String::new() } else { format!(": {}", ended.reason) };
            name(trial).then(" ").then(state).then(format!("{values}{best}{reason}"))
        }
        Entry::Raised { max_trials } => format!("it may have {max_trials} trials now").into(),
        Entry::Begun { .. }
        | Entry::Session { .. }
        | Entry::Suggested { .. }
        | Entry::Submitted { .. }
        | Entry::Finished { .. } => return None,
    };
    Some(line)
}

fn style(state: TrialState) -> anstyle::Style {
    match state {
        TrialState::Succeeded => GOOD,
        TrialState::Failed | TrialState::Infeasible => ERROR,
        _ => DIM,
    }
}

/// What a study is and how far it is, over the table of its trials.
pub fn study_header_text(report: &StudyReport, state: RunState) -> Text {
    let name = Text::styled(BOLD, &report.study);
    let ended = report.ended();
    let state = Text::styled(run_state_style(state), state.as_str());
    let reason = report.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    name.then(" ").then(state).then(format!(", {ended} of {} trials{reason}", report.max_trials))
}

/// How a study has ended, and what it has found.
pub fn study_summary_text(report: &StudyReport, state: RunState) -> Text {
    let mut lines = vec![study_header_text(report, state), study_facts_text(report)];
    let study = &report.study;
    if !report.best.is_empty() {
        let next =
            format!("  next      mlctl tune best {study} -o yaml, mlctl tune trials {study}");
        lines.push(next.into());
    }
    Text::lines(lines)
}

/// How far a study is and what it has found, a fact on each line.
pub fn study_facts_text(report: &StudyReport) -> Text {
    let of = |is_meant: fn(TrialState) -> bool| {
        report.trials.iter().filter(|trial| is_meant(trial.state)).count()
    };
    let mut parts = vec![format!("{} of {} have ended", report.ended(), report.max_trials)];
    for (count, what) in [
        (of(|state| !state.is_ended()), "running"),
        (of(|state| state == TrialState::Stopped), "stopped early"),
        (of(TrialState::is_failure), "failed"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    let mut lines = vec![Text::from(format!("  trials    {}", parts.join(", ")))];
    for best in report.best.iter().take(ROWS).filter_map(|best| report.trial(*best)) {
        let values = Text::styled(GOOD, &best.values_text(&report.metrics));
        lines.push(
            Text::from(format!("  best      trial {}: ", best.trial))
                .then(values)
                .then(format!(" with {}", best.params_text())),
        );
    }
    Text::lines(lines)
}

/// The table of a study's trials.
pub fn trials_table(report: &StudyReport, trials: &[&TrialReport], now: Timestamp) -> Table {
    let metrics = report.metrics.iter().map(|metric| metric.name.as_str());
    let parameters = report.parameters.iter().map(String::as_str);
    let mut header = vec!["TRIAL", "STATE"];
    header.extend(metrics);
    header.push("TIME");
    header.extend(parameters);
    header.extend(["RUN", "REASON"]);
    let mut table = Table::new(&header).whole(&[0, 1]).painted(1);
    for trial in trials {
        let mark = if report.best.contains(&trial.trial) { "*" } else { "" };
        let mut row = vec![format!("{}{mark}", trial.trial), trial.state.to_string()];
        let value = |name: &str| trial.values.get(name).map(|v| number(*v)).unwrap_or_default();
        row.extend(report.metrics.iter().map(|metric| value(&metric.name)));
        row.push(time(trial, now));
        let param = |name: &String| {
            trial.params.get(name).map(|value| short(value.as_str())).unwrap_or_default()
        };
        row.extend(report.parameters.iter().map(param));
        row.push(trial.run.as_ref().map(ToString::to_string).unwrap_or_default());
        row.push(trial.reason.clone());
        table.painted_row(style(trial.state), row);
    }
    table
}

fn time(trial: &TrialReport, now: Timestamp) -> String {
    let took = trial.started.map(|from| duration(between(from, trial.ended.unwrap_or(now))));
    took.unwrap_or_default()
}

/// One picture of a study that goes on: a line for all of it, and a row for each of its trials that
/// run, and of the best and the last ones.
pub fn study_frame(
    report: &StudyReport,
    view: &RunView,
    cost: Option<&str>,
    now: Timestamp,
    spinner: &str,
    width: usize,
) -> Vec<Text> {
    let mut lines = vec![header(report, view, cost, now, spinner).clip(width)];
    let mut rows: Vec<&TrialReport> =
        report.trials.iter().filter(|t| !t.state.is_ended()).collect();
    let best = report.trials.iter().filter(|trial| report.best.contains(&trial.trial));
    let mut rest: Vec<&TrialReport> = report.trials.iter().filter(|t| t.state.is_ended()).collect();
    rest.sort_by_key(|trial| std::cmp::Reverse(trial.ended));
    for trial in best.chain(rest) {
        if rows.len() < ROWS && !rows.iter().any(|row| row.trial == trial.trial) {
            rows.push(trial);
        }
    }
    rows.truncate(ROWS);
    rows.sort_by_key(|trial| trial.trial);
    let cells: Vec<Cells> = rows.iter().map(|trial| Cells::of(report, trial, now)).collect();
    let widest = |of: fn(&Cells) -> &str| {
        cells.iter().map(|cells| Text::from(of(cells)).width()).max().unwrap_or(0)
    };
    let widths = [widest(|c| &c.time), widest(|c| &c.values), widest(|c| &c.curve)];
    lines.extend(cells.iter().map(|cells| cells.line(widths).clip(width)));
    lines
}

fn header(
    report: &StudyReport,
    view: &RunView,
    cost: Option<&str>,
    now: Timestamp,
    spinner: &str,
) -> Text {
    let running = report.trials.iter().filter(|trial| !trial.state.is_ended()).count();
    let ended = report.ended();
    let failed = report.trials.iter().filter(|trial| trial.state.is_failure()).count();
    let mut parts =
        vec![format!("{ended} of {} trials", report.max_trials), format!("{running} running")];
    if failed > 0 {
        parts.push(format!("{failed} failed"));
    }
    let elapsed = report.began.map(|began| between(began, now));
    if let Some(elapsed) = elapsed {
        parts.push(duration(elapsed));
        let left = (report.max_trials as usize).saturating_sub(ended);
        if ended > 0 && left > 0 && report.ended.is_none() {
            let left = elapsed.mul_f64(left as f64 / ended as f64);
            parts.push(format!("{} left", duration(left)));
        }
    }
    parts.extend(cost.map(str::to_owned));
    let best = report.best.first().and_then(|best| report.trial(*best));
    let best = best.map(|best| {
        let mark = if report.best.len() > 1 {
            format!("{} not beaten", report.best.len())
        } else {
            format!("best {}", best.values_text(&report.metrics))
        };
        Text::from("  ").then(Text::styled(GOOD, &mark))
    });
    Text::from(format!("{spinner} "))
        .then(Text::styled(BOLD, &view.run))
        .then(format!("  {}", parts.join("  ")))
        .then(best.unwrap_or_default())
}

/// What the row of a trial says.
struct Cells {
    trial: String,
    state: TrialState,
    time: String,
    values: String,
    curve: String,
    told: String,
}

impl Cells {
    fn of(report: &StudyReport, trial: &TrialReport, now: Timestamp) -> Self {
        let mark = if report.best.contains(&trial.trial) { "*" } else { " " };
        let step = trial.step.map(|step| format!(" @{step}")).unwrap_or_default();
        let values = trial.values_text(&report.metrics);
        let first = report.metrics.first().map(|metric| metric.name.as_str()).unwrap_or_default();
        let curve: Vec<f64> =
            trial.curve.iter().filter_map(|point| point.values.get(first).copied()).collect();
        let told = if trial.reason.is_empty() { trial.params_text() } else { trial.reason.clone() };
        Self {
            trial: format!("{}{mark}", trial.trial),
            state: trial.state,
            time: time(trial, now),
            values: if values.is_empty() { values } else { values + &step },
            curve: sparkline(&curve),
            told,
        }
    }

    /// The row with cells that are as wide as the widest of all rows.
    fn line(&self, [times, values, curves]: [usize; 3]) -> Text {
        let state = Text::styled(style(self.state), self.state.as_str());
        Text::from(format!("  {:>4} ", self.trial))
            .then(state.padded(10))
            .then(format!(" {:>times$}  ", self.time))
            .then(Text::from(self.values.as_str()).padded(values))
            .then("  ")
            .then(Text::from(self.curve.as_str()).padded(curves))
            .then("  ")
            .then(Text::styled(DIM, &self.told))
    }
}

/// A curve in one line, from its smallest value to its largest; empty with less than two values.
pub fn sparkline(values: &[f64]) -> String {
    if values.len() < 2 {
        return String::new();
    }
    let columns = values.len().min(SPARKS);
    // Each column is the last value of its part.
    let of = |column: usize| values[(column + 1) * values.len() / columns - 1];
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
    let bar = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        BARS[((share * 7.0).round() as usize).min(7)]
    };
    (0..columns).map(|column| bar(of(column))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_a_line_of_bars() {
        assert_eq!(sparkline(&[1.0]), "");
        assert_eq!(sparkline(&[0.0, 7.0]), "▁█");
        assert_eq!(sparkline(&[3.0, 3.0, 3.0]), "▅▅▅");
        let long: Vec<f64> = (0..100).map(f64::from).collect();
        let line = sparkline(&long);
        assert_eq!(line.chars().count(), SPARKS);
        assert!(line.ends_with('█'), "{line}");
    }
}
