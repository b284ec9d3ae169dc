//! What is in an output, in input order: what `mlctl outputs` prints.

mod joined;
mod read;
#[cfg(test)]
mod tests;

pub use read::{Chosen, Outputs, OutputsError};
