//! Early stopping as a spec says it, for the rules of the optimiser.

use mlctl_optimizer::Direction;
use mlctl_optimizer::stopping::{Curve, Decision, Halving, Reason, Rule, decide};

use super::curve::Reported;
use super::trial::Point;
use crate::spec::{EarlyStopping, EarlyStoppingWith, Goal, Metric, Resource, StoppingRule};

/// Values that stay worse than this share of chance are not worth waiting for.
const UNLIKELY: f64 = 0.05;
/// Trials that must have finished before curves are judged, where the spec doesn't say.
const TRIALS: u32 = 5;
/// Values that a curve must have before it is continued, where the spec doesn't say.
const READINGS: u32 = 5;

/// What is known of a trial when its curve or that of another one is judged.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// Its number.
    pub trial: u32,
    /// What it has reported.
    pub points: &'a [Point],
    /// It ran to its end.
    pub is_complete: bool,
}

/// Whether a trial that runs is to be ended; the reason in one sentence. Studies of several metrics are
/// judged by none of them.
pub fn judge(
    early: &EarlyStopping,
    metrics: &[Metric],
    trial: Judged<'_>,
    others: &[Judged<'_>],
) -> Option<String> {
    let [metric] = metrics else { return None };
    let with = early.with();
    let axis = Axis::of(&with);
    let curve = axis.curve(metric, trial);
    let others: Vec<Curve> = others.iter().map(|other| axis.curve(metric, *other)).collect();
    let now = curve.readings.last()?.0;
    let complete: Vec<&Curve> = others.iter().filter(|other| other.complete).collect();
    let furthest = complete.iter().filter_map(|curve| curve.readings.last().map(|last| last.0));
    let furthest = furthest.max_by(f64::total_cmp);
    let rule = rule(&with, furthest)?;
    if !matches!(with.rule, StoppingRule::Asha | StoppingRule::Hyperband) {
        let least = with.min_trials.unwrap_or(TRIALS) as usize;
        let end = with.max_step.map(|step| step as f64).or(furthest);
        let from = match (with.min_step, with.rule) {
            (Some(step), _) => step as f64,
            (None, StoppingRule::Convex) => end.unwrap_or_default() / 10.0,
            (None, _) => 0.0,
        };
        if complete.len() < least || now < from {
            return None;
        }
    }
    let direction = match metric.goal {
        Goal::Maximize => Direction::Maximise,
        Goal::Minimize => Direction::Minimise,
    };
    match decide(&rule, direction, &curve, &others) {
        Decision::Continue => None,
        Decision::Stop(reason) => Some(sentence(&reason, metric.goal, axis)),
    }
}

fn rule(with: &EarlyStoppingWith, furthest: Option<f64>) -> Option<Rule> {
    let end = with.max_step.map(|step| step as f64);
    let least_readings = with.min_measurements.unwrap_or(READINGS) as usize;
    let halving = || {
        let least = with.min_resource.unwrap_or(1) as f64;
        let factor = f64::from(with.reduction_factor.unwrap_or(3));
        // Before any trial has finished nobody knows what a whole one uses, and each rung is one.
        let most = with.max_resource.map(|most| most as f64).or(furthest);
        (least, most, factor)
    };
    match with.rule {
        StoppingRule::None => None,
        StoppingRule::Median => Some(Rule::Median {
            least_trials: with.min_trials.unwrap_or(TRIALS) as usize,
            from: with.min_step.unwrap_or_default() as f64,
        }),
        StoppingRule::DecayCurve => {
            Some(Rule::DecayCurve { end, probability: UNLIKELY, least_readings })
        }
        StoppingRule::Convex => Some(Rule::Convex { end, least_readings }),
        StoppingRule::Asha => {
            let (least, most, factor) = halving();
            Some(Rule::Asha(Halving { least, most: most.unwrap_or(f64::INFINITY), factor }))
        }
        StoppingRule::Hyperband => {
            let (least, most, factor) = halving();
            // How many ladders there are depends on it.
            let most = match with.brackets {
                Some(brackets) => least * factor.powi(i32::try_from(brackets).unwrap_or(20)),
                None => most?,
            };
            Some(Rule::Hyperband(Halving { least, most, factor }))
        }
    }
}

/// What curves are drawn over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axis {
    Steps,
    Measurements,
    Seconds,
}

impl Axis {
    fn of(with: &EarlyStoppingWith) -> Self {
        match (with.use_elapsed_duration, with.resource.unwrap_or_default()) {
            (true, _) | (_, Resource::Seconds) => Self::Seconds,
            (_, Resource::Measurements) => Self::Measurements,
            (_, Resource::Step) => Self::Steps,
        }
    }

