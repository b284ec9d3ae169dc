//! A space: its slots, and points in the unit cube.

use super::{Condition, Domain, Kind, Parameter, Params, Slot, SpaceError, check};
use crate::numeric::Random;

/// A checked list of parameters.
#[derive(Clone, Debug)]
pub struct Space {
    parameters: Vec<Parameter>,
    slots: Vec<Slot>,
}

/// A coordinate that says "this parameter does not exist here", told apart from every category.
pub(crate) const ABSENT: f64 = -1.0;

/// Whether a slot's parameter exists, given the coordinates and existence of the slots before it.
fn exists(slot: &Slot, point: &[f64], active: &[bool]) -> bool {
    let holds = |(parent, places): &(usize, Vec<f64>)| {
        active[*parent] && places.iter().any(|p| (p - point[*parent]).abs() < 1e-9)
    };
    slot.when.iter().all(|variants| variants.iter().any(holds))
}

/// The variants of a condition's parent that can have one of its values, with their coordinates.
fn parents(
    earlier: &[Parameter],
    slots: &[Slot],
    name: &str,
    when: &Condition,
) -> Result<Vec<(usize, Vec<f64>)>, SpaceError> {
    let variants: Vec<usize> =
        (0..earlier.len()).filter(|i| earlier[*i].name == when.parent).collect();
    if variants.is_empty() {
        return Err(SpaceError::NoParent { name: name.to_owned(), parent: when.parent.clone() });
    }
    let domains: Vec<&Domain> = variants.iter().map(|i| &earlier[*i].domain).collect();
    check::condition(name, when, &domains)?;
    let places = |variant: usize| -> Vec<f64> {
        let there = when.values.iter().filter(|v| check::admits(&earlier[variant].domain, v));
        there.filter_map(|v| slots[variant].coordinate(v)).collect()
    };
    let all = variants.into_iter().map(|v| (v, places(v)));
    Ok(all.filter(|(_, places)| !places.is_empty()).collect())
}

/// Whether two parameters can't exist at once: somewhere above them, one needs values of a parameter
/// of which the other needs others. A parent with several variants ends the search upwards.
fn disjoint(slots: &[Slot], a: &Slot, b: &Slot) -> bool {
    let needs = |slot: &Slot| {
        let mut needs: Vec<(usize, Vec<f64>)> = Vec::new();
        let mut above = vec![slot];
        while let Some(slot) = above.pop() {
            for variants in &slot.when {
                if let [(parent, places)] = variants.as_slice() {
                    needs.push((*parent, places.clone()));
                    above.push(&slots[*parent]);
                }
            }
        }
        needs
    };
    let (a, b) = (needs(a), needs(b));
    a.iter().any(|(p, places)| {
        b.iter().any(|(q, others)| {
            p == q && !places.iter().any(|u| others.iter().any(|v| (u - v).abs() < 1e-9))
        })
    })
}

impl Space {
    /// Checks the parameters. A conditional parameter comes after its parent (after all variants of it).
    /// No parameters at all are a space with a single point.
    pub fn new(parameters: Vec<Parameter>) -> Result<Self, SpaceError> {
        let mut slots: Vec<Slot> = Vec::with_capacity(parameters.len());
        for (at, parameter) in parameters.iter().enumerate() {
            check::domain(at, parameter)?;
            let mut slot = Slot::new(parameter.domain.clone());
            for when in &parameter.when {
                let parents = parents(&parameters[..at], &slots, &parameter.name, when)?;
                slot.when.push(parents);
            }
            for (earlier, other) in parameters[..at].iter().zip(&slots) {
                if earlier.name == parameter.name && !disjoint(&slots, &slot, other) {
                    return Err(SpaceError::Twice(parameter.name.clone()));
                }
            }
            slots.push(slot);
        }
        Ok(Self { parameters, slots })
    }

