//! One picture of the live view as lines that fit the terminal, without printing them.

use std::collections::HashMap;

use jiff::Timestamp;

use super::batch::{BatchGoal, progress_text};
use super::human::{between, duration};
use super::lines::{
    accelerators_text, metrics_text, packages_text, replica_state_style, replica_style,
    run_state_style, usage_text,
};
use super::{BOLD, DIM, Text, WARNING};
use crate::gang::ReplicaId;
use crate::run::{Activity, Install, ReplicaState, ReplicaView, RunView};

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
    /// What a batch prediction has to do; `None` for other work.
    pub goal: Option<BatchGoal>,
    /// What a key would do now; `None` where none is read.
    pub keys: Option<&'a str>,
    /// What is to be seen until following ends.
    pub standing: Option<&'a str>,
}

/// A line that stays at the end of a picture, and behind it once that is gone.
pub fn standing_line(text: &str) -> Text {
    Text::styled(WARNING, text)
}

/// What turns while something goes on.
pub const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

impl Frame<'_> {
    /// A line for the run, one for each replica, and what stands below them, none wider than `width` columns.
    pub fn lines(&self) -> Vec<Text> {
        let mut lines = vec![self.header()];
        let mut replicas: Vec<_> = self.view.replicas.values().collect();
        let all = replicas.len();
        if all > ROWS {
            replicas.sort_by_key(|replica| match replica.state {
                ReplicaState::Failed | ReplicaState::Lost | ReplicaState::Unknown => 0,
                ReplicaState::Pending | ReplicaState::SettingUp => 1,
                ReplicaState::Waiting | ReplicaState::Running => 2,
                ReplicaState::Stopped | ReplicaState::Succeeded => 3,
            });
            replicas.truncate(ROWS);
        }
        let name = |replica: &ReplicaView| Text::from(replica.replica.to_string()).width();
        let names = replicas.iter().map(|replica| name(replica)).max().unwrap_or(0);
        lines.extend(replicas.iter().map(|replica| self.row(replica, names)));
        if all > ROWS {
            lines.push(Text::styled(DIM, &format!("  and {} more", all - ROWS)));
        }
        let keys = self.keys.map(|keys| Text::styled(DIM, &format!("  {keys}")));
        lines.extend(keys.into_iter().chain(self.standing.map(standing_line)));
        lines.into_iter().map(|line| line.clip(self.width)).collect()
    }

    fn header(&self) -> Text {
        let view = self.view;
        let spinner = SPINNER[self.tick % SPINNER.len()];
        let since = view.started.or(view.submitted);
        let elapsed = since
            .map_or_else(String::new, |from| format!("  {}", duration(between(from, self.now))));
        let attempt =
            if view.attempt > 1 { format!("  attempt {}", view.attempt) } else { String::new() };
        let line = Text::from(format!("{spinner} "))
            .then(Text::styled(BOLD, &view.run))
            .then("  ")
            .then(Text::styled(run_state_style(view.state), view.state.as_str()))
            .then(format!("{attempt}{elapsed}"));
        let progress = self.goal.map(|goal| {
            let elapsed = since.map_or_else(Default::default, |from| between(from, self.now));
            progress_text(view, goal, elapsed)
        });
        let rest = match progress.filter(|progress| !progress.is_empty()) {
            Some(progress) => progress.into(),
            None => Text::styled(DIM, &view.activity().unwrap_or_default()),
        };
        self.with_rest(line, rest)
    }

    fn row(&self, replica: &ReplicaView, names: usize) -> Text {
        let time = replica.since.map_or_else(String::new, |since| {
            duration(between(since, replica.until.unwrap_or(self.now)))
        });
        let (cpu, memory) = usage_text(replica.usage.as_ref());
        let cpu = if cpu.is_empty() { cpu } else { format!("{cpu} cpu") };
        let gpu = accelerators_text(replica.usage.as_ref());
        let gpu = if gpu.is_empty() { gpu } else { format!("  gpu {gpu:<12}") };
        let id = Text::styled(replica_style(&replica.replica), &replica.replica.to_string());
        let state = Text::styled(replica_state_style(replica.state), replica.state.as_str());
        let line = Text::from("  ")
            .then(id.padded(names))
            .then(" ")
            .then(state.padded(11))
            .then(format!("{time:>8} {cpu:>8} {memory:>9}{gpu}"));
        self.with_rest(line, self.talk(replica).into())
    }

    /// A line with as much of what is said last as there is room for.
    fn with_rest(&self, line: Text, rest: Text) -> Text {
        let room = self.width.saturating_sub(line.width() + 2);
        if rest.is_empty() || room == 0 { line } else { line.then("  ").then(rest.clip(room)) }
    }

    /// The end of a replica's row: what keeps it from running, or why it was lost, else its numbers
    /// and its last line.
    fn talk(&self, replica: &ReplicaView) -> String {
        if let Some(Activity::Installs(install)) = &replica.activity {
            let Install { with, since, packages, line } = install;
            let elapsed = duration(between(*since, self.now));
            let count = match packages {
                0 => String::new(),
                count => format!("{}, ", packages_text(*count)),
            };
            return format!("{with}: {count}{elapsed}  {line}");
        }
        if let Some(activity) = &replica.activity {
            return activity.to_string();
        }
        if let Some(pod) = &replica.pod {
            return pod.to_string();
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
}
