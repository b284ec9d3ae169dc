//! Places that a spec names, and the files of a run's code that travel.

mod code;
mod model;
mod place;

pub use code::*;
pub use model::*;
pub use place::*;
