//! What batch predictions leave in their outputs: looked at only for runs that would go, decided purely,
//! removed only as it was shown.

mod files;
mod halves;
mod outputs;
mod propose;
#[cfg(test)]
mod tests;

pub use files::{JobFiles, Rule, Stored};
pub use outputs::Outputs;
pub(super) use propose::add_outputs;
