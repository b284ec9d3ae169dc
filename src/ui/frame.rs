//! One picture of the live view as lines that fit the terminal, without printing them.

use std::collections::HashMap;

use jiff::Timestamp;

use super::human::{between, clip, duration};
use super::lines::{metrics_text, replica_state_style, replica_style, run_state_style, usage_text};
use super::{BOLD, DIM};
use crate::gang::ReplicaId;
use crate::run::{ReplicaState, ReplicaView, RunView};

/// At most so many replicas have a row. Where there are more, failed ones come first, then those that
/// keep the gang waiting.
const ROWS: usize = 16;

/// What a picture is made of; [`Frame::lines`] makes it.
#[derive(Debug)]
pub struct Frame<'a> {
    /// The run as its events tell it.
    pub view: &'a RunView,
    /// The last line that each replica printed; absent for one that has printed none.
    pub last_lines: &'a HashMap<ReplicaId, String>,
    /// The end of all durations that still go on.
    pub now: Timestamp,
    /// The number of pictures drawn before this one: it turns the spinner.
    pub tick: usize,
    /// Columns that a line may have.
    pub width: usize,
    /// Whether the lines have colours.
    pub color: bool,
}

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

impl Frame<'_> {
    /// A line for the run and one for each replica, none wider than `width` columns. Colours don't
    /// count as columns.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.header()];
        let mut replicas: Vec<_> = self.view.replicas.values().collect();
        let all = replicas.len();
        if all > ROWS {
            replicas.sort_by_key(|replica| match replica.state {
                ReplicaState::Failed | ReplicaState::Lost => 0,
                ReplicaState::Pending | ReplicaState::SettingUp => 1,
                ReplicaState::Waiting | ReplicaState::Running => 2,
                ReplicaState::Stopped | ReplicaState::Succeeded => 3,
            });
            replicas.truncate(ROWS);
        }
        let name = replicas.iter().map(|r| r.replica.to_string().len()).max().unwrap_or(0);
        lines.extend(replicas.iter().map(|replica| self.row(replica, name)));
        if all > ROWS {
            lines.push(self.paint(DIM, &format!("  and {} more", all - ROWS)));
        }
        lines
    }

    fn header(&self) -> String {
        let view = self.view;
        let spinner = SPINNER[self.tick % SPINNER.len()];
        let since = view.started.or(view.submitted);
        let elapsed = since
            .map_or_else(String::new, |from| format!("  {}", duration(between(from, self.now))));
        let attempt =
            if view.attempt > 1 { format!("  attempt {}", view.attempt) } else { String::new() };
        let state = view.state.as_str();
        let used = 2 + view.run.len() + 2 + state.len() + elapsed.len() + attempt.len();
        let activity = view.activity().unwrap_or_default();
        let activity = clip(&activity, self.width.saturating_sub(used + 2));
        format!(
            "{spinner} {}  {}{attempt}{elapsed}  {}",
            self.paint(BOLD, &view.run),
            self.paint(run_state_style(view.state), state),
            self.paint(DIM, &activity)
        )
        .trim_end()
        .to_owned()
    }

    fn row(&self, replica: &ReplicaView, name: usize) -> String {
        let id = replica.replica.to_string();
        let state = replica.state.as_str();
        let time = replica.since.map_or_else(String::new, |since| {
            duration(between(since, replica.until.unwrap_or(self.now)))
        });
        let (cpu, memory) = usage_text(replica.usage.as_ref());
        let cpu = if cpu.is_empty() { cpu } else { format!("{cpu} cpu") };
        let fixed = format!("{time:>8} {cpu:>8} {memory:>9}");
        let used = 2 + name + 1 + 11 + fixed.len() + 2;
        let rest = clip(&self.talk(replica), self.width.saturating_sub(used));
        let line = format!(
            "  {}{} {}{}{fixed}  {rest}",
            self.paint(replica_style(&replica.replica), &id),
            " ".repeat(name - id.len()),
            self.paint(replica_state_style(replica.state), state),
            " ".repeat(11 - state.len().min(11)),
        );
        line.trim_end().to_owned()
    }

    /// The end of a replica's row: what keeps it from running, or why it was lost, else its numbers
    /// and its last line.
    fn talk(&self, replica: &ReplicaView) -> String {
        if let Some(activity) = &replica.activity {
            return activity.to_string();
        }
        if let Some(reason) = &replica.lost {
            return reason.clone();
        }
        let metrics = metrics_text(replica.step, replica.metrics.iter().take(3));
        let last = self.last_lines.get(&replica.replica).map_or("", String::as_str);
        match (metrics.is_empty(), last.is_empty()) {
            (true, _) => last.into(),
            (false, true) => metrics,
            (false, false) => format!("{metrics}  | {last}"),
        }
    }

    fn paint(&self, style: anstyle::Style, text: &str) -> String {
        super::paint(self.color, style, text)
    }
}