    fn curve(self, metric: &Metric, trial: Judged<'_>) -> Curve {
        let values = trial.points.iter().filter_map(|point| {
            let value = point.values.get(&metric.name)?;
            Some((point, *value))
        });
        // Who reports no steps is counted by values.
        let readings = values.enumerate().map(|(at, (point, value))| {
            let count = (at + 1) as f64;
            let place = match self {
                Self::Steps => point.step.map_or(count, |step| step as f64),
                Self::Measurements => count,
                Self::Seconds => point.seconds,
            };
            (place, value)
        });
        let number = u64::from(trial.trial.saturating_sub(1));
        Curve { number, readings: readings.collect(), complete: trial.is_complete }
    }

    fn at(self, place: f64) -> String {
        match self {
            Self::Steps => format!("step {place}"),
            Self::Measurements => format!("{place} values"),
            Self::Seconds => format!("{place:.0} s"),
        }
    }
}

fn sentence(reason: &Reason, goal: Goal, axis: Axis) -> String {
    // The optimiser makes everything small.
    let shown = |value: f64| {
        let value = if goal == Goal::Maximize { -value } else { value };
        crate::text::number(value)
    };
    match reason {
        Reason::BelowMedian { best, median } => format!(
            "its best value, {}, is worse than the median of the others at that time, {}",
            shown(*best),
            shown(*median)
        ),
        Reason::Unlikely { probability } => format!(
            "its curve will become the best with a probability of {:.1}% only",
            probability * 100.0
        ),
        Reason::TooSlow { reaches, best } => format!(
            "at its present rate it would reach {}, and the best is {}",
            shown(*reaches),
            shown(*best)
        ),
        Reason::Outranked { at, rank, of } => {
            format!("at {} it is number {rank} of {of}", axis.at(*at))
        }
    }
}

impl Reported {
    /// The same as a judge sees it.
    pub fn judged(&self, trial: u32, is_complete: bool) -> Judged<'_> {
        Judged { trial, points: &self.points, is_complete }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(values: &[f64]) -> Vec<Point> {
        let point = |(at, value): (usize, &f64)| Point {
            step: Some(at as u64 + 1),
            seconds: at as f64 * 10.0,
            values: [("accuracy".to_owned(), *value)].into(),
        };
        values.iter().enumerate().map(point).collect()
    }

    fn judged(early: &str, mine: &[f64], others: &[&[f64]]) -> Option<String> {
        let node = crate::spec::syntax::parse(0, early).documents.remove(0);
        let early: EarlyStopping = serde_json::from_value(node.to_json()).unwrap();
        let metric = Metric { name: "accuracy".into(), goal: Goal::Maximize };
        let curves: Vec<Vec<Point>> = others.iter().map(|values| curve(values)).collect();
        let others: Vec<Judged<'_>> = curves
            .iter()
            .enumerate()
            .map(|(at, points)| Judged { trial: at as u32 + 1, points, is_complete: true })
            .collect();
        let mine = curve(mine);
        let mine = Judged { trial: 99, points: &mine, is_complete: false };
        judge(&early, &[metric], mine, &others)
    }

    const GOOD: &[f64] = &[0.5, 0.7, 0.8, 0.85, 0.88, 0.9];

    #[test]
    fn a_bad_trial_is_ended_and_a_good_one_is_not() {
        let others = [GOOD; 5];
        for rule in ["median", "{type: median, useElapsedDuration: true}", "asha", "convex"] {
            let flat = [0.1, 0.1, 0.1, 0.1, 0.1];
            assert!(judged(rule, &flat, &others).is_some(), "{rule}");
            assert_eq!(judged(rule, &[0.6, 0.8, 0.9, 0.91, 0.92], &others), None, "{rule}");
        }
        assert_eq!(judged("none", &[0.1; 5], &others), None);
    }

    #[test]
    fn it_waits_for_enough_to_judge_by() {
        assert_eq!(judged("median", &[0.1, 0.1], &[GOOD; 4]), None);
        assert!(judged("{type: median, minTrials: 3}", &[0.1, 0.1], &[GOOD; 4]).is_some());
        assert_eq!(judged("{type: median, minStep: 3}", &[0.1, 0.1], &[GOOD; 6]), None);
        let text = judged("median", &[0.1, 0.1], &[GOOD; 5]).unwrap();
        assert!(text.contains("0.1, is worse than the median"), "{text}");
    }
}
