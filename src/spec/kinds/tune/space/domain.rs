//! The values that a parameter may have.

use super::value::Value;
use crate::spec::kinds::tune::{Scale, Variant};

/// The values that a parameter may have, of one of the four types.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// Numbers from the first to the second, which may be the same.
    Double(f64, f64),
    /// Whole numbers from the first to the second, which may be the same.
    Integer(i64, i64),
    /// Numbers in increasing order, at least one.
    Discrete(Vec<f64>),
    /// Texts, at least one.
    Categorical(Vec<String>),
}

/// Why a variant of a parameter has no domain. The field is the one that is to blame.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DomainFault {
    /// None of the four types.
    #[error("nothing says what it may be")]
    NoType,
    /// Two of them, by name.
    #[error("it is `{0}` and `{1}`")]
    TwoTypes(&'static str, &'static str),
    /// A range that is no pair of numbers.
    #[error("a range has two numbers, and this one {0}")]
    NotTwo(usize),
    /// The lower end is above the upper one.
    #[error("its range ends at {high}, before it begins, at {low}")]
    Reversed {
        /// What the range begins with.
        low: String,
        /// What it ends with.
        high: String,
    },
    /// A list without values.
    #[error("its list of values is empty")]
    Empty,
    /// The value is in the list twice.
    #[error("`{0}` is in its list twice")]
    Twice(String),
    /// A logarithm of something that is not above zero.
    #[error("{0} has no logarithm")]
    NotPositive(String),
    /// A scale of texts.
    #[error("texts have no scale")]
    NoScale,
}

impl Domain {
    /// What a spec calls the type.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Double(..) => "double",
            Self::Integer(..) => "integer",
            Self::Discrete(_) => "discrete",
            Self::Categorical(_) => "categorical",
        }
    }

    /// A text as a value of this type, whether it is a possible one or not; `None` for a text that is
    /// no such value at all.
    pub fn read(&self, text: &str) -> Option<Value> {
        let number = || text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        match self {
            Self::Double(..) => number().map(Value::Double),
            // `16.0` is sixteen for whoever copies it from a result.
            Self::Integer(..) => {
                let whole = || {
                    let range = -9e15..=9e15;
                    let number = number().filter(|n| n.fract() == 0.0 && range.contains(n))?;
                    #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
                    Some(number as i64)
                };
                text.trim().parse().ok().or_else(whole).map(Value::Integer)
            }
            Self::Discrete(_) => number().map(Value::Discrete),
            Self::Categorical(_) => Some(Value::Categorical(text.to_owned())),
        }
    }

    /// Whether the value is one of these.
    pub fn contains(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Double(low, high), Value::Double(number)) => (low..=high).contains(&number),
            (Self::Integer(low, high), Value::Integer(number)) => (low..=high).contains(&number),
            (Self::Discrete(values), Value::Discrete(number)) => values.contains(number),
            (Self::Categorical(values), Value::Categorical(text)) => values.contains(text),
            _ => false,
        }
    }

    /// There is one value alone.
    pub fn is_constant(&self) -> bool {
        match self {
            Self::Double(low, high) => low >= high,
            Self::Integer(low, high) => low >= high,
            Self::Discrete(values) => values.len() == 1,
            Self::Categorical(values) => values.len() == 1,
        }
    }

    /// How many values there are; `None` for a range of any numbers.
    pub fn len(&self) -> Option<u64> {
        match self {
            Self::Double(..) => self.is_constant().then_some(1),
            Self::Integer(low, high) => Some(high.abs_diff(*low).saturating_add(1)),
            Self::Discrete(values) => Some(values.len() as u64),
            Self::Categorical(values) => Some(values.len() as u64),
        }
    }

    /// There is always a value.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Some value of it.
    pub fn first(&self) -> Value {
        match self {
            Self::Double(low, _) => Value::Double(*low),
            Self::Integer(low, _) => Value::Integer(*low),
            Self::Discrete(values) => Value::Discrete(values.first().copied().unwrap_or_default()),
            Self::Categorical(values) => {
                Value::Categorical(values.first().cloned().unwrap_or_default())
            }
        }
    }

    /// What it is, for messages: "0.5 to 0.99", "adam or sgd".
    pub fn describe(&self) -> String {
        let few = |texts: Vec<String>| match texts.len() {
            0..9 => {
                crate::text::list_of(&texts.iter().map(String::as_str).collect::<Vec<_>>(), "or")
            }
            more => format!("one of {more} values from {} to {}", texts[0], texts[more - 1]),
        };
        match self {
            Self::Double(low, high) => {
                format!("{} to {}", Value::Double(*low), Value::Double(*high))
            }
            Self::Integer(low, high) => format!("{low} to {high}"),
            Self::Discrete(values) => {
                few(values.iter().map(|number| Value::Discrete(*number).to_string()).collect())
            }
            Self::Categorical(values) => few(values.clone()),
        }
    }
}

/// The domain of a variant. Discrete values are put in order.
pub fn domain(variant: &Variant) -> Result<Domain, DomainFault> {
    let Variant { double, integer, discrete, categorical, scale, when: _ } = variant;
    let named = [
        ("double", double.is_some()),
        ("integer", integer.is_some()),
        ("discrete", discrete.is_some()),
        ("categorical", categorical.is_some()),
    ];
    let mut given = named.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
    if let (Some(first), Some(second)) = (given.next(), given.next()) {
        return Err(DomainFault::TwoTypes(first, second));
    }
    let domain = if let Some(range) = double {
        let (low, high) = range_of(range)?;
        Domain::Double(low, high)
    } else if let Some(range) = integer {
        let (low, high) = range_of(range)?;
        Domain::Integer(low, high)
    } else if let Some(values) = discrete {
        let mut values = values.clone();
        values.sort_by(f64::total_cmp);
        if let Some(pair) = values.windows(2).find(|pair| pair[0].total_cmp(&pair[1]).is_eq()) {
            return Err(DomainFault::Twice(Value::Discrete(pair[0]).to_string()));
        }
        Domain::Discrete(values)
    } else if let Some(words) = categorical {
        let values: Vec<String> = words.iter().map(|word| word.0.clone()).collect();
        let repeated = values.iter().enumerate().find(|(at, text)| values[..*at].contains(text));
        if let Some((_, text)) = repeated {
            return Err(DomainFault::Twice(text.clone()));
        }
        Domain::Categorical(values)
    } else {
        return Err(DomainFault::NoType);
    };
    fits_scale(&domain, scale.unwrap_or_default(), scale.is_some())?;
    Ok(domain)
}

fn range_of<T: Copy + PartialOrd + std::fmt::Debug>(range: &[T]) -> Result<(T, T), DomainFault> {
    let [low, high] = range else { return Err(DomainFault::NotTwo(range.len())) };
    if low > high {
        let (low, high) = (format!("{low:?}"), format!("{high:?}"));
        return Err(DomainFault::Reversed { low, high });
    }
    Ok((*low, *high))
}

fn fits_scale(domain: &Domain, scale: Scale, given: bool) -> Result<(), DomainFault> {
    let lowest = match domain {
        Domain::Categorical(values) if values.is_empty() => return Err(DomainFault::Empty),
        Domain::Categorical(_) if given => return Err(DomainFault::NoScale),
        Domain::Categorical(_) => return Ok(()),
        Domain::Double(low, _) => *low,
        Domain::Integer(low, _) => *low as f64,
        Domain::Discrete(values) => *values.first().ok_or(DomainFault::Empty)?,
    };
    if scale != Scale::Linear && lowest <= 0.0 {
        return Err(DomainFault::NotPositive(domain.first().to_string()));
    }
    Ok(())
}
