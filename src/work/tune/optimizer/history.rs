//! The trials that a space has a place for.

use std::collections::HashSet;

use crate::search::key;
use crate::space::{Params, Space};
use crate::trial::{Direction, Trial};

/// Ended and pending trials as points, in an order that does not depend on the caller's.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// Points of trials that have ended.
    pub(crate) points: Vec<Vec<f64>>,
    /// Their outcomes, each metric to be minimised; `None` is a failure.
    pub(crate) outcomes: Vec<Option<Vec<f64>>>,
    /// Points of trials that run.
    pub(crate) pending: Vec<Vec<f64>>,
    /// How many trials had no place.
    pub(crate) ignored: usize,
}

impl History {
    pub(crate) fn new(
        space: &Space,
        trials: &[Trial],
        pending: &[Params],
        directions: &[Direction],
    ) -> Self {
        let mut rows: Vec<(Vec<f64>, Option<Vec<f64>>)> = trials
            .iter()
            .filter_map(|t| Some((space.point(&t.params)?, t.minimised(directions))))
            .collect();
        rows.sort_by(|a, b| {
            order(&a.0, &b.0).then_with(|| outcome_order(a.1.as_deref(), b.1.as_deref()))
        });
        let ignored = trials.len() - rows.len();
        let mut running: Vec<Vec<f64>> = pending.iter().filter_map(|p| space.point(p)).collect();
        running.sort_by(|a, b| order(a, b));
        let (points, outcomes) = rows.into_iter().unzip();
        let ignored = ignored + pending.len() - running.len();
        Self { points, outcomes, pending: running, ignored }
    }

    /// Trials that have ended or run.
    pub(crate) fn total(&self) -> usize {
        self.points.len() + self.pending.len() + self.ignored
    }

    pub(crate) fn taken(&self) -> HashSet<Vec<u64>> {
        self.points.iter().chain(&self.pending).map(|p| key(p)).collect()
    }

    /// One metric's outcomes.
    pub(crate) fn metric(&self, metric: usize) -> Vec<Option<f64>> {
        self.outcomes.iter().map(|o| o.as_ref().and_then(|v| v.get(metric).copied())).collect()
    }
}

fn order(a: &[f64], b: &[f64]) -> std::cmp::Ordering {
    a.iter()
        .zip(b)
        .map(|(x, y)| x.total_cmp(y))
        .find(|o| o.is_ne())
        .unwrap_or(std::cmp::Ordering::Equal)
}

fn outcome_order(a: Option<&[f64]>, b: Option<&[f64]>) -> std::cmp::Ordering {
    match (a, b) {
        (Some(a), Some(b)) => order(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}
