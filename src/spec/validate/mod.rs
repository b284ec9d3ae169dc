//! A tree against the schema: every mistake of a document at once, each with its place.

mod fields;
mod habits;
mod scalars;
mod shapes;
mod walk;

pub(super) use walk::{Input, check};
