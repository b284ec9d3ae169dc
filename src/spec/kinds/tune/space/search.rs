//! All parameters of a study with the conditions under which each counts.

use indexmap::IndexMap;

use super::domain::{Domain, DomainFault, domain};
use super::value::Value;
use crate::spec::kinds::tune::{Parameter, Scale, Word};

/// What a study searches: dimensions in an order in which each comes behind those that it depends on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Space {
    /// One for each variant of each parameter. Variants of a parameter have its name in common, and
    /// at most one of them counts at a time.
    pub dimensions: Vec<Dimension>,
}

/// A parameter, or one of its variants.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// The parameter's name.
    pub name: String,
    /// What it may be.
    pub domain: Domain,
    /// On which scale its values are alike.
    pub scale: Scale,
    /// It counts if all of these are true; always where there are none.
    pub when: Vec<Condition>,
}

/// Another parameter has one of these values.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The other parameter.
    pub parent: String,
    /// Each of these will do.
    pub values: Vec<Value>,
}

/// Parameters of a spec that make no space. The linter says so with more words and places.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpaceError {
    /// A parameter has no domain.
    #[error("parameter `{name}`: {fault}")]
    Domain {
        /// The parameter.
        name: String,
        /// Why it has none.
        fault: DomainFault,
    },
    /// A condition can never be true, or its parent is none.
    #[error("parameter `{name}` depends on `{parent}`, which can't be as it says")]
    Condition {
        /// The parameter.
        name: String,
        /// What it depends on.
        parent: String,
    },
    /// Parameters depend on each other in a circle.
    #[error("parameter `{0}` depends on itself")]
    Cycle(String),
}

/// Why a set of values is none of a space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misplaced {
    /// There is no such parameter.
    #[error("there is no parameter `{0}`")]
    Unknown(String),
    /// The value is none that the parameter may have.
    #[error("`{name}` is {allowed}, not {value}")]
    Outside {
        /// The parameter.
        name: String,
        /// The value.
        value: String,
        /// What it may be.
        allowed: String,
    },
    /// The parameter does not count beside the other values.
    #[error("`{0}` does not count beside the other values")]
    Inactive(String),
}

impl Space {
    /// The space of a spec's parameters.
    pub fn of(parameters: &IndexMap<String, Parameter>) -> Result<Self, SpaceError> {
        let mut waiting: Vec<Dimension> = Vec::new();
        for (name, parameter) in parameters {
            for variant in parameter.variants() {
                let domain = domain(variant)
                    .map_err(|fault| SpaceError::Domain { name: name.clone(), fault })?;
                let scale = variant.scale.unwrap_or_default();
                let mut when = Vec::new();
                for (parent, choices) in &variant.when {
                    let values = condition(parameters, parent, choices.words());
                    let values = values.ok_or_else(|| SpaceError::Condition {
                        name: name.clone(),
                        parent: parent.clone(),
                    })?;
                    when.push(Condition { parent: parent.clone(), values });
                }
                waiting.push(Dimension { name: name.clone(), domain, scale, when });
            }
        }
        let mut dimensions: Vec<Dimension> = Vec::with_capacity(waiting.len());
        while !waiting.is_empty() {
            let free = waiting.iter().position(|dimension| {
                let is_parent = |other: &Dimension| {
                    dimension.when.iter().any(|condition| condition.parent == other.name)
                };
                !waiting.iter().any(is_parent)
            });
            let Some(free) = free else { return Err(SpaceError::Cycle(waiting[0].name.clone())) };
            dimensions.push(waiting.remove(free));
        }
        Ok(Self { dimensions })
    }

    /// Whether a dimension counts beside the values that are set so far. Those that it depends on
    /// come before it.
    pub fn is_active(dimension: &Dimension, values: &IndexMap<String, Value>) -> bool {
        dimension.when.iter().all(|Condition { parent, values: allowed }| {
            values.get(parent).is_some_and(|value| allowed.contains(value))
        })
    }

