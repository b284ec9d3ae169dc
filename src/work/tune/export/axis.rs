//! A study's parameters with all that each may be, its variants taken together.

use serde::Serialize;

use crate::spec::space::{Dimension, Domain, Space};
use crate::spec::{Scale, Word};

/// A parameter as charts and other programs take it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Axis {
    /// The parameter's name.
    pub name: String,
    /// Whether trials may lack it.
    pub conditional: bool,
    /// What it may be.
    #[serde(flatten)]
    pub values: Values,
}

/// What a parameter may be. Ranges include both ends.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Values {
    /// Any number.
    Float {
        /// The smallest.
        low: f64,
        /// The largest.
        high: f64,
        /// On which scale they are alike.
        scale: Scale,
    },
    /// Any whole number.
    Integer {
        /// The smallest.
        low: i64,
        /// The largest.
        high: i64,
        /// On which scale they are alike.
        scale: Scale,
    },
    /// Some numbers, in increasing order.
    Discrete {
        /// The numbers.
        values: Vec<f64>,
        /// On which scale they are alike.
        scale: Scale,
    },
    /// Texts without an order.
    Category {
        /// The texts.
        choices: Vec<Word>,
    },
}

/// The parameters of a space by `names`, in their order. Variants of one type make one range or list of
/// it; numbers of several types make a range of any numbers, and texts beside numbers the texts that
/// `seen` tells of: those that trials have had.
pub fn axes(space: &Space, names: &[String], seen: impl Fn(&str) -> Vec<Word>) -> Vec<Axis> {
    let of = |name: &String| {
        let variants = space.dimensions.iter().filter(|dimension| dimension.name == *name);
        let variants: Vec<&Dimension> = variants.collect();
        let (first, rest) = variants.split_first()?;
        let joined = rest
            .iter()
            .try_fold(values(first), |all, variant| together(all, values(variant)))
            .unwrap_or_else(|| Values::Category { choices: seen(name) });
        let conditional = variants.iter().all(|variant| !variant.when.is_empty());
        Some(Axis { name: name.clone(), conditional, values: joined })
    };
    names.iter().filter_map(of).collect()
}

fn values(dimension: &Dimension) -> Values {
    let scale = dimension.scale;
    match &dimension.domain {
        Domain::Double(low, high) => Values::Float { low: *low, high: *high, scale },
        Domain::Integer(low, high) => Values::Integer { low: *low, high: *high, scale },
        Domain::Discrete(values) => Values::Discrete { values: values.clone(), scale },
        Domain::Categorical(choices) => Values::Category {
            choices: choices.iter().map(|choice| Word::from(choice.as_str())).collect(),
        },
    }
}

fn together(one: Values, other: Values) -> Option<Values> {
    let scale_of = |a: Scale, b: Scale| if a == b { a } else { Scale::Linear };
    match (one, other) {
        (Values::Category { mut choices }, Values::Category { choices: more }) => {
            choices.extend(more);
            let all = choices.clone();
            let mut at = 0..;
            choices.retain(|choice| at.next().is_some_and(|at| !all[..at].contains(choice)));
            Some(Values::Category { choices })
        }
        (
            Values::Integer { low, high, scale },
            Values::Integer { low: least, high: most, scale: other },
        ) => Some(Values::Integer {
            low: low.min(least),
            high: high.max(most),
            scale: scale_of(scale, other),
        }),
        (
            Values::Discrete { mut values, scale },
            Values::Discrete { values: more, scale: other },
        ) => {
            values.extend(more);
            values.sort_by(f64::total_cmp);
            values.dedup();
            Some(Values::Discrete { values, scale: scale_of(scale, other) })
        }
        (one, other) => {
            let (low, high, scale) = one.range()?;
            let (least, most, other) = other.range()?;
            let scale = scale_of(scale, other);
            Some(Values::Float { low: low.min(least), high: high.max(most), scale })
        }
    }
}

impl Values {
    /// The smallest and the largest number, and their scale; none for texts.
    pub fn range(&self) -> Option<(f64, f64, Scale)> {
        match self {
            Self::Float { low, high, scale } => Some((*low, *high, *scale)),
            Self::Integer { low, high, scale } => Some((*low as f64, *high as f64, *scale)),
            Self::Discrete { values, scale } => Some((*values.first()?, *values.last()?, *scale)),
            Self::Category { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_taken_together() {
        let text = "
            a: [{double: [1, 2], scale: log, when: {c: x}}, {double: [4, 9], when: {c: y}}]
            b: [{integer: [1, 2], when: {c: x}}, {discrete: [0.5, 9], when: {c: y}}]
            c: {categorical: [x, y]}
            d: [{categorical: [p, q], when: {c: x}}, {categorical: [q, r], when: {c: y}}]
            e: [{integer: [1, 2], when: {c: x}}, {categorical: [all], when: {c: y}}]";
        let node = crate::spec::syntax::parse(0, text).documents.remove(0);
        let space = Space::of(&serde_json::from_value(node.to_json()).unwrap()).unwrap();
        let names = ["a", "b", "c", "d", "e"].map(str::to_owned);
        let axes = axes(&space, &names, |_| vec!["1".into(), "all".into()]);
        let category = |choices: &[&str]| Values::Category {
            choices: choices.iter().map(|choice| Word::from(*choice)).collect(),
        };
        let scale = Scale::Linear;
        assert_eq!(axes[0].values, Values::Float { low: 1.0, high: 9.0, scale });
        assert_eq!(axes[1].values, Values::Float { low: 0.5, high: 9.0, scale });
        assert_eq!(axes[3].values, category(&["p", "q", "r"]));
        assert_eq!(axes[4].values, category(&["1", "all"]));
        assert_eq!(
            axes.iter().map(|axis| axis.conditional).collect::<Vec<_>>(),
            [true, true, false, true, true]
        );
    }
}
