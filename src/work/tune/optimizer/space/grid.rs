//! Every point of a space in order.

use super::{Domain, Kind, Space, Value};

/// Points of a regular grid: all values of integers, discrete parameters and categories, and evenly
/// spaced ones of floats (on their scale). The last parameter changes fastest.
#[derive(Debug)]
pub(crate) struct Grid<'a> {
    space: &'a Space,
    axes: Vec<Vec<f64>>,
    next: Option<Vec<usize>>,
}

/// A longer range of integers is divided like a float's.
const AXIS: usize = 1000;

impl<'a> Grid<'a> {
    /// The grid with `steps` values of each float.
    pub(crate) fn new(space: &'a Space, steps: usize) -> Self {
        let steps = steps.clamp(1, AXIS);
        let even = |n: usize| -> Vec<f64> {
            if n == 1 { vec![0.5] } else { (0..n).map(|i| i as f64 / (n - 1) as f64).collect() }
        };
        let axes: Vec<Vec<f64>> = space
            .slots()
            .iter()
            .map(|slot| match (&slot.kind, &slot.domain) {
                (Kind::Constant, _) => vec![0.0],
                (Kind::Continuous, _) => even(steps),
                (Kind::Rounded, Domain::Integer { low, high, .. })
                    if high.abs_diff(*low) < AXIS as u64 =>
                {
                    (*low..=*high).filter_map(|v| slot.coordinate(&Value::Integer(v))).collect()
                }
                (Kind::Rounded, _) => even(AXIS),
                (Kind::Levels(levels), _) => levels.clone(),
                (Kind::Category(n), _) => (0..*n).map(|i| i as f64).collect(),
            })
            .collect();
        let next = Some(vec![0; axes.len()]);
        Self { space, axes, next }
    }
}

impl Iterator for Grid<'_> {
    type Item = Vec<f64>;

    /// The next point that differs from those before: where a parameter doesn't exist, only the first
    /// of its values counts.
    fn next(&mut self) -> Option<Vec<f64>> {
        loop {
            let at = self.next.take()?;
            let mut following = at.clone();
            for i in (0..following.len()).rev() {
                following[i] += 1;
                if following[i] < self.axes[i].len() {
                    self.next = Some(following);
                    break;
                }
                following[i] = 0;
            }
            let point: Vec<f64> = at.iter().zip(&self.axes).map(|(i, axis)| axis[*i]).collect();
            let active = self.space.active(&point);
            if (0..at.len()).all(|i| active[i] || at[i] == 0) {
                return Some(self.space.canonical(&point));
            }
        }
    }
}

impl Grid<'_> {
    /// The first `n` points, from the beginning again when the grid ends.
    pub(crate) fn cycle_points(self, n: usize) -> Vec<Vec<f64>> {
        let all: Vec<Vec<f64>> = self.take(n).collect();
        if all.is_empty() { Vec::new() } else { all.iter().cycle().take(n).cloned().collect() }
    }
}
