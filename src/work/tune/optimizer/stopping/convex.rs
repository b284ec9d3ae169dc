//! The rule for convex curves.

use super::{Curve, Decision, Reason};

pub(super) fn decide(trial: &Curve, others: &[Curve], end: Option<f64>, least: usize) -> Decision {
    let n = trial.readings.len();
    let (Some((now, value)), Some(end)) = (trial.last(), end.or_else(|| longest(others))) else {
        return Decision::Continue;
    };
    let Some(best) = best_end(others) else { return Decision::Continue };
    if n < least.max(4) || now >= end {
        return Decision::Continue;
    }
    // The rate over the second half of the readings: at least the present one if the curve is convex,
    // and steadier than the last two readings. The noise around that line is granted as well.
    let recent = &trial.readings[n / 2..];
    let Some((slope, noise)) = line(recent) else { return Decision::Continue };
    let level = value.min(trial.best_by(now).unwrap_or(value));
    let reaches = level + slope.min(0.0) * (end - now) - 2.0 * noise;
    if reaches > best {
        Decision::Stop(Reason::TooSlow { reaches, best })
    } else {
        Decision::Continue
    }
}

/// The slope of the least-squares line and the deviation around it.
fn line(readings: &[(f64, f64)]) -> Option<(f64, f64)> {
    let n = readings.len() as f64;
    let (x, y) = readings.iter().fold((0.0, 0.0), |(x, y), r| (x + r.0 / n, y + r.1 / n));
    let sxx: f64 = readings.iter().map(|r| (r.0 - x) * (r.0 - x)).sum();
    let sxy: f64 = readings.iter().map(|r| (r.0 - x) * (r.1 - y)).sum();
    if sxx.is_nan() || sxx <= 0.0 {
        return None;
    }
    let slope = sxy / sxx;
    let rest: f64 = readings.iter().map(|r| (r.1 - y - slope * (r.0 - x)).powi(2)).sum();
    Some((slope, (rest / (n - 2.0).max(1.0)).sqrt()))
}

/// When the longest complete trial ended.
pub(super) fn longest(others: &[Curve]) -> Option<f64> {
    others.iter().filter(|c| c.complete).filter_map(|c| Some(c.last()?.0)).max_by(f64::total_cmp)
}

/// The best value that a complete trial ended with.
pub(super) fn best_end(others: &[Curve]) -> Option<f64> {
    others.iter().filter(|c| c.complete).filter_map(|c| Some(c.last()?.1)).min_by(f64::total_cmp)
}
