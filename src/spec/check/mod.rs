//! A tree against the schema: every mistake of a document at once, each with its place.

mod document;
mod fields;
mod gaps;
mod given;
mod hidden;
mod literal;
mod mask;
mod meant;
mod pairs;
mod scalars;
pub(crate) mod schema;
pub(crate) mod secret;
mod secret_names;
mod secret_shapes;
mod secret_tools;
mod shapes;
mod sound;
mod telling;
mod walk;

pub use document::mask_spec;
pub(crate) use gaps::Gap;
pub(crate) use given::given;
pub use hidden::hidden_in;
pub(crate) use literal::{Told, is_reference, literal_secrets};
pub use mask::{MASK, mask_argv, mask_script, mask_text, mask_value};
pub use schema::json_schema;
pub(crate) use schema::{Reading, View, allowed, properties, required, types, view};
pub use secret::mask_json;
pub use secret_names::{is_password_name, is_secret_name};
pub(crate) use sound::sound_part;
pub(crate) use walk::{Input, check};
