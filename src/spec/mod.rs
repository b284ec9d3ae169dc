//! YAML in, typed spec out, with every error of a file at once.

mod builder;
pub mod diagnostic;
mod expand;
mod explain;
pub mod foreign;
mod kinds;
pub mod lint;
mod load;
mod nearest;
pub mod node;
pub mod parse;
mod render;
mod schema;
mod script;
pub mod secret;
mod secret_names;
mod set;
pub mod source;
mod syntax;
mod types;
mod validate;
mod values;
mod vertex;
mod write;

pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub use explain::{Explained, ExplainedField, UnknownPath, explain};
pub use load::{Document, LoadOptions, Loaded, Resolved, load};
pub use node::{Node, Spans};
pub use render::RenderOptions;
pub use schema::json_schema;
pub use script::{from_script, valid_name};
pub use secret_names::is_secret_name;
pub use source::{Source, SourceSpan};
pub use types::*;
pub use values::*;
pub use write::to_yaml;
