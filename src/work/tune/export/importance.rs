//! Which parameters a metric depends on.
//!
//! It is a functional analysis of variance (Hutter, Hoos and Leyton-Brown, "An Efficient Approach for
//! Assessing Hyperparameter Importance", ICML 2014): a random forest is fitted to the trials, and a
//! parameter's share is the part of the forest's variance over the whole space that the parameter
//! explains by itself. The integrals are taken from points of the space itself (Plischke, Borgonovo
//! and Smith, "Global sensitivity measures from given data", EJOR 226, 2013), so that conditions hold
//! in them: what a conditional parameter explains is counted where it counts, and whether it counts
//! is its parent's doing.

use indexmap::IndexMap;
use serde::Serialize;

use super::forest::{Feature, Forest, Random};
use super::points::{drawn, row};
use crate::spec::Metric;
use crate::spec::space::{Dimension, Domain, Space};
use crate::work::tune::StudyReport;

/// Fewer trials tell nothing.
const LEAST: usize = 4;
/// Points of the space that the shares are computed from.
const POINTS: usize = 4_096;
/// Parts into which a range is cut.
const BINS: usize = 16;

/// How much of a metric's variance each parameter explains by itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Importance {
    /// The metric.
    pub metric: String,
    /// Trials with a result that it was computed from.
    pub trials: usize,
    /// The share of the variance between trials that the forest can tell of trials that it has not
    /// seen, at most 1. Near or below 0 the shares mean nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explained: Option<f64>,
    /// Each parameter's share, from 0 to 1, the largest first. What is left to 1 is what parameters do
    /// together.
    pub parameters: IndexMap<String, f64>,
}

/// Why nothing is known of what matters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unknown {
    /// There are too few trials with a result; the field says how many.
    #[error("importance needs {} trials with a result, and there are {found}", LEAST, found = .0)]
    TooFew(usize),
    /// The trials can't be told apart.
    #[error("no parameter makes a difference that these trials show")]
    Alike,
}

/// The importance of the parameters for one metric. The same report gives the same shares. Values far
/// outside (more than three times the distance of the quartiles beyond them) count as if they were at
/// that distance: one trial that diverged would else be all that there is to explain.
pub fn importance(
    space: &Space,
    report: &StudyReport,
    metric: &Metric,
) -> Result<Importance, Unknown> {
    let (rows, targets): (Vec<Vec<f64>>, Vec<f64>) = report
        .trials
        .iter()
        .filter(|trial| trial.state.counts())
        .filter_map(|trial| {
            let value =
                trial.values.get(&metric.name).copied().filter(|value| value.is_finite())?;
            Some((row(space, &space.read(&trial.params).ok()?), value))
        })
        .unzip();
    if rows.len() < LEAST {
        return Err(Unknown::TooFew(rows.len()));
    }
    let feature = |dimension: &Dimension| match dimension.domain {
        Domain::Categorical(_) => Feature::Category,
        _ => Feature::Number,
    };
    let features: Vec<Feature> = space.dimensions.iter().map(feature).collect();
    let forest = Forest::grow(&features, &rows, &fenced(targets));
    let mut random = Random(2014);
    let points: Vec<Vec<f64>> =
        (0..POINTS).map(|_| row(space, &drawn(space, &mut random))).collect();
    let outcomes: Vec<f64> = points.iter().map(|point| forest.predict(point)).collect();
    let mean = outcomes.iter().sum::<f64>() / POINTS as f64;
    let all: f64 = outcomes.iter().map(|outcome| (outcome - mean).powi(2)).sum();
    if all <= f64::EPSILON * mean * mean * POINTS as f64 {
        return Err(Unknown::Alike);
    }
    let mut parameters: IndexMap<String, f64> =
        report.parameters.iter().map(|name| (name.clone(), 0.0)).collect();
    for (at, dimension) in space.dimensions.iter().enumerate() {
        let pairs = points.iter().zip(&outcomes).map(|(point, outcome)| (point[at], *outcome));
        let share = between(pairs.filter(|(value, _)| *value >= 0.0), features[at]) / all;
        *parameters.entry(dimension.name.clone()).or_default() += share.clamp(0.0, 1.0);
    }
    parameters.sort_by(|_, a, _, b| b.total_cmp(a));
    let Forest { explained, .. } = forest;
    Ok(Importance { metric: metric.name.clone(), trials: rows.len(), explained, parameters })
}