    /// A set of values as it is written, typed, in the order of the dimensions. What counts may be
    /// left out, and with it whatever depends on it.
    pub fn read(
        &self,
        words: &IndexMap<String, Word>,
    ) -> Result<IndexMap<String, Value>, Vec<Misplaced>> {
        let mut wrong = Vec::new();
        let mut values = IndexMap::new();
        for name in words.keys() {
            if !self.dimensions.iter().any(|dimension| dimension.name == *name) {
                wrong.push(Misplaced::Unknown(name.clone()));
            }
        }
        for dimension in &self.dimensions {
            let name = &dimension.name;
            let Some(word) = words.get(name).filter(|_| Self::is_active(dimension, &values)) else {
                continue;
            };
            let value = dimension.domain.read(word.as_str());
            match value.filter(|value| dimension.domain.contains(value)) {
                Some(value) => {
                    values.insert(name.clone(), value);
                }
                None => wrong.push(Misplaced::Outside {
                    name: name.clone(),
                    value: word.to_string(),
                    allowed: dimension.domain.describe(),
                }),
            }
        }
        for name in words.keys() {
            let told = wrong.iter().any(|misplaced| match misplaced {
                Misplaced::Unknown(other)
                | Misplaced::Outside { name: other, .. }
                | Misplaced::Inactive(other) => other == name,
            });
            if !told && !values.contains_key(name) {
                wrong.push(Misplaced::Inactive(name.clone()));
            }
        }
        if wrong.is_empty() { Ok(values) } else { Err(wrong) }
    }
}

/// The values of a condition by the type of the parameter that it is about; `None` where one of them
/// is impossible, or the parameter is none that others may depend on.
fn condition(
    parameters: &IndexMap<String, Parameter>,
    parent: &str,
    words: &[Word],
) -> Option<Vec<Value>> {
    let parent = parameters.get(parent)?;
    let domains: Vec<Domain> =
        parent.variants().iter().map(domain).collect::<Result<_, _>>().ok()?;
    if words.is_empty() || domains.iter().any(|domain| matches!(domain, Domain::Double(..))) {
        return None;
    }
    let mut values = Vec::new();
    for word in words {
        let possible = domains
            .iter()
            .filter_map(|domain| domain.read(word.as_str()).filter(|value| domain.contains(value)));
        let before = values.len();
        values.extend(possible);
        if values.len() == before {
            return None;
        }
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(text: &str) -> IndexMap<String, Parameter> {
        let node = crate::spec::syntax::parse(0, text).documents.remove(0);
        serde_json::from_value(node.to_json()).unwrap()
    }

    const SPACE: &str = "
        momentum:
          - {double: [0.5, 0.99], scale: reverseLog, when: {optimizer: [sgd]}}
          - {double: [0.1, 0.2], when: {optimizer: rmsprop, nesterov: true}}
        nesterov: {categorical: [true, false], when: {optimizer: [sgd, rmsprop]}}
        optimizer: {categorical: [adam, sgd, rmsprop]}
        units: {discrete: [64, 16, 32], scale: log}
        layers: {integer: [1, 1]}";

    #[test]
    fn parents_come_first() {
        let space = Space::of(&parameters(SPACE)).unwrap();
        let names: Vec<_> = space.dimensions.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["optimizer", "momentum", "nesterov", "momentum", "units", "layers"]);
        assert_eq!(space.dimensions[4].domain, Domain::Discrete(vec![16.0, 32.0, 64.0]));
        assert!(space.dimensions[5].domain.is_constant());
    }

    #[test]
    fn sets_of_values() {
        let space = Space::of(&parameters(SPACE)).unwrap();
        let read = |text: &str| {
            let node = crate::spec::syntax::parse(0, text).documents.remove(0);
            space.read(&serde_json::from_value(node.to_json()).unwrap())
        };
        let values = read("{units: 32.0, optimizer: sgd, momentum: 0.9}").unwrap();
        assert_eq!(values["units"], Value::Discrete(32.0));
        assert_eq!(values["momentum"], Value::Double(0.9));
        assert_eq!(read("{optimizer: rmsprop, nesterov: true, momentum: 0.15}").unwrap().len(), 3);
        assert_eq!(
            read("{optimizer: adam, momentum: 0.9}"),
            Err(vec![Misplaced::Inactive("momentum".into())])
        );
        let wrong = read("{optimizer: sgd, momentum: 0.2, x: 1, layers: 1.5}").unwrap_err();
        assert_eq!(wrong.len(), 3, "{wrong:?}");
    }

    #[test]
    fn what_makes_no_space() {
        let fault = |text: &str| Space::of(&parameters(text)).unwrap_err().to_string();
        assert_eq!(fault("a: {double: [0, 1], scale: log}"), "parameter `a`: 0.0 has no logarithm");
        assert_eq!(fault("a: {}"), "parameter `a`: nothing says what it may be");
        assert_eq!(
            fault("{a: {integer: [1, 2], when: {b: 1}}, b: {integer: [1, 2], when: {a: 1}}}"),
            "parameter `a` depends on itself"
        );
        for text in [
            "{a: {integer: [1, 2], when: {b: 3}}, b: {discrete: [1, 2]}}",
            "{a: {integer: [1, 2], when: {b: 1}}, b: {double: [1, 2]}}",
            "{a: {integer: [1, 2], when: {c: 1}}}",
        ] {
            assert!(fault(text).contains("depends on"), "{text}");
        }
    }
}
