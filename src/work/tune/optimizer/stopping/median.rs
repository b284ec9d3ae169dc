//! The median rule.

use super::{Curve, Decision, Reason};

pub(super) fn decide(trial: &Curve, others: &[Curve], least: usize, from: f64) -> Decision {
    let Some((now, _)) = trial.last() else { return Decision::Continue };
    if now < from {
        return Decision::Continue;
    }
    let mut averages: Vec<f64> = others
        .iter()
        .filter(|c| c.complete)
        .filter_map(|c| {
            let by_now: Vec<f64> = c.readings.iter().filter(|r| r.0 <= now).map(|r| r.1).collect();
            (!by_now.is_empty()).then(|| by_now.iter().sum::<f64>() / by_now.len() as f64)
        })
        .collect();
    if averages.len() < least.max(1) {
        return Decision::Continue;
    }
    averages.sort_by(f64::total_cmp);
    let n = averages.len();
    let median = f64::midpoint(averages[(n - 1) / 2], averages[n / 2]);
    match trial.best_by(now) {
        Some(best) if best > median => Decision::Stop(Reason::BelowMedian { best, median }),
        _ => Decision::Continue,
    }
}
