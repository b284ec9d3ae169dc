//! A tree against the schema: every mistake of a document at once, each with its place.

mod fields;
mod gaps;
mod scalars;
pub(crate) mod schema;
pub(crate) mod secret;
mod secret_names;
mod shapes;
mod sound;
mod walk;

pub(crate) use gaps::Gap;
pub use schema::json_schema;
pub(crate) use schema::{Reading, View, allowed, properties, required, types, view};
pub use secret_names::is_secret_name;
pub(crate) use sound::sound_part;
pub(crate) use walk::{Input, check};
