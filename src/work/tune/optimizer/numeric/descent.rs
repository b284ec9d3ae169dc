//! Minimisation inside a box by a limited-memory quasi-Newton method.

use std::collections::VecDeque;

/// Where a descent ended.
#[derive(Clone, Debug)]
pub(crate) struct Descent {
    /// The best place.
    pub x: Vec<f64>,
    /// The value there.
    pub value: f64,
}

/// How many steps the curvature is remembered from.
const MEMORY: usize = 8;

/// A step, how the gradient changed over it, and the reciprocal of their product.
type Curvature = VecDeque<(Vec<f64>, Vec<f64>, f64)>;

/// A place with its value and gradient.
#[derive(Clone)]
struct Place {
    x: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

/// Minimises `f` (value, gradient) from `x` with `low <= x <= high`, in at most `evaluations` of `f`,
/// until no free coordinate of the gradient exceeds `tolerance`.
///
/// L-BFGS with an active set: coordinates that sit at a bound and would leave the box are held; the
/// two-loop recursion (Nocedal 1980) gives a direction for the others; a step goes as far as the first
/// bound at most and keeps Wolfe's conditions where the bound allows. A place where `f` is not finite
/// counts as too far. If the value at the start is not finite, the start comes back.
pub(crate) fn minimise(
    mut f: impl FnMut(&[f64], &mut [f64]) -> f64,
    x: Vec<f64>,
    low: &[f64],
    high: &[f64],
    evaluations: usize,
    tolerance: f64,
) -> Descent {
    let n = x.len();
    let x: Vec<f64> = (0..n).map(|i| x[i].clamp(low[i], high[i])).collect();
    let mut here = Place { value: 0.0, gradient: vec![0.0; n], x };
    here.value = f(&here.x, &mut here.gradient);
    let mut used = 1;
    let mut memory = Curvature::new();
    while used < evaluations && here.value.is_finite() {
        let held: Vec<bool> = (0..n)
            .map(|i| {
                (here.x[i] <= low[i] && here.gradient[i] > 0.0)
                    || (here.x[i] >= high[i] && here.gradient[i] < 0.0)
            })
            .collect();
        let steepest =
            (0..n).filter(|i| !held[*i]).map(|i| here.gradient[i].abs()).fold(0.0, f64::max);
        if steepest < tolerance {
            break;
        }
        let (direction, slope) = direction(&here, &held, low, high, &mut memory);
        let room = (0..n).filter(|i| direction[*i] != 0.0).map(|i| {
            let bound = if direction[i] > 0.0 { high[i] } else { low[i] };
            (bound - here.x[i]) / direction[i]
        });
        let furthest = room.fold(f64::INFINITY, f64::min);
        // Without curvature yet, a step of a tenth of the box at most is tried first.
        let first = if memory.is_empty() {
            let reach = (0..n).map(|i| (direction[i] / (high[i] - low[i]).max(1e-12)).abs());
            (0.1 / reach.fold(0.0, f64::max).max(1e-300)).min(1.0)
        } else {
            1.0
        };
        let mut probe = |step: f64| {
            used += 1;
            let x: Vec<f64> =
                (0..n).map(|i| (here.x[i] + step * direction[i]).clamp(low[i], high[i])).collect();
            let mut gradient = vec![0.0; n];
            let value = f(&x, &mut gradient);
            Place { x, value, gradient }
        };
        let found =
            line_search(&here, &direction, slope, first.min(furthest), furthest, &mut probe);
        let Some(next) = found else {
            // From steepest descent nothing more is to be had; from a stale direction it may be.
            if memory.is_empty() {
                break;
            }
            memory.clear();
            continue;
        };
        let s: Vec<f64> = (0..n).map(|i| next.x[i] - here.x[i]).collect();
        let y: Vec<f64> = (0..n).map(|i| next.gradient[i] - here.gradient[i]).collect();
        let (sy, yy) = (dot(&s, &y), dot(&y, &y));
        if sy > 1e-10 * yy.max(1e-300) {
            if memory.len() == MEMORY {
                memory.pop_front();
            }
            memory.push_back((s, y, 1.0 / sy));
        }
        let gain = here.value - next.value;
        here = next;
        if gain < 1e-10 * (1.0 + here.value.abs()) {
            if memory.len() <= 1 {
                break;
            }
            memory.clear();
        }
    }
    Descent { x: here.x, value: here.value }
}

/// A step that gains enough (Armijo) and, unless the box ends before, goes far enough that the slope
/// has flattened (Wolfe). `None` if no step gains.
fn line_search(
    here: &Place,
    direction: &[f64],
    slope: f64,
    first: f64,
    furthest: f64,
    probe: &mut impl FnMut(f64) -> Place,
) -> Option<Place> {
    let mut step = first;
    let mut best: Option<Place> = None;
    for _ in 0..20 {
        let place = probe(step);
        let enough = place.value.is_finite() && place.value <= here.value + 1e-4 * step * slope;
        if let Some(shorter) = &best
            && (!enough || place.value > shorter.value)
        {
            return best;
        }
        if enough {
            let steep = dot(&place.gradient, direction) < 0.9 * slope;
            best = Some(place);
            if !steep || step >= furthest {
                return best;
            }
            step = (4.0 * step).min(furthest);
            continue;
        }
        // The minimum of the parabola through what is known, within a tenth and a half.
        let ratio = if place.value.is_finite() {
            -0.5 * slope * step / (place.value - here.value - slope * step)
        } else {
            0.1
        };
        step *= if ratio.is_finite() { ratio.clamp(0.1, 0.5) } else { 0.25 };
    }
    best
}

/// A direction in which the value falls, and its slope; steepest descent, with the memory cleared, if
/// the remembered curvature gives none.
fn direction(
    here: &Place,
    held: &[bool],
    low: &[f64],
    high: &[f64],
    memory: &mut Curvature,
) -> (Vec<f64>, f64) {
    let mut direction = two_loops(&here.gradient, held, memory);
    // At a bound it may point out of the box though the gradient doesn't.
    for (i, d) in direction.iter_mut().enumerate() {
        if (here.x[i] <= low[i] && *d < 0.0) || (here.x[i] >= high[i] && *d > 0.0) {
            *d = 0.0;
        }
    }
    let slope = dot(&direction, &here.gradient);
    if slope < 0.0 {
        return (direction, slope);
    }
    memory.clear();
    let steepest = here.gradient.iter().zip(held).map(|(g, h)| if *h { 0.0 } else { -g });
    let direction: Vec<f64> = steepest.collect();
    let slope = dot(&direction, &here.gradient);
    (direction, slope)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn two_loops(gradient: &[f64], held: &[bool], memory: &Curvature) -> Vec<f64> {
    let free = |v: &[f64], w: &[f64]| -> f64 {
        (0..v.len()).filter(|i| !held[*i]).map(|i| v[i] * w[i]).sum()
    };
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut alphas = Vec::with_capacity(memory.len());
    for (s, y, rho) in memory.iter().rev() {
        let alpha = rho * free(s, &q);
        q.iter_mut().zip(y).for_each(|(q, y)| *q -= alpha * y);
        alphas.push(alpha);
    }
    if let Some((s, y, _)) = memory.back() {
        let scale = free(s, y) / free(y, y).max(1e-300);
        if scale > 0.0 {
            for v in &mut q {
                *v *= scale;
            }
        }
    }
    for ((s, y, rho), alpha) in memory.iter().zip(alphas.iter().rev()) {
        let beta = rho * free(y, &q);
        q.iter_mut().zip(s).for_each(|(q, s)| *q += (alpha - beta) * s);
    }
    for (v, held) in q.iter_mut().zip(held) {
        if *held {
            *v = 0.0;
        }
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rosenbrock(x: &[f64], g: &mut [f64]) -> f64 {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        g[0] = -2.0 * a - 400.0 * x[0] * b;
        g[1] = 200.0 * b;
        a * a + 100.0 * b * b
    }

    #[test]
    fn a_curved_valley_is_followed_to_its_end() {
        let end = minimise(rosenbrock, vec![-1.2, 1.0], &[-5.0; 2], &[5.0; 2], 200, 1e-9);
        assert!((end.x[0] - 1.0).abs() < 1e-4 && end.value < 1e-8, "{end:?}");
    }

    #[test]
    fn a_bound_stops_it_where_the_constrained_minimum_is() {
        // With x0 <= 0.5 the minimum of Rosenbrock's function is at (0.5, 0.25).
        let end = minimise(rosenbrock, vec![-1.2, 1.0], &[-5.0; 2], &[0.5, 5.0], 200, 1e-9);
        assert!((end.x[0] - 0.5).abs() < 1e-9 && (end.x[1] - 0.25).abs() < 1e-4, "{end:?}");
    }

    #[test]
    fn what_is_not_finite_ends_it() {
        let end = minimise(|_, _| f64::NAN, vec![0.3], &[0.0], &[1.0], 50, 1e-9);
        assert_eq!(end.x, [0.3]);
    }
}
