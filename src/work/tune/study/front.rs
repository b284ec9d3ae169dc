//! Which trials are the best: one, or with several metrics those that no other one beats in all.

use super::document::StudyDocument;
use super::state::StudyState;
use super::trial::{Trial, TrialState};
use crate::spec::{Goal, Metric};

/// A trial's values in the order of the metrics, each to be made small; `None` where it has no result.
pub fn costs(trial: &Trial, metrics: &[Metric]) -> Option<Vec<f64>> {
    let end = trial.end.as_ref().filter(|end| end.state.counts())?;
    metrics
        .iter()
        .map(|metric| {
            let value = *end.values.get(&metric.name)?;
            Some(if metric.goal == Goal::Maximize { -value } else { value })
        })
        .collect()
}

/// The first set of values is nowhere worse, and somewhere better.
fn dominates(one: &[f64], other: &[f64]) -> bool {
    one.iter().zip(other).all(|(a, b)| a <= b) && one.iter().zip(other).any(|(a, b)| a < b)
}

/// The trials that no other one beats, in the order of their numbers. With one metric that is the best
/// trial, the first of those that are equally good.
pub fn front<'a>(state: &'a StudyState, metrics: &[Metric]) -> Vec<&'a Trial> {
    let all: Vec<(&Trial, Vec<f64>)> =
        state.trials.iter().filter_map(|trial| Some((trial, costs(trial, metrics)?))).collect();
    if metrics.len() == 1 {
        let best = all.iter().min_by(|a, b| a.1[0].total_cmp(&b.1[0]));
        return best.map(|(trial, _)| *trial).into_iter().collect();
    }
    let is_beaten = |costs: &[f64]| all.iter().any(|(_, other)| dominates(other, costs));
    all.iter().filter(|(_, costs)| !is_beaten(costs)).map(|(trial, _)| *trial).collect()
}

/// Trials with a result in the order in which they ended, each with whether it was a step forward: no
/// trial before it was as good, or beat it in all metrics.
pub fn progress<'a>(state: &'a StudyState, metrics: &[Metric]) -> Vec<(&'a Trial, bool)> {
    let mut ended: Vec<&Trial> =
        state.trials.iter().filter(|trial| trial.state.is_ended()).collect();
    ended.sort_by_key(|trial| (trial.ended, trial.trial));
    let mut best: Vec<Vec<f64>> = Vec::new();
    let mut steps = Vec::new();
    for trial in ended {
        let Some(costs) = costs(trial, metrics) else {
            steps.push((trial, false));
            continue;
        };
        let is_step = !best.iter().any(|other| *other == costs || dominates(other, &costs));
        if is_step {
            best.retain(|other| !dominates(&costs, other));
            best.push(costs);
        }
        steps.push((trial, is_step));
    }
    steps
}

/// The sentence that a finished study is told by.
pub fn summary(state: &StudyState, study: &StudyDocument) -> String {
    let metrics = &study.spec.metrics;
    let counted = state.count(TrialState::is_ended);
    match (&front(state, metrics)[..], &metrics[..]) {
        ([], _) => format!("{counted} trials, none of them with a result"),
        ([best, ..], [metric]) => {
            let value = best.end.as_ref().and_then(|end| end.values.get(&metric.name));
            let value = value.map(|value| crate::text::number(*value)).unwrap_or_default();
            format!("{counted} trials; the best is trial {}: {} {value}", best.trial, metric.name)
        }
        (front, _) => format!("{counted} trials; {} are not beaten by any other", front.len()),
    }
}
