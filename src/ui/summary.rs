//! What following a run ends with.

use super::human::{between, duration};
use super::lines::{metrics_text, run_state_style};
use super::why::why_text;
use super::{BOLD, Text};
use crate::event::RunState;
use crate::run::{RunView, WhyReport};

/// How the run ended. Of a success the duration; of anything else `why`, the chain of causes, where
/// it is given. Then the primary's last metrics and the `outputs`, each a name and a place.
pub fn summary_text(
    view: &RunView,
    outputs: &[(&'static str, String)],
    why: Option<&WhyReport>,
) -> Text {
    let mut lines = Vec::new();
    if let Some(why) = why.filter(|why| why.state != RunState::Succeeded) {
        lines.push(why_text(why));
    } else {
        let time = match (view.started.or(view.submitted), view.ended) {
            (Some(from), Some(to)) => format!(" in {}", duration(between(from, to))),
            _ => String::new(),
        };
        let attempts =
            if view.attempt > 1 { format!(", attempt {}", view.attempt) } else { String::new() };
        let state = Text::styled(run_state_style(view.state), view.state.as_str());
        let run = Text::styled(BOLD, &view.run);
        lines.push(run.then(" ").then(state).then(time).then(attempts));
    }
    if let Some(primary) = view.primary()
        && !primary.metrics.is_empty()
    {
        let metrics = metrics_text(primary.step, &primary.metrics);
        lines.push(format!("  metrics  {metrics}").into());
    }
    lines.extend(outputs.iter().map(|(name, place)| format!("  {name:<7}  {place}").into()));
    Text::lines(lines)
}
