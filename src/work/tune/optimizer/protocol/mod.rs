//! The optimiser as a filter of JSON lines, for programs in other languages.

mod read;
mod write;

pub use write::{answer, answer_with};
