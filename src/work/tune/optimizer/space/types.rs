//! Parameters as a caller names them.

use std::collections::BTreeMap;

/// The value of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of a float or discrete parameter.
    Number(f64),
    /// Of an integer parameter.
    Integer(i64),
    /// Of a category.
    Text(String),
    /// Of a category of truth values.
    Flag(bool),
}

impl Value {
    /// The value as a number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(v) => Some(*v),
            Self::Integer(v) => Some(*v as f64),
            Self::Text(_) | Self::Flag(_) => None,
        }
    }

    /// Whether both are the same value; 3 and 3.0 are.
    pub fn same(&self, other: &Self) -> bool {
        match (self.number(), other.number()) {
            (Some(a), Some(b)) => a == b,
            (None, None) => self == other,
            _ => false,
        }
    }
}

/// Values by the parameter's name; a conditional parameter is absent where its condition does not hold.
pub type Params = BTreeMap<String, Value>;

/// How a numeric range is divided: which distances count as equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences.
    #[default]
    Linear,
    /// Equal ratios: fine near the lower bound, as for a learning rate. Bounds must be positive.
    Log,
    /// Equal ratios of the distance from beyond the upper bound: fine near the upper bound, as for a
    /// momentum. Bounds must be positive.
    ReverseLog,
}

/// What values a parameter may have. Bounds are inclusive; equal bounds are a constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// Any number in a range.
    Float {
        /// The least value.
        low: f64,
        /// The greatest value.
        high: f64,
        /// How the range is divided.
        scale: Scale,
    },
    /// Whole numbers in a range.
    Integer {
        /// The least value.
        low: i64,
        /// The greatest value.
        high: i64,
        /// How the range is divided.
        scale: Scale,
    },
    /// A list of numbers, in increasing order.
    Discrete {
        /// The values.
        values: Vec<f64>,
        /// How the range is divided.
        scale: Scale,
    },
    /// A list of alternatives without an order.
    Category {
        /// The alternatives, each once.
        choices: Vec<Value>,
    },
}

/// When a parameter exists at all: if another one has one of these values.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The name of an integer, discrete or categorical parameter.
    pub parent: String,
    /// Its values for which the parameter exists.
    pub values: Vec<Value>,
}

/// One parameter. Several may have the same name if no two of them can exist at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its values.
    pub domain: Domain,
    /// When it exists: if all of these hold; always, if there is none.
    pub when: Vec<Condition>,
}

impl Parameter {
    /// A parameter that always exists.
    pub fn new(name: impl Into<String>, domain: Domain) -> Self {
        Self { name: name.into(), domain, when: Vec::new() }
    }
}
