//! YAML in, typed spec out, with every error of a file at once.

mod types;
mod values;

pub use types::*;
pub use values::*;
