//! A label or a prediction, as far as it can be compared.

use bytes::Bytes;

use crate::work::batch::input::Cell;
use crate::work::batch::json::{elements, fields, name_is, value_of};

/// Arrays and objects in each other, at most.
const DEEPEST: usize = 64;

/// A label or a prediction.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Datum {
    /// A number.
    Number(f64),
    /// A class by its name; `true` and `false` too.
    Word(String),
    /// A score for each class.
    Scores(Vec<f64>),
}

impl Datum {
    /// Of a JSON value. An object with one field, and an array with one element, are what is in them.
    pub(super) fn of(value: &Bytes) -> Result<Self, String> {
        let mut value = value.clone();
        for _ in 0..DEEPEST {
            let inner = match value.first() {
                Some(b'{') => match fields(&value).as_deref() {
                    Some([only]) => only.value.clone(),
                    _ => {
                        return Err(
                            "it is an object of several fields: --prediction says which".into()
                        );
                    }
                },
                Some(b'[') => match elements(&value).as_deref() {
                    Some([only]) => only.clone(),
                    Some([]) | None => return Err("it is an empty array".into()),
                    Some(many) => {
                        let scores: Option<Vec<f64>> =
                            many.iter().map(|score| number(score)).collect();
                        let reason =
                            "it is an array, and not of numbers: --prediction says which of them";
                        return scores.map(Self::Scores).ok_or_else(|| reason.into());
                    }
                },
                _ => return Self::of_scalar(&value),
            };
            value = inner;
        }
        Err(format!("it has arrays in arrays, more than {DEEPEST} deep"))
    }

    fn of_scalar(value: &Bytes) -> Result<Self, String> {
        match value.first() {
            Some(b'"') => match serde_json::from_slice(value) {
                Ok(word) => Ok(Self::Word(word)),
                Err(error) => Err(error.to_string()),
            },
            Some(b'n') | None => Err("it is null".into()),
            _ => Ok(match number(value) {
                Some(number) => Self::Number(number),
                None => Self::Word(String::from_utf8_lossy(value).into_owned()),
            }),
        }
    }

    /// Of a CSV cell: a number when it is a bare one.
    pub(super) fn of_cell(cell: &Cell<'_>) -> Self {
        let text = String::from_utf8_lossy(&cell.text);
        match text.trim().parse() {
            Ok(number) if !cell.quoted => Self::Number(number),
            _ => Self::Word(text.into_owned()),
        }
    }
}

fn number(value: &[u8]) -> Option<f64> {
    str::from_utf8(value).ok()?.parse().ok()
}

/// The value at a path within a JSON value: names of fields and places of elements from 0, with points
/// between them.
pub(super) fn at_path(value: &Bytes, path: &str) -> Result<Bytes, String> {
    let mut value = value.clone();
    for step in path.split('.') {
        let next = match value.first() {
            Some(b'[') => {
                let all = elements(&value).unwrap_or_default();
                step.parse::<usize>().ok().and_then(|at| all.get(at).cloned())
            }
            _ => field(&value, step),
        };
        value = next.ok_or_else(|| format!("it has nothing at `{step}` of `{path}`"))?;
    }
    Ok(value)
}

/// A field of an object.
pub(super) fn field(object: &Bytes, name: &str) -> Option<Bytes> {
    let all = fields(object)?;
    all.iter().rev().find(|field| name_is(&field.name, name)).map(|field| field.value.clone())
}

/// A key as text, the same for `7`, `7.0` and `"7"`: CSV makes floats of integers.
pub(super) fn key_of(value: &Bytes) -> String {
    let text = match value_of(value) {
        Ok(value) if value.first() == Some(&b'"') => serde_json::from_slice(&value).ok(),
        _ => None,
    };
    key_text(&text.unwrap_or_else(|| String::from_utf8_lossy(value).into_owned()))
}

/// Digits, however many, perhaps with a sign.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The same of text.
pub(super) fn key_text(text: &str) -> String {
    match text.strip_suffix(".0") {
        Some(whole) if is_integer(whole) => whole.to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &'static str) -> Result<Datum, String> {
        Datum::of(&Bytes::from_static(value.as_bytes()))
    }

    #[test]
    fn predictions_of_servers_are_understood() {
        assert_eq!(of("[[0.25]]").unwrap(), Datum::Number(0.25));
        assert_eq!(of("{\"scores\":[0.25, 1e-3]}").unwrap(), Datum::Scores(vec![0.25, 0.001]));
        assert_eq!(of("[\"cat\"]").unwrap(), Datum::Word("cat".into()));
        assert_eq!(of("true").unwrap(), Datum::Word("true".into()));
        assert!(matches!(of("NaN").unwrap(), Datum::Number(n) if n.is_nan()));
        for wrong in ["{\"a\":1,\"b\":2}", "[]", "null", "[[1,2],[3,4]]"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        let value = Bytes::from_static(b"{\"a\":[{\"b\":2},NaN]}");
        assert_eq!(at_path(&value, "a.0.b").unwrap(), "2");
        assert!(at_path(&value, "a.2").unwrap_err().contains("`2`"));
        let keys = ["7", "7.0", "\"7\""].map(|key| key_of(&Bytes::from_static(key.as_bytes())));
        assert_eq!(keys, ["7", "7", "7"]);
        let long = key_of(&Bytes::from_static(b"12345678901234567890.0"));
        assert_eq!(long, "12345678901234567890");
        let deep = Bytes::from("[".repeat(100_000) + &"]".repeat(100_000));
        assert!(Datum::of(&deep).unwrap_err().contains("deep"));
    }
}
