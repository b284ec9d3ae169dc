//! What comes out of an evaluation.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::Serialize;

use super::metrics::{Tally, Task};

/// Format of an [`Evaluation`].
pub const EVALUATION_VERSION: u32 = 1;

/// Predictions against what is true.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// [`EVALUATION_VERSION`].
    pub schema_version: u32,
    /// The version of the registry of models that has predicted, `NAME@N`; absent for all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What was predicted.
    pub task: Task,
    /// Rows of the job.
    pub rows: u64,
    /// Rows with a prediction and a label: what the metrics are of.
    pub scored: u64,
    /// Rows without a prediction.
    pub failed: u64,
    /// Rows without a label.
    pub unlabelled: u64,
    /// By name: `accuracy` and the means over the classes of `precision`, `recall` and `f1`; or `rmse`,
    /// `mae` and `r2`. `null` where it has no value.
    pub metrics: IndexMap<String, Option<f64>>,
    /// Of a classification: each class.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassReport>,
    /// Of a classification: a row for each class that was true, in the order of `classes`, with how
    /// often each class was predicted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub confusion: Vec<Vec<u64>>,
    /// The bounds that are not kept.
    pub missed: Vec<Missed>,
}

/// One class.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassReport {
    /// Its name, or its number.
    pub class: String,
    /// How many of its predictions are right; `null` where there are none.
    pub precision: Option<f64>,
    /// How many of its rows were found; `null` where there are none.
    pub recall: Option<f64>,
    /// The harmonic mean of both.
    pub f1: Option<f64>,
    /// Rows whose label it is.
    pub rows: u64,
}

/// A value that a metric must have.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The metric's name.
    pub metric: String,
    /// It must have at least this value; else at most.
    pub least: bool,
    /// The value.
    pub value: f64,
}

/// A bound that is not kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Missed {
    /// The metric.
    pub metric: String,
    /// Its value; `null` where it has none.
    pub value: Option<f64>,
    /// The bound, as it was given.
    pub bound: String,
}

impl Evaluation {
    /// What was counted, as metrics.
    pub(super) fn of(tally: &Tally, task: Task, [rows, failed, unlabelled]: [u64; 3]) -> Self {
        let (metrics, classes, confusion) = match task {
            Task::Classification => classified(tally),
            Task::Regression => (regressed(tally), Vec::new(), Vec::new()),
        };
        Self {
            schema_version: EVALUATION_VERSION,
            model: None,
            task,
            rows,
            scored: tally.pairs,
            failed,
            unlabelled,
            metrics,
            classes,
            confusion,
            missed: Vec::new(),
        }
    }

    /// Holds the metrics against bounds; an error when there is no such metric. What has no value keeps
    /// no bound.
    pub(super) fn hold(&mut self, bounds: &[Bound]) -> Result<(), String> {
        for bound in bounds {
            let Some(value) = self.metrics.get(&bound.metric) else {
                let names: Vec<&str> = self.metrics.keys().map(String::as_str).collect();
                let reason = format!(
                    "there is no metric `{}`: there are {}",
                    bound.metric,
                    names.join(", ")
                );
                return Err(reason);
            };
            let kept = value.is_some_and(|value| {
                if bound.least { value >= bound.value } else { value <= bound.value }
            });
            if !kept {
                let sign = if bound.least { ">=" } else { "<=" };
                let text = format!("{} {sign} {}", bound.metric, bound.value);
                let (metric, value) = (bound.metric.clone(), *value);
                self.missed.push(Missed { metric, value, bound: text });
            }
        }
        Ok(())
    }
}

fn regressed(tally: &Tally) -> IndexMap<String, Option<f64>> {
    let sums = tally.sums;
    let pairs = sums.pairs as f64;
    let r2 = (sums.spread > 0.0).then(|| 1.0 - sums.squares / sums.spread);
    let values = [
        ("rmse", Some((sums.squares / pairs).sqrt())),
        ("mae", Some(sums.absolutes / pairs)),
        ("r2", r2),
    ];
    // What is not finite is no value: JSON has no word for it.
    values.map(|(name, value)| (name.to_owned(), value.filter(|v| v.is_finite()))).into()
}

type Classified = (IndexMap<String, Option<f64>>, Vec<ClassReport>, Vec<Vec<u64>>);

fn classified(tally: &Tally) -> Classified {
    let empty = std::collections::BTreeMap::new();
    let all = tally.confusion.as_ref().unwrap_or(&empty);
    let names: BTreeSet<&str> =
        all.keys().flat_map(|(label, predicted)| [label.as_str(), predicted]).collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    // Numbers by their size, then words.
    names.sort_by_key(|name| (name.parse::<i64>().unwrap_or(i64::MAX), *name));
    let at: IndexMap<&str, usize> =
        names.iter().enumerate().map(|(at, name)| (*name, at)).collect();
    let mut counts = vec![vec![0_u64; names.len()]; names.len()];
    for ((label, predicted), count) in all {
        counts[at[label.as_str()]][at[predicted.as_str()]] += count;
    }
    let ratio = |part: u64, all: u64| (all > 0).then(|| part as f64 / all as f64);
    let classes: Vec<ClassReport> = names
        .iter()
        .enumerate()
        .map(|(class, name)| {
            let right = counts[class][class];
            let rows: u64 = counts[class].iter().sum();
            let predicted: u64 = counts.iter().map(|row| row[class]).sum();
            ClassReport {
                class: (*name).to_owned(),
                precision: ratio(right, predicted),
                recall: ratio(right, rows),
                f1: ratio(2 * right, rows + predicted),
                rows,
            }
        })
        .collect();
    let right: u64 = (0..names.len()).map(|class| counts[class][class]).sum();
    // Over classes that occur in the truth; one that was never predicted has a precision of 0.
    let mean = |of: fn(&ClassReport) -> Option<f64>| {
        let true_ones: Vec<f64> =
            classes.iter().filter(|class| class.rows > 0).map(|c| of(c).unwrap_or(0.0)).collect();
        (!true_ones.is_empty()).then(|| true_ones.iter().sum::<f64>() / true_ones.len() as f64)
    };
    let metrics = [
        ("accuracy".to_owned(), ratio(right, tally.pairs)),
        ("precision".to_owned(), mean(|class| class.precision)),
        ("recall".to_owned(), mean(|class| class.recall)),
        ("f1".to_owned(), mean(|class| class.f1)),
    ];
    (metrics.into(), classes, counts)
}
