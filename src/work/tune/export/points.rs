//! Points of a space as a forest takes them.

use indexmap::IndexMap;

use super::forest::{ABSENT, Random};
use crate::spec::Scale;
use crate::spec::space::{Dimension, Domain, Space, Value};

/// A set of values as the forest takes it: for each dimension where it lies from 0 to 1, or the number
/// of the category.
pub(super) fn row(space: &Space, values: &IndexMap<String, Value>) -> Vec<f64> {
    let place = |dimension: &Dimension| {
        let value = values.get(&dimension.name).filter(|_| Space::is_active(dimension, values))?;
        place(&dimension.domain, dimension.scale, value)
    };
    space.dimensions.iter().map(|dimension| place(dimension).unwrap_or(ABSENT)).collect()
}

fn place(domain: &Domain, scale: Scale, value: &Value) -> Option<f64> {
    let share = |at: usize, of: usize| at as f64 / (of.max(2) - 1) as f64;
    match (domain, value) {
        (Domain::Double(low, high), Value::Double(value)) => Some(unit(scale, *value, *low, *high)),
        (Domain::Integer(low, high), Value::Integer(value)) => {
            Some(unit(scale, *value as f64, *low as f64, *high as f64))
        }
        // Their order is all that a tree sees of them.
        (Domain::Discrete(values), Value::Discrete(value)) => {
            let at = values.iter().position(|other| other.total_cmp(value).is_eq())?;
            Some(share(at, values.len()))
        }
        (Domain::Categorical(values), Value::Categorical(value)) => {
            values.iter().position(|other| other == value).map(|at| at as f64)
        }
        _ => None,
    }
}

/// Where a number lies in its range, from 0 to 1.
fn unit(scale: Scale, value: f64, low: f64, high: f64) -> f64 {
    if low >= high {
        return 0.5;
    }
    let log = |value: f64| (value / low).ln() / (high / low).ln();
    let unit = match scale {
        Scale::Linear => (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0),
        Scale::Log => log(value),
        Scale::ReverseLog => 1.0 - log(high - value + low),
    };
    unit.clamp(0.0, 1.0)
}

/// The number that lies there.
fn number(scale: Scale, unit: f64, low: f64, high: f64) -> f64 {
    let exp = |unit: f64| low * (high / low).powf(unit);
    let number = match scale {
        Scale::Linear => low * (1.0 - unit) + high * unit,
        Scale::Log => exp(unit),
        Scale::ReverseLog => high - exp(1.0 - unit) + low,
    };
    number.clamp(low, high)
}

/// A point of the space, each as likely as any other one on its scales.
pub(super) fn drawn(space: &Space, random: &mut Random) -> IndexMap<String, Value> {
    let mut values = IndexMap::new();
    for dimension in &space.dimensions {
        let Dimension { name, domain, scale, .. } = dimension;
        if values.contains_key(name) || !Space::is_active(dimension, &values) {
            continue;
        }
        let unit = random.unit();
        let value = match domain {
            Domain::Double(low, high) => Value::Double(number(*scale, unit, *low, *high)),
            #[expect(clippy::cast_possible_truncation, reason = "it is brought into the range")]
            Domain::Integer(low, high) => {
                // Each whole number has its part of the range, the two at the ends too.
                let near = number(*scale, unit, *low as f64, *high as f64) + unit - 0.5;
                Value::Integer((near.round() as i64).clamp(*low, *high))
            }
            Domain::Discrete(all) => Value::Discrete(all[random.below(all.len())]),
            Domain::Categorical(all) => Value::Categorical(all[random.below(all.len())].clone()),
        };
        values.insert(name.clone(), value);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::tune::export::sample;

    type Meant<'a> = &'a dyn Fn(&IndexMap<String, Value>, &[f64]) -> bool;

    #[test]
    fn points_are_of_the_space_and_spread_over_it() {
        let space = sample::space(
            "{m: {double: [0.5, 0.99], scale: reverseLog, when: {o: sgd}}, \
              o: {categorical: [adam, sgd]}, n: {integer: [1, 4]}, l: {double: [1e-4, 1], \
              scale: log}, d: {discrete: [1, 2, 1000]}}",
        );
        let at = |name: &str| space.dimensions.iter().position(|d| d.name == name).unwrap();
        let mut random = Random(1);
        let points: Vec<_> = (0..4000).map(|_| drawn(&space, &mut random)).collect();
        let share = |is_meant: Meant| {
            let of = points.iter().filter(|values| is_meant(values, &row(&space, values)));
            of.count() as f64 / 4000.0
        };
        for (expected, found) in [
            (
                1.0,
                share(&|values, _| {
                    space
                        .dimensions
                        .iter()
                        .all(|d| values.get(&d.name).is_none_or(|value| d.domain.contains(value)))
                }),
            ),
            (0.5, share(&|values, _| values.contains_key("m"))),
            (0.5, share(&|_, row| (row[at("m")] - ABSENT).abs() < 1e-9)),
            (0.25, share(&|_, row| row[at("m")] > 0.5)),
            (0.25, share(&|values, _| values["n"] == Value::Integer(4))),
            (0.5, share(&|_, row| row[at("l")] < 0.5)),
            (0.33, share(&|_, row| (row[at("d")] - 0.5).abs() < 1e-9)),
        ] {
            assert!((expected - found).abs() < 0.03, "{expected} {found}");
        }
    }

    #[test]
    fn places_come_back() {
        for scale in [Scale::Linear, Scale::Log, Scale::ReverseLog] {
            for at in [0.0, 0.3, 1.0] {
                let back = unit(scale, number(scale, at, 1e-3, 2.0), 1e-3, 2.0);
                assert!((back - at).abs() < 1e-9, "{scale:?} {at} {back}");
            }
        }
        assert!((unit(Scale::Linear, 5.0, 5.0, 5.0) - 0.5).abs() < 1e-9);
    }
}
