//! What following a run ends with.

use super::human::{between, duration};
use super::lines::{metrics_text, run_state_style};
use super::why::with_advice;
use super::{BOLD, Text};
use crate::event::RunState;
use crate::run::{RunView, WhyReport};

/// How the run ended, with what it was waiting for if it never started, the primary's last metrics and the
/// `outputs`, each a name and a place. Of a success the duration; of anything else `why`, the chain of causes,
/// where it is given: what to do comes last then.
pub fn summary_text(
    view: &RunView,
    outputs: &[(&'static str, String)],
    why: Option<&WhyReport>,
) -> Text {
    let mut facts = Vec::new();
    facts.extend(view.waited_for().map(|waited| format!("  waited   {waited}").into()));
    if let Some(primary) = view.primary()
        && !primary.metrics.is_empty()
    {
        let metrics = metrics_text(primary.step, &primary.metrics);
        facts.push(format!("  metrics  {metrics}").into());
    }
    facts.extend(outputs.iter().map(|(name, place)| format!("  {name:<7}  {place}").into()));
    if let Some(why) = why.filter(|why| why.state != RunState::Succeeded) {
        let is_long = !why.causes.is_empty() || !why.retries.is_empty();
        let gap = (is_long && !facts.is_empty()).then(Text::default);
        return with_advice(why, gap.into_iter().chain(facts));
    }
    let time = match (view.started.or(view.submitted), view.ended) {
        (Some(from), Some(to)) => format!(" in {}", duration(between(from, to))),
        _ => String::new(),
    };
    let attempts =
        if view.attempt > 1 { format!(", attempt {}", view.attempt) } else { String::new() };
    let state = Text::styled(run_state_style(view.state), view.state.as_str());
    let run = Text::styled(BOLD, &view.run).then(" ");
    Text::lines(std::iter::once(run.then(state).then(time).then(attempts)).chain(facts))
}