    /// The parameters, in the order given.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Which slots exist at a point (a coordinate for each slot).
    pub(crate) fn active(&self, point: &[f64]) -> Vec<bool> {
        let mut active = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            active.push(exists(slot, point, &active));
        }
        active
    }

    /// The parameters' values at a point, those that don't exist left out.
    pub(crate) fn params(&self, point: &[f64]) -> Params {
        let active = self.active(point);
        let mut params = Params::new();
        for (i, slot) in self.slots.iter().enumerate() {
            if active[i] {
                params.insert(self.parameters[i].name.clone(), slot.value(point[i]));
            }
        }
        params
    }

    /// The point that has these values. Names that the space doesn't know are ignored; a number
    /// outside its range keeps its distance (at most one range away). `None` if a parameter that
    /// should exist is missing, of another type, or too far away.
    pub(crate) fn point(&self, params: &Params) -> Option<Vec<f64>> {
        let mut point = Vec::with_capacity(self.slots.len());
        let mut active = Vec::with_capacity(self.slots.len());
        for (i, slot) in self.slots.iter().enumerate() {
            let exists = exists(slot, &point, &active);
            active.push(exists);
            if !exists || slot.kind == Kind::Constant {
                point.push(self.rest(i));
                continue;
            }
            let unit = slot.coordinate(params.get(&self.parameters[i].name)?)?;
            if !(-2.0..=2.0).contains(&unit) && !matches!(slot.kind, Kind::Category(_)) {
                return None;
            }
            point.push(unit);
        }
        Some(point)
    }

    /// Where a slot's coordinate rests while its parameter doesn't exist.
    fn rest(&self, slot: usize) -> f64 {
        match self.slots[slot].kind {
            Kind::Constant | Kind::Category(_) => 0.0,
            _ => self.slots[slot].snap(0.5),
        }
    }

    /// A point with every coordinate snapped and those that don't exist at rest, so that two points
    /// with the same values are the same point.
    pub(crate) fn canonical(&self, point: &[f64]) -> Vec<f64> {
        let mut snapped: Vec<f64> = self.slots.iter().zip(point).map(|(s, u)| s.snap(*u)).collect();
        let active = self.active(&snapped);
        for i in 0..snapped.len() {
            if !active[i] {
                snapped[i] = self.rest(i);
            }
        }
        snapped
    }

    /// What the model sees of a point: a coordinate for each slot that is not constant. A numeric
    /// parameter that doesn't exist is in the middle (its parent's own coordinate tells the two cases
    /// apart), a category that doesn't exist is a category of its own.
    pub(crate) fn features(&self, point: &[f64]) -> Vec<f64> {
        let active = self.active(point);
        let mut features = Vec::with_capacity(self.slots.len());
        for (i, slot) in self.slots.iter().enumerate() {
            features.push(match slot.kind {
                Kind::Constant => continue,
                Kind::Category(_) if !active[i] => ABSENT,
                _ if !active[i] => 0.5,
                _ => point[i],
            });
        }
        features
    }

    /// For each feature whether it is a category.
    pub(crate) fn categorical(&self) -> Vec<bool> {
        self.slots
            .iter()
            .filter(|s| s.kind != Kind::Constant)
            .map(|s| matches!(s.kind, Kind::Category(_)))
            .collect()
    }

    /// The slots that are not constant.
    pub(crate) fn free(&self) -> Vec<usize> {
        (0..self.slots.len()).filter(|i| self.slots[*i].kind != Kind::Constant).collect()
    }

    /// The point for uniform draws, one for each slot.
    pub(crate) fn spread(&self, draws: impl Fn(usize) -> f64) -> Vec<f64> {
        let point: Vec<f64> =
            self.slots.iter().enumerate().map(|(i, s)| s.spread(draws(i))).collect();
        self.canonical(&point)
    }

    /// A random point.
    pub(crate) fn random(&self, random: &mut Random) -> Vec<f64> {
        let draws: Vec<f64> = self.slots.iter().map(|_| random.unit()).collect();
        self.spread(|i| draws[i])
    }

    /// The middle of every range; of a category the first choice.
    pub(crate) fn centre(&self) -> Vec<f64> {
        let point: Vec<f64> = (0..self.slots.len()).map(|i| self.rest(i)).collect();
        self.canonical(&point)
    }

    /// How many different points there are, if that is at most `limit`.
    pub(crate) fn count(&self, limit: usize) -> Option<usize> {
        let mut count = 1usize;
        for slot in &self.slots {
            let n = match (&slot.kind, &slot.domain) {
                (Kind::Constant, _) => 1,
                (Kind::Rounded, Domain::Integer { low, high, .. }) => {
                    usize::try_from(high.abs_diff(*low)).ok()?.checked_add(1)?
                }
                (Kind::Continuous | Kind::Rounded, _) => return None,
                (Kind::Levels(levels), _) => levels.len(),
                (Kind::Category(n), _) => *n,
            };
            count = count.checked_mul(n)?;
            if count > limit {
                return None;
            }
        }
        Some(count)
    }
}
