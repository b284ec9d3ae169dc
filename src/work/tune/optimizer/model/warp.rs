//! From outcomes to scores that a Gaussian process can explain: greater is better, about normal, with
//! the differences between good trials drawn apart and those between bad ones pressed together.

use crate::method::Method;
use crate::numeric::quantile;

/// Scores, and how they came about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Warp {
    /// One score for each outcome, in the outcomes' order. Mean 0 and variance 1, unless all are equal:
    /// then all are 0.
    pub scores: Vec<f64>,
    /// Whether the outcomes differ at all.
    pub(crate) informative: bool,
}

/// Warps outcomes that are to be minimised; `None` is a trial that failed or has no finite value.
///
/// Half-rank and log warp are those of Vizier (Song et al. 2024, "The Vizier Gaussian process bandit
/// algorithm", appendix B; `output_warpers.py`): outcomes worse than the median are replaced by normal
/// quantiles of their ranks, though never moved further away than they were; then `log` magnifies what
/// is near the best. A failed trial counts as worse than the worst by half the range.
pub(crate) fn warp(outcomes: &[Option<f64>], method: &Method) -> Warp {
    let mut values: Vec<f64> = outcomes.iter().flatten().copied().collect();
    values.sort_by(f64::total_cmp);
    let flat = Warp { scores: vec![0.0; outcomes.len()], informative: false };
    let (Some(best), Some(worst)) = (values.first().copied(), values.last().copied()) else {
        return flat;
    };
    let failures = values.len() < outcomes.len();
    if best == worst && !failures {
        return flat;
    }
    // Scaled first, so that outcomes up to the largest float do not overflow in what follows.
    let size = worst.abs().max(best.abs()).max(f64::MIN_POSITIVE);
    let scaled: Vec<Option<f64>> = outcomes.iter().map(|o| o.map(|v| v / size)).collect();
    let sorted: Vec<f64> = values.iter().map(|v| v / size).collect();
    let mut scores: Vec<Option<f64>> =
        if method.half_rank { half_rank(&scaled, &sorted) } else { scaled.clone() };
    let (low, high) = range(&scores);
    if high > low && method.log_warp > 0.0 {
        let offset = method.log_warp;
        for score in scores.iter_mut().flatten() {
            *score = libm::log1p((*score - low) / (high - low) * offset);
        }
    }
    let (low, high) = range(&scores);
    let failed = high + if high > low { 0.5 * (high - low) } else { 1.0 };
    let mut scores: Vec<f64> = scores.into_iter().map(|s| -s.unwrap_or(failed)).collect();
    let n = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let deviation = (scores.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / n).sqrt();
    if !deviation.is_finite() || deviation <= 0.0 {
        return flat;
    }
    for score in &mut scores {
        *score = (*score - mean) / deviation;
    }
    Warp { scores, informative: true }
}

fn range(scores: &[Option<f64>]) -> (f64, f64) {
    scores
        .iter()
        .flatten()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), s| (l.min(*s), h.max(*s)))
}

fn half_rank(outcomes: &[Option<f64>], sorted: &[f64]) -> Vec<Option<f64>> {
    let n = sorted.len();
    let median = f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]);
    let mut distinct = sorted.to_vec();
    distinct.dedup();
    // How far the good half spreads from the median; of that the normal's lower half is made.
    let good: Vec<f64> = distinct.iter().copied().filter(|v| *v <= median).collect();
    let spread = |values: &[f64]| {
        (values.iter().map(|v| (v - median) * (v - median)).sum::<f64>()
            / values.len().max(1) as f64)
            .sqrt()
    };
    let deviation = if spread(&good) > 0.0 { spread(&good) } else { spread(&distinct) };
    let bad = distinct.iter().filter(|v| **v > median).count();
    let tie = if distinct.contains(&median) { 0.5 } else { 0.0 };
    outcomes
        .iter()
        .map(|outcome| {
            let v = (*outcome)?;
            if v <= median {
                return Some(v);
            }
            // The worst has rank 1.
            let rank = distinct.len() - distinct.partition_point(|d| *d < v);
            let quantile = quantile(0.5 * (rank as f64 - 0.5) / (bad as f64 + tie));
            Some(v.min(median - quantile * deviation))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_failures_come_last() {
        let outcomes = [
            Some(3.0),
            Some(1.0),
            None,
            Some(1e9),
            Some(2.0),
            Some(2.5),
            Some(1e300),
            Some(f64::MAX),
        ];
        let warped = warp(&outcomes, &Method::default());
        let s = &warped.scores;
        for (better, worse) in [(1, 4), (4, 5), (5, 0), (0, 3), (3, 6), (6, 7), (7, 2)] {
            assert!(s[better] >= s[worse], "{better} {worse} {s:?}");
        }
        assert!(s.iter().all(|s| s.is_finite()) && warped.informative);
    }

    #[test]
    fn nothing_to_tell_apart_is_said() {
        assert!(!warp(&[Some(1.0), Some(1.0)], &Method::default()).informative);
        assert!(!warp(&[None, None], &Method::default()).informative);
        assert!(!warp(&[], &Method::default()).informative);
        assert!(warp(&[Some(1.0), None], &Method::default()).informative);
    }
}
