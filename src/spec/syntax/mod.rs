//! Texts of a spec: read into nodes that know their place, changed by `--set`, and what is
//! wrong with them shown at its place.

mod builder;
mod code;
mod complaint;
mod diagnostic;
mod expand;
pub(crate) mod freeform;
mod keys;
pub(crate) mod node;
mod parse;
mod render;
pub(crate) mod set;
mod source;
mod spans;

pub use code::Code;
pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub(crate) use expand::{PARAMETER, Problem, Within, escape, escape_command, expand, is_variable};
pub(crate) use freeform::{Misfit, typed, unknown_fields};
pub use node::Node;
pub(crate) use node::{Entry, Key, Meaning, Scalar, Value};
pub use parse::SPEC_LIMIT;
pub(crate) use parse::{Parsed, parse};
pub use render::RenderOptions;
pub(crate) use render::wrap;
pub(crate) use set::{Change, Step};
pub use source::{Lines, Source, SourceSpan};
pub use spans::Spans;
pub(crate) use spans::{KeyedSpan, index_path, key_path};
