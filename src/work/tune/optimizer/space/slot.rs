//! One parameter as the model sees it: a coordinate.

use super::{Domain, Scale, Value};

/// Integers with at most this many values are walked value by value; longer ranges are searched as if
/// continuous, and rounded.
const LEVELS: usize = 64;

/// A parameter's coordinate.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// What kind of coordinate.
    pub(crate) kind: Kind,
    /// When it exists: if for each of these the parameter of one of its slots exists and has one of the
    /// coordinates; always, if there are none. The slots of one are the variants of one parent.
    pub(crate) when: Vec<Vec<(usize, Vec<f64>)>>,
    pub(crate) domain: Domain,
}

/// What a coordinate may be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// One value only: no coordinate for the model.
    Constant,
    /// Anything in [0, 1].
    Continuous,
    /// A long range of integers: anything in [0, 1] that is an integer's place.
    Rounded,
    /// One of these places in [0, 1], in increasing order.
    Levels(Vec<f64>),
    /// One of 0, 1, …: places without order or distance.
    Category(usize),
}

impl Slot {
    pub(crate) fn new(domain: Domain) -> Self {
        let kind = match &domain {
            Domain::Float { low, high, .. } if low == high => Kind::Constant,
            Domain::Float { .. } => Kind::Continuous,
            Domain::Integer { low, high, .. } if low == high => Kind::Constant,
            Domain::Integer { low, high, scale } => {
                let count = high.abs_diff(*low);
                if count < LEVELS as u64 {
                    Kind::Levels(
                        (*low..=*high)
                            .map(|v| scale.place(v as f64, *low as f64, *high as f64))
                            .collect(),
                    )
                } else {
                    Kind::Rounded
                }
            }
            Domain::Discrete { values, .. } if values.len() == 1 => Kind::Constant,
            Domain::Discrete { values, scale } => {
                let (low, high) = (values[0], values[values.len() - 1]);
                Kind::Levels(values.iter().map(|v| scale.place(*v, low, high)).collect())
            }
            Domain::Category { choices } if choices.len() == 1 => Kind::Constant,
            Domain::Category { choices } => Kind::Category(choices.len()),
        };
        Self { kind, when: Vec::new(), domain }
    }

    /// The coordinate nearest to `unit` that a value has. NaN counts as the middle.
    pub(crate) fn snap(&self, unit: f64) -> f64 {
        let unit = if unit.is_nan() { 0.5 } else { unit };
        match &self.kind {
            Kind::Constant => 0.0,
            Kind::Continuous => unit.clamp(0.0, 1.0),
            Kind::Rounded => match self.value(unit.clamp(0.0, 1.0)) {
                Value::Integer(v) => self.coordinate(&Value::Integer(v)).unwrap_or(unit),
                _ => unit,
            },
            Kind::Levels(levels) => nearest(levels, unit),
            Kind::Category(n) => unit.round().clamp(0.0, *n as f64 - 1.0),
        }
    }

    /// The coordinate for a uniform draw in [0, 1): every value of a short list equally often.
    pub(crate) fn spread(&self, draw: f64) -> f64 {
        let at = |n: usize| ((draw * n as f64) as usize).min(n - 1);
        match &self.kind {
            Kind::Constant => 0.0,
            Kind::Continuous => draw,
            Kind::Rounded => self.snap(draw),
            // On a log scale an integer's share is what the range around it has of the scale.
            Kind::Levels(levels) => match &self.domain {
                Domain::Integer { low, high, scale } if *scale != Scale::Linear => {
                    let (low, high) = (*low as f64 - 0.5, *high as f64 + 0.5);
                    let value = if low > 0.0 { scale.value_at(draw, low, high) } else { low };
                    self.coordinate(&Value::Integer(value.round() as i64))
                        .map_or(levels[0], |u| nearest(levels, u))
                }
                _ => levels[at(levels.len())],
            },
            Kind::Category(n) => at(*n) as f64,
        }
    }

    /// The value at a coordinate.
    pub(crate) fn value(&self, unit: f64) -> Value {
        match &self.domain {
            Domain::Float { low, high, scale } => {
                Value::Number(if low == high { *low } else { scale.value_at(unit, *low, *high) })
            }
            Domain::Integer { low, high, scale } => {
                if low == high {
                    return Value::Integer(*low);
                }
                let value = scale.value_at(unit, *low as f64, *high as f64);
                Value::Integer((value.round() as i64).clamp(*low, *high))
            }
            Domain::Discrete { values, .. } => match &self.kind {
                Kind::Levels(levels) => {
                    let at = nearest_index(levels, unit);
                    Value::Number(values[at])
                }
                _ => Value::Number(values[0]),
            },
            Domain::Category { choices } => {
                let at = (unit.round().max(0.0) as usize).min(choices.len() - 1);
                choices[at].clone()
            }
        }
    }

    /// The coordinate of a value. A number outside the range has one outside [0, 1]; a choice that is
    /// not on the list has -2, unlike any other. `None` where there is no telling.
    pub(crate) fn coordinate(&self, value: &Value) -> Option<f64> {
        let unit = match &self.domain {
            _ if self.kind == Kind::Constant => 0.0,
            Domain::Float { low, high, scale } => scale.place(value.number()?, *low, *high),
            Domain::Integer { low, high, scale } => {
                scale.place(value.number()?, *low as f64, *high as f64)
            }
            Domain::Discrete { values, scale } => {
                scale.place(value.number()?, values[0], values[values.len() - 1])
            }
            Domain::Category { choices } => {
                choices.iter().position(|c| c.same(value)).map_or(-2.0, |at| at as f64)
            }
        };
        unit.is_finite().then_some(unit)
    }
}

impl Scale {
    /// [`Scale::to_unit`], except that a logarithmic scale that starts at 0 or below is linear: an
    /// earlier check refuses it, and this stays total.
    fn place(self, value: f64, low: f64, high: f64) -> f64 {
        if low > 0.0 || self == Self::Linear {
            self.to_unit(value, low, high)
        } else {
            Self::Linear.to_unit(value, low, high)
        }
    }
}

fn nearest_index(levels: &[f64], unit: f64) -> usize {
    let at = levels.partition_point(|l| *l < unit).min(levels.len() - 1);
    if at > 0 && unit - levels[at - 1] <= levels[at] - unit { at - 1 } else { at }
}

fn nearest(levels: &[f64], unit: f64) -> f64 {
    levels[nearest_index(levels, unit)]
}
