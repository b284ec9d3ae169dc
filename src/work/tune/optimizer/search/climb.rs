//! Improving a candidate until nothing near it is better.

use std::collections::HashSet;

use super::candidates::key;
use super::{Acquisition, TrustRegion};
use crate::numeric::minimise;
use crate::space::{Kind, Space};

/// Rounds of ascent and exchange.
const ROUNDS: usize = 3;

/// Alternates an ascent of the continuous coordinates with a look at other values of the discrete ones,
/// one coordinate at a time. The answer is snapped and not in `taken`.
pub(crate) fn climb(
    space: &Space,
    acquisition: &Acquisition,
    trust: Option<&TrustRegion>,
    taken: &HashSet<Vec<u64>>,
    start: (Vec<f64>, f64),
    draws: usize,
) -> (Vec<f64>, f64) {
    let (mut point, mut value) = start;
    for round in 0..ROUNDS {
        let before = value;
        if let Some((risen, reached)) = ascend(space, acquisition, trust, &point)
            && reached > value
            && !taken.contains(&key(&risen))
        {
            (point, value) = (risen, reached);
        }
        exchange(space, acquisition, trust, taken, &mut point, &mut value, draws);
        // A second ascent pays only if an exchange has changed where it starts.
        if value - before < 1e-6
            || (round == 0 && space.free().iter().all(|s| continuous(space, *s)))
        {
            break;
        }
    }
    (point, value)
}

fn continuous(space: &Space, slot: usize) -> bool {
    matches!(space.slots()[slot].kind, Kind::Continuous | Kind::Rounded)
}

fn ascend(
    space: &Space,
    acquisition: &Acquisition,
    trust: Option<&TrustRegion>,
    point: &[f64],
) -> Option<(Vec<f64>, f64)> {
    let active = space.active(point);
    let features = space.features(point);
    // Free slots in order are the features.
    let free = space.free();
    let moving: Vec<usize> =
        (0..free.len()).filter(|f| active[free[*f]] && continuous(space, free[*f])).collect();
    if moving.is_empty() {
        return None;
    }
    let (low, high) = trust
        .map_or_else(|| (vec![0.0; free.len()], vec![1.0; free.len()]), |t| t.bounds(&features));
    let mut full = features.clone();
    let mut slopes = vec![0.0; free.len()];
    let end = minimise(
        |x, g| {
            for (f, x) in moving.iter().zip(x) {
                full[*f] = *x;
            }
            let value = acquisition.differentiate(&full, &mut slopes);
            for (f, g) in moving.iter().zip(g.iter_mut()) {
                *g = -slopes[*f];
            }
            -value
        },
        moving.iter().map(|f| features[*f]).collect(),
        &moving.iter().map(|f| low[*f]).collect::<Vec<_>>(),
        &moving.iter().map(|f| high[*f]).collect::<Vec<_>>(),
        25,
        1e-6,
    );
    let mut risen = point.to_vec();
    for (f, x) in moving.iter().zip(&end.x) {
        risen[free[*f]] = *x;
    }
    let risen = space.canonical(&risen);
    let value = acquisition.values(&[space.features(&risen)], usize::MAX)[0];
    value.is_finite().then_some((risen, value))
}

fn exchange(
    space: &Space,
    acquisition: &Acquisition,
    trust: Option<&TrustRegion>,
    taken: &HashSet<Vec<u64>>,
    point: &mut Vec<f64>,
    value: &mut f64,
    draws: usize,
) {
    let mut others = Vec::new();
    let active = space.active(point);
    for (slot, described) in space.slots().iter().enumerate() {
        if !active[slot] {
            continue;
        }
        let mut other = |unit: f64| {
            let mut moved = point.clone();
            moved[slot] = unit;
            let moved = space.canonical(&moved);
            if moved != *point && !taken.contains(&key(&moved)) {
                others.push(moved);
            }
        };
        match &described.kind {
            Kind::Levels(levels) if levels.len() <= 8 => levels.iter().for_each(|l| other(*l)),
            Kind::Levels(levels) => {
                let at = levels.iter().position(|l| (l - point[slot]).abs() < 1e-9).unwrap_or(0);
                for step in [1, 2, 4] {
                    other(levels[at.saturating_sub(step)]);
                    other(levels[(at + step).min(levels.len() - 1)]);
                }
            }
            Kind::Category(n) => (0..*n).for_each(|c| other(c as f64)),
            Kind::Constant | Kind::Continuous | Kind::Rounded => {}
        }
    }
    let features: Vec<Vec<f64>> = others.iter().map(|p| space.features(p)).collect();
    if let Some(trust) = trust {
        let inside: Vec<bool> = features.iter().map(|f| trust.outside(f) == 0.0).collect();
        let mut keep = inside.iter();
        others.retain(|_| *keep.next().unwrap_or(&false));
    }
    let features: Vec<Vec<f64>> = others.iter().map(|p| space.features(p)).collect();
    let values = acquisition.values(&features, draws);
    for (other, reached) in others.into_iter().zip(values) {
        if reached > *value + 1e-9 {
            (*point, *value) = (other, reached);
        }
    }
}
