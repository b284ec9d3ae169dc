//! A tree against the schema: every mistake of a document at once, each with its place.

mod fields;
mod gaps;
mod habits;
mod scalars;
mod shapes;
mod sound;
mod walk;

pub(super) use gaps::Gap;
pub(super) use sound::sound_part;
pub(super) use walk::{Input, check};
