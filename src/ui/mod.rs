//! Everything that a person sees. Nothing else prints.

mod printer;

pub use printer::*;
