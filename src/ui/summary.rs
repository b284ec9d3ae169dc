//! What following a run ends with.

use super::human::{between, duration};
use super::lines::{metrics_text, run_state_style};
use super::why::why_text;
use super::{BOLD, Printer};
use crate::event::RunState;
use crate::run::{RunView, WhyReport};

/// How the run ended. Of a success the duration; of anything else `why`, the chain of causes, where
/// it is given. Then the primary's last metrics and the `outputs`, each a name and a place.
pub fn summary_text(
    printer: &Printer,
    view: &RunView,
    outputs: &[(&'static str, String)],
    why: Option<&WhyReport>,
) -> String {
    let paint = |style, text: &str| printer.paint(style, text);
    let mut lines = Vec::new();
    if let Some(why) = why.filter(|why| why.state != RunState::Succeeded) {
        lines.push(why_text(why, &paint));
    } else {
        let time = match (view.started.or(view.submitted), view.ended) {
            (Some(from), Some(to)) => format!(" in {}", duration(between(from, to))),
            _ => String::new(),
        };
        let attempts =
            if view.attempt > 1 { format!(", attempt {}", view.attempt) } else { String::new() };
        let state = paint(run_state_style(view.state), view.state.as_str());
        lines.push(format!("{} {state}{time}{attempts}", paint(BOLD, &view.run)));
    }
    if let Some(primary) = view.primary()
        && !primary.metrics.is_empty()
    {
        lines.push(format!("  metrics  {}", metrics_text(primary.step, &primary.metrics)));
    }
    lines.extend(outputs.iter().map(|(name, place)| format!("  {name:<7}  {place}")));
    lines.join("\n")
}
