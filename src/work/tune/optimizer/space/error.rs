//! What can be wrong with a space.

/// Why a list of parameters is no space. Each names the parameter.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SpaceError {
    /// A parameter has no name.
    #[error("parameter {0} has no name")]
    NoName(usize),
    /// Two parameters of the same name can exist at once.
    #[error("parameter {0:?} is there twice, and both could exist at once")]
    Twice(String),
    /// A bound is not a finite number.
    #[error("{0:?}: bounds must be finite numbers")]
    NotFinite(String),
    /// The bounds are the wrong way round.
    #[error("{name:?}: low {low} is greater than high {high}")]
    Reversed {
        /// The parameter.
        name: String,
        /// Its lower bound.
        low: f64,
        /// Its upper bound.
        high: f64,
    },
    /// A logarithmic scale over a range that is not positive.
    #[error("{name:?}: a log scale needs bounds above 0, and low is {low}")]
    LogOfNothing {
        /// The parameter.
        name: String,
        /// Its lower bound.
        low: f64,
    },
    /// A list without a value.
    #[error("{0:?} has no values to choose from")]
    NoValues(String),
    /// Discrete values that do not increase.
    #[error("{0:?}: discrete values must increase")]
    NotIncreasing(String),
    /// A choice that is there twice.
    #[error("{name:?} lists {choice} twice")]
    ChoiceTwice {
        /// The parameter.
        name: String,
        /// The choice.
        choice: String,
    },
    /// A condition on a parameter that is not there, or comes in a circle.
    #[error("{name:?} depends on {parent:?}, which is no parameter that always comes before it")]
    NoParent {
        /// The parameter.
        name: String,
        /// What its condition names.
        parent: String,
    },
    /// A condition on a parameter that can't have one.
    #[error(
        "{name:?} depends on {parent:?}, which is a float; a parent must be an integer, discrete or a category"
    )]
    FloatParent {
        /// The parameter.
        name: String,
        /// What its condition names.
        parent: String,
    },
    /// A condition that names a value that the parent can't have.
    #[error("{name:?} depends on {parent:?} being {value}, which it can't be")]
    NeverSo {
        /// The parameter.
        name: String,
        /// What its condition names.
        parent: String,
        /// The value.
        value: String,
    },
}
