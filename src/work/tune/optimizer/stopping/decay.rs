//! Curves of several shapes through a trial's readings, each weighed by how well it fits, say where it
//! may end.

use super::convex::{best_end, longest};
use super::{Curve, Decision, Reason};

/// Half-lives of the exponential shapes, in shares of the whole.
const HALF_LIVES: [f64; 8] = [0.02, 0.05, 0.1, 0.2, 0.35, 0.6, 1.0, 2.0];
/// Exponents of the power-law shapes.
const POWERS: [f64; 6] = [0.15, 0.3, 0.5, 0.8, 1.2, 2.0];

pub(super) fn decide(
    trial: &Curve,
    others: &[Curve],
    end: Option<f64>,
    probability: f64,
    least: usize,
) -> Decision {
    let (Some((now, _)), Some(end), Some(best)) =
        (trial.last(), end.or_else(|| longest(others)), best_end(others))
    else {
        return Decision::Continue;
    };
    if trial.readings.len() < least.max(4) || now >= end {
        return Decision::Continue;
    }
    match better(trial, end, best) {
        Some(chance) if chance < probability => {
            Decision::Stop(Reason::Unlikely { probability: chance })
        }
        _ => Decision::Continue,
    }
}

/// The probability that the trial ends below `best`; `None` if no shape fits.
///
/// Each shape is `c + a f(t)` with a fixed `f` that falls from 1 towards 0. Given `f`, the posterior of
/// `c` and `a` under vague priors, and of the end, is Student's t in closed form (Gelman et al. 2013,
/// section 14.2); shapes are averaged with their marginal likelihoods as weights.
fn better(trial: &Curve, end: f64, best: f64) -> Option<f64> {
    let first = trial.readings[0].0.min(0.0);
    let span = (end - first).max(1e-300);
    let times: Vec<f64> = trial.readings.iter().map(|r| (r.0 - first) / span).collect();
    let values: Vec<f64> = trial.readings.iter().map(|r| r.1).collect();
    let size = values.iter().fold(0.0f64, |m, v| m.max((v - values[0]).abs()));
    if size <= 0.0 {
        // It has not moved at all.
        return Some(if values[0] < best { 1.0 } else { 0.0 });
    }
    let exponential = HALF_LIVES.iter().map(|h| {
        let h = *h;
        Box::new(move |t: f64| libm::exp2(-t / h)) as Box<dyn Fn(f64) -> f64>
    });
    let power = POWERS.iter().map(|p| {
        let p = *p;
        Box::new(move |t: f64| libm::pow(1.0 + 50.0 * t, -p)) as Box<dyn Fn(f64) -> f64>
    });
    let mut ends = Vec::new();
    for shape in exponential.chain(power) {
        let basis: Vec<f64> = times.iter().map(|t| shape(*t)).collect();
        ends.extend(predict(&basis, &values, shape(1.0), 1e-3 * size));
    }
    let peak = ends.iter().map(|e| e.0).max_by(f64::total_cmp)?;
    let (mut below, mut total) = (0.0, 0.0);
    for (evidence, mean, deviation, freedom) in ends {
        let weight = libm::exp(evidence - peak);
        total += weight;
        below += weight * student_below((best - mean) / deviation, freedom);
    }
    Some(below / total)
}

/// The log evidence of a shape and its prediction: mean, deviation, degrees of freedom. `None` if the
/// basis is flat where the readings are.
fn predict(basis: &[f64], values: &[f64], at_end: f64, least: f64) -> Option<(f64, f64, f64, f64)> {
    let n = values.len() as f64;
    let (b, y) = (basis.iter().sum::<f64>() / n, values.iter().sum::<f64>() / n);
    let sbb: f64 = basis.iter().map(|v| (v - b) * (v - b)).sum();
    let sby: f64 = basis.iter().zip(values).map(|(u, v)| (u - b) * (v - y)).sum();
    if sbb.is_nan() || sbb <= 1e-12 {
        return None;
    }
    let slope = sby / sbb;
    let rest: f64 =
        basis.iter().zip(values).map(|(u, v)| (v - y - slope * (u - b)).powi(2)).sum::<f64>();
    let freedom = (n - 2.0).max(1.0);
    // A perfect fit of few readings proves little.
    let variance = rest / freedom + least * least;
    let evidence = -0.5 * freedom * libm::log(variance) - 0.5 * libm::log(sbb);
    let spread = 1.0 + 1.0 / n + (at_end - b) * (at_end - b) / sbb;
    Some((evidence, y + slope * (at_end - b), (variance * spread).sqrt(), freedom))
}

/// The probability that Student's t is below `x`, by a normal approximation that is good to a percent
/// (Wallace 1959), which is all that a decision at 5 % needs.
fn student_below(x: f64, freedom: f64) -> f64 {
    let z = (freedom * libm::log1p(x * x / freedom)).sqrt() * (8.0 * freedom + 1.0)
        / (8.0 * freedom + 3.0);
    0.5 * libm::erfc(-z.copysign(x) / std::f64::consts::SQRT_2)
}
