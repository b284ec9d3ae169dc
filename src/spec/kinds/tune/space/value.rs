//! One value of a parameter, and how it is written.

use std::fmt;

/// A value that a trial gets for one parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of a `double` parameter.
    Double(f64),
    /// Of an `integer` parameter.
    Integer(i64),
    /// Of a `discrete` parameter.
    Discrete(f64),
    /// Of a `categorical` parameter.
    Categorical(String),
}

impl Value {
    /// The value as an argument. `floats` writes whole numbers of a `discrete` parameter as Vertex AI
    /// does, `256.0`.
    ///
    /// A double is the shortest text that is read back as the same number, and is always seen to be
    /// one: `1.0`, `0.001`, `1e-7`.
    pub fn argument(&self, floats: bool) -> String {
        match self {
            Self::Double(number) => format!("{number:?}"),
            Self::Integer(number) => number.to_string(),
            Self::Discrete(number) if floats => format!("{number:?}"),
            Self::Discrete(number) => discrete(*number),
            Self::Categorical(text) => text.clone(),
        }
    }

    /// The value as a number; none for a text.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Double(number) | Self::Discrete(number) => Some(*number),
            Self::Integer(number) => Some(*number as f64),
            Self::Categorical(_) => None,
        }
    }
}

/// As a person writes it: `256`, `0.5`.
fn discrete(number: f64) -> String {
    let written = format!("{number:?}");
    written.strip_suffix(".0").map(str::to_owned).unwrap_or(written)
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.argument(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_written_as_code_reads_them() {
        for (value, plain, vertex) in [
            (Value::Double(1.0), "1.0", "1.0"),
            (Value::Double(0.001), "0.001", "0.001"),
            (Value::Double(1e-7), "1e-7", "1e-7"),
            (Value::Integer(-16), "-16", "-16"),
            (Value::Discrete(256.0), "256", "256.0"),
            (Value::Discrete(0.5), "0.5", "0.5"),
            (Value::Categorical("a b".into()), "a b", "a b"),
        ] {
            assert_eq!(value.argument(false), plain);
            assert_eq!(value.argument(true), vertex);
        }
    }

    proptest! {
        #[test]
        fn numbers_come_back(number in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
            let back = Value::Double(number).argument(false).parse::<f64>();
            prop_assert_eq!(back.map(f64::to_bits), Ok(number.to_bits()));
            let back = Value::Discrete(number).argument(false).parse::<f64>();
            prop_assert_eq!(back.map(f64::to_bits), Ok(number.to_bits()));
        }
    }
}
