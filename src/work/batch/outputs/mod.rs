//! What is in an output, in input order: what `mlctl outputs` prints.

mod joined;
mod read;

pub use read::{Chosen, Outputs, OutputsError};
