//! Whether a list of parameters is a space.

use super::{Condition, Domain, Parameter, Scale, SpaceError, Value};

/// Checks a parameter by itself.
pub(super) fn domain(at: usize, parameter: &Parameter) -> Result<(), SpaceError> {
    let name = || parameter.name.clone();
    if parameter.name.is_empty() {
        return Err(SpaceError::NoName(at));
    }
    let range = |low: f64, high: f64, scale: Scale| {
        if !low.is_finite() || !high.is_finite() {
            Err(SpaceError::NotFinite(name()))
        } else if low > high {
            Err(SpaceError::Reversed { name: name(), low, high })
        } else if scale != Scale::Linear && low <= 0.0 {
            Err(SpaceError::LogOfNothing { name: name(), low })
        } else {
            Ok(())
        }
    };
    match &parameter.domain {
        Domain::Float { low, high, scale } => range(*low, *high, *scale),
        Domain::Integer { low, high, scale } => range(*low as f64, *high as f64, *scale),
        Domain::Discrete { values, scale } => {
            let (Some(first), Some(last)) = (values.first(), values.last()) else {
                return Err(SpaceError::NoValues(name()));
            };
            if values.iter().any(|v| !v.is_finite()) {
                return Err(SpaceError::NotFinite(name()));
            }
            if values.windows(2).any(|w| w[0] >= w[1]) {
                return Err(SpaceError::NotIncreasing(name()));
            }
            range(*first, *last, *scale)
        }
        Domain::Category { choices } => {
            if choices.is_empty() {
                return Err(SpaceError::NoValues(name()));
            }
            for (i, choice) in choices.iter().enumerate() {
                if choice.number().is_some_and(|n| !n.is_finite()) {
                    return Err(SpaceError::NotFinite(name()));
                }
                if choices[..i].iter().any(|c| c.same(choice)) {
                    return Err(SpaceError::ChoiceTwice { name: name(), choice: said(choice) });
                }
            }
            Ok(())
        }
    }
}

/// Checks a condition against the domains that the variants of its parent have.
pub(super) fn condition(
    name: &str,
    when: &Condition,
    parents: &[&Domain],
) -> Result<(), SpaceError> {
    if when.values.is_empty() {
        return Err(SpaceError::NoValues(name.to_owned()));
    }
    if parents.iter().any(|p| matches!(p, Domain::Float { .. })) {
        let (name, parent) = (name.to_owned(), when.parent.clone());
        return Err(SpaceError::FloatParent { name, parent });
    }
    match when.values.iter().find(|v| !parents.iter().any(|p| admits(p, v))) {
        None => Ok(()),
        Some(value) => Err(SpaceError::NeverSo {
            name: name.to_owned(),
            parent: when.parent.clone(),
            value: said(value),
        }),
    }
}

/// Whether a domain has a value. Floats, which can't be parents, have none.
pub(super) fn admits(domain: &Domain, value: &Value) -> bool {
    match domain {
        Domain::Float { .. } => false,
        Domain::Integer { low, high, .. } => value
            .number()
            .is_some_and(|v| v.fract() == 0.0 && v >= *low as f64 && v <= *high as f64),
        Domain::Discrete { values, .. } => value.number().is_some_and(|v| values.contains(&v)),
        Domain::Category { choices } => choices.iter().any(|c| c.same(value)),
    }
}

fn said(value: &Value) -> String {
    match value {
        Value::Number(v) => v.to_string(),
        Value::Integer(v) => v.to_string(),
        Value::Text(v) => format!("{v:?}"),
        Value::Flag(v) => v.to_string(),
    }
}
