//! The ground floor: texts that people write and read, with nothing of mlctl below them.

mod amounts;
mod nearest;
mod quantity;

pub use amounts::*;
pub(crate) use nearest::{list_of, nearest, one_slip_from};
pub use quantity::quantity;
