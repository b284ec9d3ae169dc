//! What is searched: parameters with their ranges, scales and conditions, and their places in the unit
//! cube that the model works in.

mod check;
mod error;
mod grid;
mod scale;
mod slot;
mod types;
mod unit;

pub use error::SpaceError;
pub(crate) use grid::Grid;
pub use types::{Condition, Domain, Parameter, Params, Scale, Value};
pub use unit::Space;

pub(crate) use slot::{Kind, Slot};
