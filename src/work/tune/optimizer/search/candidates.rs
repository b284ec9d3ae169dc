//! Places that are worth a look.

use std::collections::HashSet;

use crate::numeric::{Random, Sobol};
use crate::space::{Kind, Space};

/// What tells two points apart: the bits of their snapped coordinates.
pub(crate) fn key(point: &[f64]) -> Vec<u64> {
    point.iter().map(|u| (u + 0.0).to_bits()).collect()
}

/// Points that fill the space, and points around the best so far: with all free coordinates moved or a
/// few, far or near. Snapped, each once, and none of those in `taken`.
pub(crate) fn candidates(
    space: &Space,
    best: &[Vec<f64>],
    global: usize,
    local: usize,
    taken: &HashSet<Vec<u64>>,
    random: &mut Random,
) -> Vec<Vec<f64>> {
    let slots = space.slots().len();
    let sobol = Sobol::scrambled(slots, random.bits());
    let mut seen = taken.clone();
    let mut points = Vec::with_capacity(global + local);
    let mut keep = |point: Vec<f64>| {
        if seen.insert(key(&point)) {
            points.push(point);
        }
    };
    for i in 0..global {
        keep(space.spread(|slot| sobol.coordinate(i as u32, slot)));
    }
    let free = space.free();
    if best.is_empty() || free.is_empty() {
        return points;
    }
    for i in 0..local {
        // The best point gets half of the tries, the next a quarter, and so on.
        let mut at = 0;
        while at + 1 < best.len() && random.unit() < 0.5 {
            at += 1;
        }
        let width = [0.2, 0.06, 0.02, 0.005, 0.001][i % 5];
        let share = if random.unit() < 0.4 { 1.0 } else { (2.0 / free.len() as f64).min(1.0) };
        keep(neighbour(space, &best[at], &free, width, share, random));
    }
    points
}

/// A point near another one.
pub(crate) fn neighbour(
    space: &Space,
    point: &[f64],
    free: &[usize],
    width: f64,
    share: f64,
    random: &mut Random,
) -> Vec<f64> {
    let mut moved = point.to_vec();
    let certain = free[random.below(free.len())];
    for &slot in free {
        if slot != certain && random.unit() >= share {
            continue;
        }
        match &space.slots()[slot].kind {
            Kind::Constant => {}
            Kind::Continuous | Kind::Rounded => {
                let to = moved[slot] + width * random.normal();
                // Half of what would leave the range ends at its bound, where optima often are.
                moved[slot] = if (0.0..=1.0).contains(&to) || random.unit() < 0.5 {
                    to.clamp(0.0, 1.0)
                } else {
                    random.unit()
                };
            }
            Kind::Levels(levels) => {
                let at = levels.iter().position(|l| (l - moved[slot]).abs() < 1e-9).unwrap_or(0);
                let reach = 1 + (width * levels.len() as f64) as usize;
                let step = random.below(reach) + 1;
                let to = if random.unit() < 0.5 {
                    at.saturating_sub(step)
                } else {
                    (at + step).min(levels.len() - 1)
                };
                moved[slot] = levels[to];
            }
            Kind::Category(n) => {
                if share < 1.0 || random.unit() < 0.3 {
                    moved[slot] = random.below(*n) as f64;
                }
            }
        }
    }
    space.canonical(&moved)
}
