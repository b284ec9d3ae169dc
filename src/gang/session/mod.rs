//! The primary's half: *all replicas idle -> start; anything else -> stop -> idle*.

mod attempt;
mod blame;
mod ending;
mod inherit;
mod io;
mod join;
mod lease;
mod machine;
mod quiet;
mod slot;
mod usage;

pub use inherit::Past;
pub use io::{Incarnation, LinkId, SessionInput, SessionOutput};
pub use machine::Session;
