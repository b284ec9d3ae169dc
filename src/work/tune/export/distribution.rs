//! Parameters as distributions of Optuna, in the form of `distribution_to_json` in its
//! `optuna/distributions.py`.

use serde_json::{Value, json};

use super::axis::Values;
use crate::spec::{Scale, Word};

/// A parameter's distribution and its value as Optuna keeps it: the number, or the place among the
/// choices. None for a value that it can't have.
pub(super) fn parameter(values: &Values, word: &Word) -> Option<(Value, Value)> {
    let number = || word.as_str().trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let named = |name: &str, attributes: Value| json!({"name": name, "attributes": attributes});
    match values {
        Values::Float { low, high, scale } => {
            let log = *scale == Scale::Log;
            let attributes = json!({"low": low, "high": high, "log": log, "step": null});
            Some((named("FloatDistribution", attributes), json!(number()?)))
        }
        Values::Integer { low, high, scale } => {
            let log = *scale == Scale::Log;
            let attributes = json!({"low": low, "high": high, "log": log, "step": 1});
            Some((named("IntDistribution", attributes), json!(number()?)))
        }
        Values::Discrete { values, .. } => {
            let value = number()?;
            if let Some((low, high, step)) = steps(values) {
                let attributes = json!({"low": low, "high": high, "log": false, "step": step});
                return Some((named("IntDistribution", attributes), json!(value)));
            }
            let at = values.iter().position(|choice| choice.total_cmp(&value).is_eq())?;
            let choices = match values.iter().copied().map(whole).collect::<Option<Vec<i64>>>() {
                Some(whole) => json!(whole),
                None => json!(values),
            };
            Some((named("CategoricalDistribution", json!({"choices": choices})), json!(at)))
        }
        Values::Category { choices } => {
            let at = choices.iter().position(|choice| choice == word)?;
            let choices = json!({"choices": choices_of(choices)});
            Some((named("CategoricalDistribution", choices), json!(at)))
        }
    }
}

/// A number as a whole one, where it is one that both types can hold.
#[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)
}

/// The range and the distance of whole numbers at equal distances.
fn steps(values: &[f64]) -> Option<(i64, i64, i64)> {
    let values: Vec<i64> = values.iter().copied().map(whole).collect::<Option<_>>()?;
    let step = values.get(1)? - values[0];
    let is_even = values.windows(2).all(|pair| pair[1] - pair[0] == step);
    is_even.then(|| (values[0], values[values.len() - 1], step))
}

/// Choices as a program would have written them. Python takes `1`, `1.0` and `true` for the same, so
/// choices of several types are all texts.
fn choices_of(choices: &[Word]) -> Vec<Value> {
    let typed: Vec<Value> = choices.iter().map(|choice| json!(choice)).collect();
    let is_same =
        |pair: &[Value]| std::mem::discriminant(&pair[0]) == std::mem::discriminant(&pair[1]);
    if typed.windows(2).all(is_same) {
        return typed;
    }
    choices.iter().map(|choice| json!(choice.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_at_equal_distances() {
        assert_eq!(steps(&[8.0, 16.0, 24.0]), Some((8, 24, 8)));
        for values in [&[1.0][..], &[1.0, 2.0, 4.0], &[0.1, 0.2], &[1e16, 2e16]] {
            assert_eq!(steps(values), None, "{values:?}");
        }
    }

    #[test]
    fn what_a_parameter_cant_be_is_left_out() {
        let choices = Values::Category { choices: vec!["a".into(), "b".into()] };
        let number = Values::Discrete { values: vec![0.5, 2.0], scale: Scale::Linear };
        assert_eq!(parameter(&choices, &"b".into()).unwrap().1, json!(1));
        assert_eq!(parameter(&choices, &"c".into()), None);
        assert_eq!(parameter(&number, &"2".into()).unwrap().1, json!(1));
        assert_eq!(parameter(&number, &"3".into()), None);
        assert_eq!(parameter(&number, &"inf".into()), None);
    }
}
