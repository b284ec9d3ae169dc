//! Completion of command lines: what the scripts of shells ask for at each press of TAB.

mod known;
mod line;
mod offer;
mod position;
mod source;
mod verb;

pub use verb::{CompleteArgs, complete};
