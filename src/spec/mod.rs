//! YAML in, typed spec out, with every error of a file at once.

pub mod diagnostic;
pub mod foreign;
pub mod node;
pub mod parse;
pub mod source;
mod syntax;
mod types;
mod values;

pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub use node::{Node, Spans};
pub use source::{Source, SourceSpan};
pub use types::*;
pub use values::*;
