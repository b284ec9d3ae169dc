//! SavedModels of TensorFlow.

mod functions;
mod inside;
mod read;
#[cfg(test)]
mod tests;
mod types;

pub use read::{fingerprint, graphs};
pub use types::*;