/// The sum of squares between the parts of a dimension, less what chance puts there (as in omega
/// squared).
fn between(pairs: impl Iterator<Item = (f64, f64)>, feature: Feature) -> f64 {
    let mut bins: IndexMap<usize, (f64, f64, f64)> = IndexMap::new();
    for (value, outcome) in pairs {
        let bin = match feature {
            Feature::Category => value as usize,
            Feature::Number => ((value * BINS as f64) as usize).min(BINS - 1),
        };
        let (count, sum, squares) = bins.entry(bin).or_default();
        *count += 1.0;
        *sum += outcome;
        *squares += outcome * outcome;
    }
    let count: f64 = bins.values().map(|(count, ..)| count).sum();
    let groups = bins.len() as f64;
    if groups < 2.0 || count <= groups {
        return 0.0;
    }
    let mean = bins.values().map(|(_, sum, _)| sum).sum::<f64>() / count;
    let between: f64 =
        bins.values().map(|(count, sum, _)| count * (sum / count - mean).powi(2)).sum();
    let within: f64 = bins.values().map(|(count, sum, squares)| squares - sum * sum / count).sum();
    (between - (groups - 1.0) * within.max(0.0) / (count - groups)).max(0.0)
}

/// The values with those far outside brought to Tukey's outer fences.
fn fenced(mut values: Vec<f64>) -> Vec<f64> {
    let mut sorted = values.clone();
    sorted.sort_by(f64::total_cmp);
    let quartile = |share: usize| sorted[(sorted.len() - 1) * share / 4];
    let (low, high) = (quartile(1), quartile(3));
    let reach = 3.0 * (high - low);
    if reach > 0.0 {
        for value in &mut values {
            *value = value.clamp(low - reach, high + reach);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::space::Value;
    use crate::work::tune::export::sample;

    /// The shares that are found of a function of which the truth is known.
    fn shares(
        parameters: &str,
        trials: u32,
        truth: impl Fn(&IndexMap<String, Value>) -> f64,
    ) -> Importance {
        let space = sample::space(parameters);
        let mut report = sample::report(parameters, trials);
        let mut random = Random(11);
        for trial in &mut report.trials {
            let values = drawn(&space, &mut random);
            trial.values["loss"] = truth(&values);
            trial.params = values
                .iter()
                .map(|(name, value)| (name.clone(), value.argument(false).as_str().into()))
                .collect();
        }
        let found = importance(&space, &report, &report.metrics[0]).unwrap();
        assert_eq!(importance(&space, &report, &report.metrics[0]).unwrap(), found);
        found
    }

    fn is_near(found: &Importance, expected: &[(&str, f64)]) {
        for (name, share) in expected {
            let close = (found.parameters[*name] - share).abs() < 0.1;
            assert!(close, "{name} is {share}: {found:?}");
        }
    }

    fn number(values: &IndexMap<String, Value>, name: &str) -> f64 {
        values.get(name).and_then(Value::number).unwrap_or_default()
    }

    #[test]
    fn a_sum_is_taken_apart() {
        let found = shares(
            "{none: {double: [0, 1]}, a: {double: [0, 1]}, b: {double: [0.001, 1], scale: log}}",
            200,
            // The variances are 4 / 12 and 1 / 12.
            |values| 2.0 * number(values, "a") + number(values, "b").log10() / 3.0,
        );
        is_near(&found, &[("a", 0.8), ("b", 0.2), ("none", 0.0)]);
        assert_eq!(found.parameters.first().unwrap().0, "a");
        assert!(found.explained.unwrap() > 0.9);
    }

    #[test]
    fn what_is_conditional_counts_where_it_counts() {
        let found = shares(
            "{o: {categorical: [adam, sgd]}, m: {double: [0, 1], when: {o: sgd}}}",
            200,
            // Of the variance 5 / 3, 1 is between the two, and 16 / 12 in one half of them.
            |values| 4.0 * number(values, "m"),
        );
        is_near(&found, &[("o", 0.6), ("m", 0.4)]);
    }

    #[test]
    fn what_acts_together_is_nobodys_own() {
        let found = shares("{a: {double: [-1, 1]}, b: {discrete: [-1, 1]}}", 300, |values| {
            number(values, "a") * number(values, "b")
        });
        is_near(&found, &[("a", 0.0), ("b", 0.0)]);
    }

    #[test]
    fn too_little_is_said_to_be() {
        let parameters = "{a: {double: [0, 1]}}";
        let space = sample::space(parameters);
        let mut report = sample::report(parameters, 6);
        report.trials.iter_mut().for_each(|trial| {
            trial.params = [("a".to_owned(), "0.5".into())].into();
        });
        let of = |report: &StudyReport| importance(&space, report, &report.metrics[0]);
        assert_eq!(of(&report), Err(Unknown::Alike));
        report.trials.truncate(3);
        assert_eq!(of(&report), Err(Unknown::TooFew(3)));
        let told = "importance needs 4 trials with a result, and there are 3";
        assert_eq!(of(&report).unwrap_err().to_string(), told);
    }

    #[test]
    fn one_that_diverged_is_not_all() {
        let mut values: Vec<f64> = (0..40).map(f64::from).collect();
        values.push(1e9);
        assert!((fenced(values)[40] - 90.0).abs() < 1e-9);
        assert!((fenced(vec![1.0, 1.0, 1.0, 1.0, 7.0])[4] - 7.0).abs() < 1e-9);
    }
}
