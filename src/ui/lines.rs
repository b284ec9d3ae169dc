//! Parts of the lines that a run is shown with: what events say, colours, times, usage, metrics.

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::human::{bytes, number};
use super::{ERROR, GOOD, WARNING};
use crate::event::RunState;
use crate::event::{Event, EventKind, PodState};
use crate::gang::ReplicaId;
use crate::run::ReplicaState;

/// Colours that tell replicas apart, without red: that means an error.
const COLORS: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Green,
    AnsiColor::Yellow,
    AnsiColor::Blue,
    AnsiColor::Magenta,
    AnsiColor::BrightCyan,
];

/// The colour of a replica's name. It follows from the name, so it is the same in every view and
/// every command.
pub fn replica_style(replica: &ReplicaId) -> Style {
    let role: usize = replica.role.bytes().map(usize::from).sum();
    COLORS[(role + replica.index as usize) % COLORS.len()].on_default()
}

/// The colour of a run's state; none for states that are no news.
pub fn run_state_style(state: RunState) -> Style {
    match state {
        RunState::Succeeded => GOOD,
        RunState::Failed | RunState::CouldNotStart | RunState::TimedOut => ERROR,
        RunState::Restarting | RunState::Unknown | RunState::Cancelled => WARNING,
        RunState::Running | RunState::Draining => AnsiColor::Cyan.on_default(),
        RunState::Submitted | RunState::Pending | RunState::Starting => Style::new(),
    }
}

/// The colour of a replica's state; none for states that are no news.
pub fn replica_state_style(state: ReplicaState) -> Style {
    match state {
        ReplicaState::Succeeded => GOOD,
        ReplicaState::Failed | ReplicaState::Lost => ERROR,
        ReplicaState::Unknown => WARNING,
        ReplicaState::Running => AnsiColor::Cyan.on_default(),
        ReplicaState::Pending
        | ReplicaState::SettingUp
        | ReplicaState::Waiting
        | ReplicaState::Stopped => Style::new(),
    }
}

/// The time of day in this machine's time zone: `12:03:04`.
pub fn clock(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string()
}

/// What an event says to a person, without its time; `None` for what only programs want.
pub fn event_text(event: &Event) -> Option<String> {
    let who = event.replica.as_ref().map_or_else(String::new, |replica| format!("{replica}: "));
    let text = match &event.kind {
        EventKind::SetupStarted => format!("{who}set-up"),
        EventKind::SetupFinished { cached: true, .. } => {
            format!("{who}set-up taken from the cache")
        }
        EventKind::SetupFinished { seconds, .. } => {
            format!("{who}set-up done in {}s", number((seconds * 10.0).round() / 10.0))
        }
        EventKind::InstallStarted { with } => format!("{who}installing packages with {with}"),
        EventKind::InstallFinished { with, packages, seconds } => format!(
            "{who}{} installed with {with} in {}s",
            packages_text(*packages),
            number((seconds * 10.0).round() / 10.0)
        ),
        EventKind::Joined { missing } if missing.is_empty() => {
            format!("{who}joined; all are there")
        }
        EventKind::Joined { missing } => format!("{who}joined; {} missing", missing.len()),
        EventKind::JoinRefused { reason } => format!("{who}refused: {reason}"),
        EventKind::AttemptStarted => format!("{who}attempt {} starts", event.attempt),
        EventKind::CommandExited { exit } => format!("{who}{}", exit.reason),
        EventKind::ReplicaLost { reason } => format!("{who}lost: {reason}"),
        EventKind::ReplicaStopped { clean: false } => format!("{who}did not stop in time"),
        EventKind::FirstFailure { failure } => {
            format!("{} failed first ({}): {}", failure.replica, failure.class, failure.reason)
        }
        EventKind::Retrying { class, spent, budget } => {
            let who = if event.replica.is_some() { &*who } else { "the gang " };
            format!("{who}starts again ({class}: {spent} of {budget})")
        }
        EventKind::Adopted { .. } if event.replica.is_some() => {
            format!("{who}a new pod goes on after attempt {}", event.attempt)
        }
        EventKind::Adopted { .. } => {
            format!("a new primary goes on after attempt {}", event.attempt)
        }
        // A task has no others.
        EventKind::Draining { .. } if event.replica.is_some() => return None,
        EventKind::Draining { seconds } => {
            format!("complete; the others have {}s to finish", number(*seconds))
        }
        EventKind::TaskEnded { verdict, .. } => {
            format!("{who}{}: {}", verdict.outcome.as_str(), verdict.reason)
        }
        EventKind::Finished { verdict, .. } => {
            format!("{}: {}", verdict.outcome.as_str(), verdict.reason)
        }
        EventKind::Warning { message } => format!("warning: {who}{message}"),
        EventKind::Waiting { reason, message } if message.is_empty() => {
            format!("{who}waiting: {reason}")
        }
        EventKind::Waiting { reason, message } => format!("{who}waiting: {reason}: {message}"),
        EventKind::Placed { node, .. } => format!("{who}placed on {node}"),
        EventKind::PodChanged { state: PodState::Seen, .. } => {
            format!("{who}its pod is seen again")
        }
        EventKind::PodChanged { state, message } if message.is_empty() => {
            format!("{who}pod {}", state.as_str())
        }
        EventKind::PodChanged { state, message } => {
            format!("{who}pod {}: {message}", state.as_str())
        }
        // Set-up's progress is a line of the output, which is shown already.
        EventKind::Submitted { .. }
        | EventKind::SetupProgress { .. }
        | EventKind::AgentStarted { .. }
        | EventKind::CommandStarting
        | EventKind::CommandStarted { .. }
        | EventKind::ReplicaRunning
        | EventKind::AttemptEnded
        | EventKind::Completed
        | EventKind::ReplicaStopped { .. }
        | EventKind::Metrics { .. }
        | EventKind::Diverged { .. }
        | EventKind::Usage { .. } => return None,
    };
    Some(text)
}

/// `1 package`, `12 packages`.
pub(super) fn packages_text(count: u32) -> String {
    format!("{count} package{}", if count == 1 { "" } else { "s" })
}

/// Cores and memory in use, each as a cell: `1.9` and `812 MiB`. Both are empty before the first
/// sample.
pub fn usage_text(usage: Option<&crate::gang::Usage>) -> (String, String) {
    match usage {
        Some(usage) => (format!("{:.1}", usage.cpu), bytes(usage.memory)),
        None => (String::new(), String::new()),
    }
}

/// How busy a replica's accelerators are and the memory that it uses there, as a cell: `87% 20 GiB`; empty
/// where nothing is known.
pub fn accelerators_text(usage: Option<&crate::gang::Usage>) -> String {
    let busy =
        usage.and_then(|usage| usage.accelerators).map(|busy| format!("{:.0}%", busy * 100.0));
    let memory = usage.and_then(|usage| usage.accelerator_memory).map(bytes);
    busy.into_iter().chain(memory).collect::<Vec<_>>().join(" ")
}

/// The last numbers of a replica: `step 12  loss 0.31  accuracy 0.97`; empty when there are none.
pub fn metrics_text<'a>(
    step: Option<u64>,
    metrics: impl IntoIterator<Item = (&'a String, &'a f64)>,
) -> String {
    let step = step.map(|step| format!("step {step}"));
    let values = metrics.into_iter().map(|(name, value)| format!("{name} {}", number(*value)));
    step.into_iter().chain(values).collect::<Vec<_>>().join("  ")
}
