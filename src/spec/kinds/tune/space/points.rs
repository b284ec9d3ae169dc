//! How many points a grid has.

use indexmap::IndexMap;

use super::domain::Domain;
use super::search::{Dimension, Space};
use super::value::Value;

/// More points than this are not counted.
const MOST: u64 = 1_000_000;

impl Space {
    /// How many points a grid over the space has: those of a condition that is not met count once.
    /// `None` where a parameter has any number of values, or there are more than a million points.
    pub fn grid_points(&self) -> Option<u64> {
        let is_parent = |name: &str| {
            self.dimensions.iter().flat_map(|d| &d.when).any(|condition| condition.parent == name)
        };
        let mut walk = Walk { is_parent: &is_parent, steps: 0 };
        walk.count(&self.dimensions, &IndexMap::new()).filter(|points| *points <= MOST)
    }
}

struct Walk<'a> {
    is_parent: &'a dyn Fn(&str) -> bool,
    steps: u64,
}

impl Walk<'_> {
    /// The points of these dimensions beside the values of those before them.
    fn count(&mut self, dimensions: &[Dimension], values: &IndexMap<String, Value>) -> Option<u64> {
        self.steps += 1;
        if self.steps > MOST {
            return None;
        }
        let Some((first, rest)) = dimensions.split_first() else { return Some(1) };
        if !Space::is_active(first, values) {
            return self.count(rest, values);
        }
        let length = first.domain.len().filter(|length| *length <= MOST)?;
        if !(self.is_parent)(&first.name) {
            return self.count(rest, values)?.checked_mul(length);
        }
        let mut sum = 0_u64;
        for value in all(&first.domain) {
            let mut values = values.clone();
            values.insert(first.name.clone(), value);
            sum = sum.checked_add(self.count(rest, &values)?)?;
        }
        Some(sum)
    }
}

/// All values of a domain that others may depend on.
fn all(domain: &Domain) -> Vec<Value> {
    match domain {
        Domain::Double(low, _) => vec![Value::Double(*low)],
        Domain::Integer(low, high) => (*low..=*high).map(Value::Integer).collect(),
        Domain::Discrete(values) => values.iter().copied().map(Value::Discrete).collect(),
        Domain::Categorical(values) => values.iter().cloned().map(Value::Categorical).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(text: &str) -> Option<u64> {
        let node = crate::spec::syntax::parse(0, text).documents.remove(0);
        Space::of(&serde_json::from_value(node.to_json()).unwrap()).unwrap().grid_points()
    }

    #[test]
    fn grids_are_counted() {
        assert_eq!(points("{a: {integer: [1, 3]}, b: {categorical: [x, y]}}"), Some(6));
        let text = "{a: {categorical: [x, y]}, b: {discrete: [1, 2, 3], when: {a: y}}}";
        assert_eq!(points(text), Some(4));
        assert_eq!(points("{a: {double: [0, 1]}}"), None);
        assert_eq!(points("{a: {double: [1, 1]}}"), Some(1));
        assert_eq!(points("{a: {integer: [0, 9000000000]}}"), None);
        assert_eq!(points("{a: {integer: [1, 9000]}, b: {integer: [1, 9000]}}"), None);
    }
}
